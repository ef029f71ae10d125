/* Connection: what the files of the http room share. Nothing outside of src/http/ includes it, as it shows the HTTP
 * library.
 *
 * A connection has one thread, one arena and one exchange, used again for each of its requests. */
#pragma once
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/metrics.h"
#include "http/route.h"
#include "http/security.h"

struct http {
    struct arena *arena; /* settings, made at start */
    const struct app *app;
    const struct raw_handler *message;
    struct route_table *routes;
    struct security security;
    struct metrics *metrics; /* NULL when not exposed */
    bool tracking_off, artifacts_off;
    struct MHD_Daemon *daemon;
    int listener, port;
    atomic_int active;    /* requests between their head and the end of the answer */
    atomic_bool draining; /* answers end their connection */
    unsigned max_connections;
    atomic_uint refused;  /* connections beyond that, since the last tick */
    pthread_mutex_t lock; /* guards the list of connections */
    struct conn *conns;
};

enum conn_state {
    CONN_IDLE,   /* between requests */
    CONN_LINE,   /* the request line is here, headers to come */
    CONN_BODY,   /* a handler takes the body */
    CONN_DRAIN,  /* refused: the body is read and forgotten, then the answer goes out */
    CONN_SENT,   /* answered */
};

/* What one pass over the headers finds. Absent strings were not sent. */
struct head {
    struct str host, origin, transfer_encoding, content_length, cors_method, cors_headers;
    int n_host, n_length, n_encoding;
    bool expects, malformed;
};

struct conn {
    struct http *http;
    struct MHD_Connection *mhd;
    struct conn *prev, *next;
    int fd;
    _Atomic int64_t waiting_since; /* monotonic ms since which a request's head is awaited; 0 during a request */
    _Atomic int64_t body_since;    /* monotonic ms since which a body is awaited; 0 otherwise */
    _Atomic uint64_t body_bytes;   /* what has come of it */
    enum conn_state state;
    struct ctx c;
    struct exchange x;
    struct head head;
    struct security_request asked;
    const struct raw_handler *handler; /* begun and neither finished nor aborted; or NULL */
    struct str uri;                    /* as it came, with query */
    bool head_only, close_after, preflight;
    int64_t started_us;
};

/* request.c: MHD's callbacks. */
void *request_line(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_step(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **state);
void request_done(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why);

/* response.c: empties the answer, giving back what it owns; sends it. */
void response_reset(struct response *r);
enum MHD_Result response_send(struct conn *k);

/* response.c: the pages that no operation makes: 308, 400, 404, 405. */
void response_page(struct exchange *x, int status);
