/* Messages of webhooks. Included by messages.h alone. */
#pragma once
#include "base/msg.h"

enum { WEBHOOK_ACTIVE = 1, WEBHOOK_DISABLED = 2 };
enum webhook_entity {
    HOOK_REGISTERED_MODEL = 1,
    HOOK_MODEL_VERSION,
    HOOK_MODEL_VERSION_TAG,
    HOOK_MODEL_VERSION_ALIAS,
    HOOK_PROMPT,
    HOOK_PROMPT_VERSION,
    HOOK_PROMPT_TAG,
    HOOK_PROMPT_VERSION_TAG,
    HOOK_PROMPT_ALIAS,
    HOOK_BUDGET_POLICY,
};
enum webhook_action { HOOK_CREATED = 1, HOOK_UPDATED, HOOK_DELETED, HOOK_SET, HOOK_EXCEEDED };

extern const struct enum_def WebhookStatus_enum;
extern const struct enum_def WebhookEntity_enum;
extern const struct enum_def WebhookAction_enum;

#define WebhookEvent_FIELDS(F, M) \
    F(M, enum_, entity, WebhookEntity, 0) \
    F(M, enum_, action, WebhookAction, 0)
DECLARE_MSG(WebhookEvent)

#define CreateWebhook_FIELDS(F, M) \
    F(M, str, name, , REQ | CHK) \
    F(M, str, url, , REQ | CHK) \
    F(M, list, events, WebhookEvent, REQ | CHK) \
    F(M, str, description, , CHK) \
    F(M, str, secret, , CHK) \
    F(M, enum_, status, WebhookStatus, CHK)
DECLARE_MSG(CreateWebhook)

#define Webhook_FIELDS(F, M) \
    F(M, str, webhook_id, , 0) \
    F(M, str, name, , 0) \
    F(M, str, description, , 0) \
    F(M, str, url, , 0) \
    F(M, list, events, WebhookEvent, 0) \
    F(M, enum_, status, WebhookStatus, 0) \
    F(M, i64, creation_timestamp, , 0) \
    F(M, i64, last_updated_timestamp, , 0)
DECLARE_MSG(Webhook)

#define CreateWebhookResponse_FIELDS(F, M) \
    F(M, msg, webhook, Webhook, 0)
DECLARE_MSG(CreateWebhookResponse)

#define ListWebhooks_FIELDS(F, M) \
    F(M, i64, max_results, , NARROW | CHK) \
    F(M, str, page_token, , CHK)
DECLARE_MSG(ListWebhooks)

#define ListWebhooksResponse_FIELDS(F, M) \
    F(M, list, webhooks, Webhook, 0) \
    F(M, str, next_page_token, , 0)
DECLARE_MSG(ListWebhooksResponse)

#define GetWebhook_FIELDS(F, M) \
    F(M, str, webhook_id, , PATH)
DECLARE_MSG(GetWebhook)

#define GetWebhookResponse_FIELDS(F, M) \
    F(M, msg, webhook, Webhook, 0)
DECLARE_MSG(GetWebhookResponse)

#define UpdateWebhook_FIELDS(F, M) \
    F(M, str, webhook_id, , PATH) \
    F(M, str, name, , CHK) \
    F(M, str, description, , CHK) \
    F(M, str, url, , CHK) \
    F(M, list, events, WebhookEvent, CHK) \
    F(M, str, secret, , CHK) \
    F(M, enum_, status, WebhookStatus, CHK)
DECLARE_MSG(UpdateWebhook)

#define UpdateWebhookResponse_FIELDS(F, M) \
    F(M, msg, webhook, Webhook, 0)
DECLARE_MSG(UpdateWebhookResponse)

#define DeleteWebhook_FIELDS(F, M) \
    F(M, str, webhook_id, , PATH)
DECLARE_MSG(DeleteWebhook)

#define TestWebhook_FIELDS(F, M) \
    F(M, str, webhook_id, , PATH) \
    F(M, msg, event, WebhookEvent, 0)
DECLARE_MSG(TestWebhook)

#define WebhookTestResult_FIELDS(F, M) \
    F(M, bool_, success, , 0) \
    F(M, i64, response_status, , 0) \
    F(M, str, response_body, , 0) \
    F(M, str, error_message, , 0)
DECLARE_MSG(WebhookTestResult)

#define TestWebhookResponse_FIELDS(F, M) \
    F(M, msg, result, WebhookTestResult, 0)
DECLARE_MSG(TestWebhookResponse)
