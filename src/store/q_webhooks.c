/* SQL of webhooks and of their delivery queue; see q_webhooks.h. */
#include "store/q_webhooks.h"

#include "base/clock.h"
#include "store/list.h"

#define WEBHOOK_COLUMNS                                                                                       \
    "w.webhook_id, w.name, w.description, w.url, w.status, w.creation_timestamp, w.last_updated_timestamp, w.secret"

struct str webhook_word(struct arena *a, const struct enum_def *e, int value) {
    return str_lower(a, str_of(enum_name(e, value)));
}

static int enum_of_word(struct arena *a, const struct enum_def *e, struct str word) {
    char *name = arena_raw(a, word.n + 1);
    for (size_t i = 0; i < word.n; i++)
        name[i] = (char)(word.p[i] >= 'a' && word.p[i] <= 'z' ? word.p[i] - 32 : word.p[i]);
    return enum_value_of(e, (struct str){name, word.n});
}

int q_webhook_queue_exists(struct ctx *c, bool *found) {
    return db_exists(c, found, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'millrace_webhook_queue'", "");
}

int q_webhook_queue_create(struct ctx *c) {
    return db_run(c, NULL,
                  "CREATE TABLE IF NOT EXISTS millrace_webhook_queue (seq INTEGER PRIMARY KEY,"
                  " delivery_id VARCHAR(36) NOT NULL UNIQUE, webhook_id VARCHAR(256) NOT NULL, body TEXT NOT NULL,"
                  " attempts INTEGER NOT NULL, due BIGINT NOT NULL)",
                  "");
}

/* ---- webhooks ---- */

static int read_events(struct ctx *c, struct Webhook *w) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT entity, action FROM webhook_events WHERE webhook_id = ? ORDER BY entity, action",
                       "s", w->webhook_id);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        LIST_ADD(c->arena, &w->events,
                 (struct WebhookEvent){.entity = ENUM(enum_of_word(c->arena, &WebhookEntity_enum, row_str(r, 0))),
                                  .action = ENUM(enum_of_word(c->arena, &WebhookAction_enum, row_str(r, 1)))});
    }
    rows_end(r);
    return err;
}

static struct Webhook read_webhook(struct ctx *c, struct rows *r) {
    struct str description = row_dup(c, r, 2);
    return (struct Webhook){.webhook_id = row_dup(c, r, 0),
                          .name = row_dup(c, r, 1),
                          .description = description.n ? description : (struct str){0},
                          .url = row_dup(c, r, 3),
                          .status = ENUM(enum_value_of(&WebhookStatus_enum, row_str(r, 4))),
                          .creation_timestamp = I64(row_i64(r, 5)),
                          .last_updated_timestamp = I64(row_i64(r, 6))};
}

struct webhook_and_secret {
    struct Webhook *webhook;
    struct str *secret;
};

static int take_webhook(struct ctx *c, struct rows *r, void *arg) {
    struct webhook_and_secret *out = arg;
    *out->webhook = read_webhook(c, r);
    if (out->secret)
        *out->secret = row_dup(c, r, 7);
    return OK;
}

int q_webhook_get(struct ctx *c, struct str id, struct Webhook *out, struct str *secret) {
    bool found;
    int err = db_one(c, &found, take_webhook, &(struct webhook_and_secret){out, secret},
                     "SELECT " WEBHOOK_COLUMNS
                     " FROM webhooks w WHERE w.webhook_id = ? AND w.workspace = ? AND w.deleted_timestamp IS NULL",
                     "ss", id, c->workspace);
    if (err)
        return err;
    return found ? read_events(c, out) : fail(c, ERR_NOT_FOUND, "Webhook with ID %.*s not found.", STR_FMT(id));
}

int q_webhooks_list(struct ctx *c, const struct webhook_page *page, struct Webhook_list *out) {
    struct rows *r;
    int64_t before = page->id.p ? page->created : INT64_MAX;
    int err = db_query(c, &r,
                       "SELECT " WEBHOOK_COLUMNS " FROM webhooks w WHERE w.workspace = ? AND w.deleted_timestamp IS NULL"
                       " AND (w.creation_timestamp < ? OR (w.creation_timestamp = ? AND w.webhook_id > ?))"
                       " ORDER BY w.creation_timestamp DESC, w.webhook_id LIMIT ? OFFSET ?",
                       "siisii", c->workspace, before, before, page->id.p ? page->id : STR(""), page->limit,
                       page->offset);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, read_webhook(c, r));
    rows_end(r);
    for (size_t i = 0; i < out->n && !err; i++)
        err = read_events(c, &out->v[i]);
    return err;
}

int q_webhook_insert(struct ctx *c, const struct Webhook *w, struct str secret) {
    return db_run(c, NULL,
                  "INSERT INTO webhooks (webhook_id, name, description, url, status, secret, creation_timestamp,"
                  " last_updated_timestamp, workspace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssssssiis", w->webhook_id, w->name, w->description, w->url,
                  str_of(enum_name(&WebhookStatus_enum, w->status.v)), secret, w->creation_timestamp.v,
                  w->last_updated_timestamp.v, c->workspace);
}

int q_webhook_update(struct ctx *c, const struct Webhook *w, bool new_secret, struct str secret) {
    return db_run(c, NULL,
                  "UPDATE webhooks SET name = ?, description = ?, url = ?, status = ?,"
                  " secret = CASE WHEN ? THEN ? ELSE secret END, last_updated_timestamp = ? WHERE webhook_id = ?",
                  "ssssisis", w->name, w->description, w->url, str_of(enum_name(&WebhookStatus_enum, w->status.v)),
                  (int64_t)new_secret, secret, w->last_updated_timestamp.v, w->webhook_id);
}

int q_webhook_delete(struct ctx *c, struct str id, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE webhooks SET deleted_timestamp = ?, last_updated_timestamp = ? WHERE webhook_id = ?", "iis",
                  now, now, id);
}

int q_webhook_events_set(struct ctx *c, struct str id, const struct WebhookEvent_list *events) {
    int err = db_run(c, NULL, "DELETE FROM webhook_events WHERE webhook_id = ?", "s", id);
    for (size_t i = 0; i < events->n && !err; i++)
        err = db_run(c, NULL,
                     "INSERT INTO webhook_events (webhook_id, entity, action) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                     "sss", id, webhook_word(c->arena, &WebhookEntity_enum, events->v[i].entity.v),
                     webhook_word(c->arena, &WebhookAction_enum, events->v[i].action.v));
    return err;
}

int q_webhooks_any(struct ctx *c, bool *any) {
    return db_exists(c, any, "SELECT 1 FROM webhook_events", "");
}

/* ---- the queue ---- */

static int take_i64(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return OK;
}

/* Ids of the active webhooks that listen to the event. */
static int listeners(struct ctx *c, const struct WebhookEvent *event, struct str_list *out) {
    struct rows *r;
    int err = db_query(c, &r,
                       "SELECT w.webhook_id FROM webhook_events e JOIN webhooks w ON w.webhook_id = e.webhook_id"
                       " WHERE e.entity = ? AND e.action = ? AND w.workspace = ? AND w.status = 'ACTIVE'"
                       " AND w.deleted_timestamp IS NULL",
                       "sss", webhook_word(c->arena, &WebhookEntity_enum, event->entity.v),
                       webhook_word(c->arena, &WebhookAction_enum, event->action.v), c->workspace);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, row_dup(c, r, 0));
    rows_end(r);
    return err;
}

int q_webhook_enqueue(struct ctx *c, const struct WebhookEvent *event, struct str body, int64_t now, int64_t most,
                      int64_t *n) {
    struct str_list to = {0};
    int64_t waiting = 0;
    bool found;
    *n = 0;
    int err = listeners(c, event, &to);
    if (err || to.n == 0)
        return err;
    err = db_one(c, &found, take_i64, &waiting, "SELECT count(*) FROM millrace_webhook_queue", "");
    if (!err && waiting + (int64_t)to.n > most) {
        *n = -1;
        return OK;
    }
    for (; *n < (int64_t)to.n && !err; ++*n)
        err = db_run(c, NULL,
                     "INSERT INTO millrace_webhook_queue (delivery_id, webhook_id, body, attempts, due)"
                     " VALUES (?, ?, ?, 0, ?)",
                     "sssi", uuid_dashed(c->arena), to.v[*n], body, now);
    return err;
}

static int drop_orphans(struct ctx *c) {
    return db_run(c, NULL,
                  "DELETE FROM millrace_webhook_queue WHERE webhook_id NOT IN"
                  " (SELECT webhook_id FROM webhooks WHERE status = 'ACTIVE' AND deleted_timestamp IS NULL)",
                  "");
}

int q_webhook_claim(struct ctx *c, int64_t now, int64_t until, int64_t limit, struct queued *out, size_t *n) {
    struct rows *r;
    *n = 0;
    int err = drop_orphans(c);
    if (!err)
        err = db_query(c, &r,
                       "SELECT q.delivery_id, q.webhook_id, w.url, w.secret, q.body, q.attempts"
                       " FROM millrace_webhook_queue q JOIN webhooks w ON w.webhook_id = q.webhook_id"
                       " WHERE q.due <= ? ORDER BY q.seq LIMIT ?",
                       "ii", now, limit);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        out[(*n)++] = (struct queued){row_dup(c, r, 0), row_dup(c, r, 1), row_dup(c, r, 2),
                                      row_dup(c, r, 3), row_dup(c, r, 4), row_i64(r, 5)};
    rows_end(r);
    for (size_t i = 0; i < *n && !err; i++)
        err = db_run(c, NULL,
                     "UPDATE millrace_webhook_queue SET due = ?, attempts = attempts + 1 WHERE delivery_id = ?", "is",
                     until, out[i].delivery_id);
    return err;
}

int q_webhook_done(struct ctx *c, struct str delivery_id) {
    return db_run(c, NULL, "DELETE FROM millrace_webhook_queue WHERE delivery_id = ?", "s", delivery_id);
}

int q_webhook_retry(struct ctx *c, struct str delivery_id, int64_t next) {
    return db_run(c, NULL, "UPDATE millrace_webhook_queue SET due = ? WHERE delivery_id = ?", "is", next, delivery_id);
}

int q_webhook_next_due(struct ctx *c, int64_t *due) {
    bool found;
    *due = 0;
    return db_one(c, &found, take_i64, due, "SELECT min(due) FROM millrace_webhook_queue", "");
}
