/* Exchange: one HTTP request and its answer, as the rooms below see it. The only view of HTTP outside this room.
 *
 * The http room reads the head, finds the route, and calls the route's raw_handler:
 *   begin   once, when the head is known; a negative return refuses the request
 *   body    for each piece of the body, in order; a negative return refuses the rest
 *   finish  once, when the body is complete: fills the answer
 *   abort   instead of finish, when body refused or the client went away: undo (not after a refusal by begin)
 * Any of them may be NULL but finish. A refusal is answered with what the handler has filled in, or else with the
 * error in the context.
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
    struct buf body;          /* malloc'ed (handed over to the HTTP library) or in the arena */
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

/* Adds an answer header. `name` is a literal, `value` is copied. CR and LF are refused by assertion. */
void response_header(struct exchange *x, const char *name, struct str value);

/* Fills the answer with MLflow's error JSON for c->err and c->message: {"error_code", "message", ...}. */
void response_error(struct exchange *x);

/* Fills the answer with a text, which must live in the arena or be a literal. */
void response_text(struct exchange *x, int status, const char *type, struct str text);

/* Fills the answer with a file of `size` bytes, or with the part of it that a Range header asks for (206, or 416 when
 * it lies outside). Takes `fd` over. `etag` may be empty; with it If-Range is honoured. Set type and further headers
 * as usual. */
void response_file(struct exchange *x, int fd, uint64_t size, struct str etag);
