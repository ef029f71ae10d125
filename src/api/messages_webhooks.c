/* Descriptors of the webhook messages; see messages_webhooks.h. */
#include "api/messages.h"

DEFINE_ENUM(WebhookStatus, {{"ACTIVE", WEBHOOK_ACTIVE}, {"DISABLED", WEBHOOK_DISABLED}})
DEFINE_ENUM(WebhookEntity, {{"ENTITY_UNSPECIFIED", 0},
                            {"REGISTERED_MODEL", HOOK_REGISTERED_MODEL},
                            {"MODEL_VERSION", HOOK_MODEL_VERSION},
                            {"MODEL_VERSION_TAG", HOOK_MODEL_VERSION_TAG},
                            {"MODEL_VERSION_ALIAS", HOOK_MODEL_VERSION_ALIAS},
                            {"PROMPT", HOOK_PROMPT},
                            {"PROMPT_VERSION", HOOK_PROMPT_VERSION},
                            {"PROMPT_TAG", HOOK_PROMPT_TAG},
                            {"PROMPT_VERSION_TAG", HOOK_PROMPT_VERSION_TAG},
                            {"PROMPT_ALIAS", HOOK_PROMPT_ALIAS},
                            {"BUDGET_POLICY", HOOK_BUDGET_POLICY}})
DEFINE_ENUM(WebhookAction, {{"ACTION_UNSPECIFIED", 0},
                            {"CREATED", HOOK_CREATED},
                            {"UPDATED", HOOK_UPDATED},
                            {"DELETED", HOOK_DELETED},
                            {"SET", HOOK_SET},
                            {"EXCEEDED", HOOK_EXCEEDED}})

DEFINE_MSG(WebhookEvent)
DEFINE_MSG(CreateWebhook)
DEFINE_MSG(Webhook)
DEFINE_MSG(CreateWebhookResponse)
DEFINE_MSG(ListWebhooks)
DEFINE_MSG(ListWebhooksResponse)
DEFINE_MSG(GetWebhook)
DEFINE_MSG(GetWebhookResponse)
DEFINE_MSG(UpdateWebhook)
DEFINE_MSG(UpdateWebhookResponse)
DEFINE_MSG(DeleteWebhook)
DEFINE_MSG(TestWebhook)
DEFINE_MSG(WebhookTestResult)
DEFINE_MSG(TestWebhookResponse)
