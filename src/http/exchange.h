/* Exchange: one HTTP request and its answer, as the rooms below see it. The only view of HTTP outside this room.
 *
 * The http room reads the head, finds the route, and calls the route's raw_handler:
 *   begin   once, when the head is known; may refuse (fill the answer) or say where the body goes
 *   body    for each piece of the body, in order; a negative return refuses the rest
 *   finish  once, when the body is complete: fills the answer
 *   abort   instead of finish, when the client went away or the body was too large: undo
 * All of them run on the connection's own thread and may block. Memory of the exchange is its context's arena. */
#pragma once
#include "base/msg.h"

struct route;

struct header { struct str name, value; };

struct response {
    int status;               /* 200 by default */
    struct str type;          /* Content-Type */
    struct header headers[16];
    size_t n_headers;
    struct buf body;          /* malloc'ed (no arena): handed over to the HTTP library */
    int fd;                   /* -1, or a file to send (closed after) ... */
    uint64_t offset, length;  /* ... this part of it */
};

struct exchange {
    struct ctx *c;
    const struct app *app;
    struct str method;        /* "HEAD" is served as "GET" with the body left out */
    struct str path;          /* decoded once, static prefix removed; for logs and messages */
    struct str raw_path;      /* as it came, without query */
    struct param_list path_params; /* {name} parts, percent-decoded */
    struct param_list query;       /* percent-decoded, in order */
    const struct route *route;
    int64_t content_length;   /* -1 when not told */
    void *state;              /* the handler's own, from begin to finish/abort */
    void *http;               /* the http room's own */
    struct response res;
};

struct raw_handler {
    int (*begin)(struct exchange *x);
    int (*body)(struct exchange *x, const char *p, size_t n);
    void (*finish)(struct exchange *x);
    void (*abort)(struct exchange *x);
};

/* A request header's value (names compare without case), or the absent string. */
struct str exchange_header(struct exchange *x, const char *name);

/* First value of a query parameter, or the absent string. */
struct str exchange_query(const struct exchange *x, const char *name);

/* Adds an answer header; both strings must live in the arena or be literals. CR and LF are refused by assertion. */
void response_header(struct exchange *x, const char *name, struct str value);

/* Fills the answer with MLflow's error JSON for c->err and c->message: {"error_code", "message", ...}. */
void response_error(struct exchange *x);

/* Fills the answer with a text. */
void response_text(struct exchange *x, int status, const char *type, struct str text);
