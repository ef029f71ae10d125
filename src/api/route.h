/* Routes: what the table of operations (routes.h) is made of. Built by api.c, walked by the http room's matcher,
 * by the OpenAPI printer and by the access checks.
 *
 * An operation of the message kind names a request message, an answer message and a service function; the api room
 * decodes, opens the transaction it asks for, calls, encodes. A raw operation reads and writes the exchange itself
 * (artifacts, health). */
#pragma once
#include "base/msg.h"
#include "http/exchange.h"

enum tx { TX_NONE, TX_READ, TX_WRITE };

enum route_flag {
    AJAX_ONLY = 1, /* only under /ajax-api */
    PREVIEW = 2,   /* also under 2.0/preview, for clients of 1.x */
    BARE = 4,      /* the path stands alone, without /api/<version>/mlflow */
    TRACKING = 8,  /* off in --artifacts-only mode */
    ARTIFACTS = 16 /* off with --no-serve-artifacts */
};

typedef int (*service_fn)(struct ctx *c, const void *request, void *response);

struct route {
    const char *method;
    const char *version; /* "2.0" or "3.0" */
    const char *path;    /* below /api/<version>/; {name} takes one segment, {name...} the rest */
    unsigned flags;
    /* message kind */
    const struct msg *request, *response;
    enum tx tx;
    service_fn serve;
    /* raw kind */
    const struct raw_handler *raw;
};
