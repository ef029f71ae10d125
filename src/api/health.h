/* Answers about the server itself: /health, /version and server-info. */
#pragma once
#include "http/exchange.h"

extern const struct raw_handler health_handler, version_handler, server_info_handler;

/* W(method, version, path, flags, handler): rows of the route table. */
#define HEALTH_ROUTES(W)                                                \
    W(GET, "", "/health", BARE, health_handler)                         \
    W(GET, "", "/version", BARE, version_handler)                       \
    W(GET, "3.0", "mlflow/server-info", 0, server_info_handler)
