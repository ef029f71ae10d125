/* Routes of webhooks: rows for api.c, see routes.h. Included by api.c alone. The operations open their own
 * transactions. */
#pragma once

#define WEBHOOK_ROUTES(R, A)                                                                                          \
    R(POST, "2.0", "mlflow/webhooks", T, CreateWebhook, CreateWebhookResponse, TX_NONE, webhook_create)               \
    R(GET, "2.0", "mlflow/webhooks", T, ListWebhooks, ListWebhooksResponse, TX_NONE, webhooks_list)                   \
    R(GET, "2.0", "mlflow/webhooks/{webhook_id}", T, GetWebhook, GetWebhookResponse, TX_NONE, webhook_get)            \
    R(PATCH, "2.0", "mlflow/webhooks/{webhook_id}", T, UpdateWebhook, UpdateWebhookResponse, TX_NONE, webhook_update) \
    R(DELETE, "2.0", "mlflow/webhooks/{webhook_id}", T, DeleteWebhook, Empty, TX_NONE, webhook_delete)                \
    R(POST, "2.0", "mlflow/webhooks/{webhook_id}/test", T, TestWebhook, TestWebhookResponse, TX_NONE, webhook_test)
