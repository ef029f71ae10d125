/* Webhooks: make, read, change, delete, test, and the events of the registry that they are told of. The operations are
 * called by the api room outside a transaction, since checking a URL resolves names; they open their own. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int webhook_create(struct ctx *c, const struct CreateWebhook *req, struct CreateWebhookResponse *res);
[[nodiscard]] int webhooks_list(struct ctx *c, const struct ListWebhooks *req, struct ListWebhooksResponse *res);
[[nodiscard]] int webhook_get(struct ctx *c, const struct GetWebhook *req, struct GetWebhookResponse *res);
[[nodiscard]] int webhook_update(struct ctx *c, const struct UpdateWebhook *req, struct UpdateWebhookResponse *res);
[[nodiscard]] int webhook_delete(struct ctx *c, const struct DeleteWebhook *req, struct Empty *res);

/* Sends an example of the event (the webhook's first one unless named) at once, and tells what came back. */
[[nodiscard]] int webhook_test(struct ctx *c, const struct TestWebhook *req, struct TestWebhookResponse *res);

/* What an event says of its subject; absent members are left out, and written as null where MLflow writes null. */
struct webhook_facts {
    struct str name, version, key, value, alias, source, run_id, template, description;
    const struct str_map *tags; /* NULL: the event has none */
};

/* Queues an event for every webhook that listens to it, in the transaction of c->db that causes it. Costs one query
 * when none does. */
[[nodiscard]] int webhook_emit(struct ctx *c, enum webhook_entity entity, enum webhook_action action,
                               const struct webhook_facts *facts);
