/* SQL of webhooks, their events, and the queue of deliveries (`millrace_webhook_queue`, a table of ours: what an event
 * owes is written in the transaction that causes the event, so neither is lost without the other). Called by
 * service/webhooks.c and hooks/queue.c inside a transaction. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Is the queue's table there? Makes it; another process may have been first. */
[[nodiscard]] int q_webhook_queue_exists(struct ctx *c, bool *found);
[[nodiscard]] int q_webhook_queue_create(struct ctx *c);

/* ---- webhooks ---- */

/* A webhook with its events; `secret` gets the stored token (absent without one) unless NULL. ERR_NOT_FOUND. */
[[nodiscard]] int q_webhook_get(struct ctx *c, struct str id, struct Webhook *out, struct str *secret);

/* Where a page of webhooks starts: after this row, or (without an id) at row `offset`. */
struct webhook_page {
    int64_t created;
    struct str id;
    int64_t offset, limit;
};

/* Newest first. */
[[nodiscard]] int q_webhooks_list(struct ctx *c, const struct webhook_page *page, struct Webhook_list *out);

/* Adds a webhook without events; `secret` is the token to store. */
[[nodiscard]] int q_webhook_insert(struct ctx *c, const struct Webhook *w, struct str secret);

/* Writes all columns of a webhook that is there; the secret only when `new_secret` is set (absent: none). */
[[nodiscard]] int q_webhook_update(struct ctx *c, const struct Webhook *w, bool new_secret, struct str secret);
[[nodiscard]] int q_webhook_delete(struct ctx *c, struct str id, int64_t now);

/* Replaces the events a webhook listens to. */
[[nodiscard]] int q_webhook_events_set(struct ctx *c, struct str id, const struct WebhookEvent_list *events);

/* Is there a webhook at all, deleted or not, in any workspace? */
[[nodiscard]] int q_webhooks_any(struct ctx *c, bool *any);

/* ---- the queue ---- */

struct queued {
    struct str delivery_id, webhook_id, url, secret, body;
    int64_t attempts;
};

/* Queues `body` for every active webhook of the workspace that listens to the event; *n gets how many. Does nothing
 * once `most` deliveries are waiting (*n is -1). */
[[nodiscard]] int q_webhook_enqueue(struct ctx *c, const struct WebhookEvent *event, struct str body, int64_t now,
                                    int64_t most, int64_t *n);

/* Takes up to `limit` deliveries that are due, in the order they were queued, and hides them from others until
 * `until`. Those of webhooks that are gone or disabled are dropped. */
[[nodiscard]] int q_webhook_claim(struct ctx *c, int64_t now, int64_t until, int64_t limit, struct queued *out,
                                  size_t *n);

/* A delivery is over; or is tried again at `next`. */
[[nodiscard]] int q_webhook_done(struct ctx *c, struct str delivery_id);
[[nodiscard]] int q_webhook_retry(struct ctx *c, struct str delivery_id, int64_t next);

/* When the next delivery is due (milliseconds since 1970), or 0 when none waits. */
[[nodiscard]] int q_webhook_next_due(struct ctx *c, int64_t *due);

/* How MLflow writes an entity or action in the database and in payloads: the enum's name in lower case. */
struct str webhook_word(struct arena *a, const struct enum_def *e, int value);
