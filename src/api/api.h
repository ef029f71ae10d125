/* The api room: the table of routes, and the handler of message operations. Between the http room above and the
 * services below. */
#pragma once
#include "api/route.h"

/* All routes, for the matcher. The array is constant data. */
const struct route *api_routes(size_t *n);

/* Serves the routes of the message kind: collects the body, decodes and checks the request, runs the service function
 * in its transaction, encodes the answer or the error. */
extern const struct raw_handler message_handler;
