/* Where webhooks may go: URL rules and public addresses. The guard against server-side request forgery.
 * Used by service/webhooks.c when a URL is stored, and by send.c for the address a connection really goes to. */
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ctx.h"

struct address_policy {
    struct str schemes;  /* allowed schemes, separated by commas; MLFLOW_WEBHOOK_ALLOWED_SCHEMES, "https" */
    bool allow_private;  /* MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS */
};

/* Is the address reachable over the public internet only: not private, loopback, link-local, shared, reserved,
 * multicast, nor an IPv6 form that wraps such an IPv4 address? MLflow: _is_public_ip. */
bool address_is_public(const struct sockaddr *addr);

/* Checks scheme and host of a webhook URL, and that the host resolves to public addresses alone. Resolves names, so it
 * must not be called inside a transaction. ERR_INVALID_PARAMETER. MLflow: _validate_webhook_url. */
[[nodiscard]] int webhook_url_check(struct ctx *c, const struct address_policy *policy, struct str url);
