/* HTTP server: the door of the program. Started and stopped by cmd_server.c; the rooms below know exchange.h only. */
#pragma once
#include "api/route.h"

struct http;
struct store;

struct http_options {
    const struct app *app;
    const struct store *store;         /* for the figures of /metrics; may be NULL */
    const struct route *routes;        /* must outlive the server */
    size_t n_routes;
    const struct raw_handler *message; /* serves the routes that have no handler of their own */
    struct str host;
    int port;                          /* 0: any free one */
    struct str static_prefix;
    unsigned max_connections;
    bool security_off;
    struct str allowed_hosts, cors_allowed_origins, x_frame_options;
    bool tracking_off;                 /* --artifacts-only */
    bool artifacts_off;                /* --no-serve-artifacts */
    bool expose_metrics;
};

/* Binds, starts to serve and returns. Fails with ERR_INTERNAL when the address cannot be bound. The strings are
 * copied. */
[[nodiscard]] int http_start(struct ctx *c, const struct http_options *o, struct http **out);

/* The port in use. */
int http_port(const struct http *h);

/* Ends connections that have been sending the head of a request for too long, or a body too slowly. Call it every few
 * seconds. */
void http_tick(struct http *h);

/* Takes no further connections, lets the requests under way finish for at most `bound_ms`, then closes everything
 * and frees the server. Returns the number of requests that were cut off. */
int http_stop(struct http *h, int64_t bound_ms);
