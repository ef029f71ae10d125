/* The page at "/": what this server is and how to log to it. */
#pragma once
#include "http/exchange.h"

extern const struct raw_handler landing_handler;

/* W(method, version, path, flags, handler): rows of the route table. */
#define LANDING_ROUTES(W) W(GET, "", "/", BARE, landing_handler)
