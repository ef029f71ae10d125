/* Server: the listening socket, the HTTP library's daemon, its connections, and the drain at the end.
 *
 * The library runs one thread per connection; a handler blocks its own connection only. Settings are made before the
 * daemon starts and never change. The list of connections is touched under the lock, when one opens or closes and by
 * http_tick. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/conn.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* bounds the head of a request, and the pieces an upload comes in */
    MEMORY_STEP = 16 * 1024,
    STACK = 256 * 1024, /* of a connection's thread */
    IDLE_SECONDS = 75,
    HEAD_MS = 90 * 1000,       /* for the head of a request, waiting included */
    BODY_GRACE_MS = 60 * 1000, /* after which a body must have come at this rate on average */
    BODY_BYTES_PER_MS = 1,
    BACKLOG = 1024,
    DRAIN_STEP_MS = 5,
};

/* ---- connections ------------------------------------------------------------------------------------------ */

static void link_conn(struct http *h, struct conn *k) {
    pthread_mutex_lock(&h->lock);
    k->next = h->conns;
    if (k->next)
        k->next->prev = k;
    h->conns = k;
    pthread_mutex_unlock(&h->lock);
}

static void unlink_conn(struct http *h, struct conn *k) {
    pthread_mutex_lock(&h->lock);
    if (k->next)
        k->next->prev = k->prev;
    if (k->prev)
        k->prev->next = k->next;
    else
        h->conns = k->next;
    pthread_mutex_unlock(&h->lock);
}

static struct conn *conn_new(struct http *h, struct MHD_Connection *mhd) {
    struct conn *k = calloc(1, sizeof *k);
    must(k);
    k->http = h;
    k->mhd = mhd;
    k->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    k->c.arena = arena_new();
    atomic_init(&k->waiting_since, clock_monotonic_ms());
    link_conn(h, k);
    return k;
}

static void conn_free(struct conn *k) {
    unlink_conn(k->http, k);
    arena_free(k->c.arena);
    free(k);
}

/* Called when a connection opens, and before its socket is closed. */
static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = conn_new(cls, mhd);
    else
        conn_free(*context);
}

/* Has the client been sending a head for too long, or a body too slowly? */
static bool is_too_slow(const struct conn *k, int64_t now) {
    int64_t head = atomic_load_explicit(&k->waiting_since, memory_order_relaxed);
    int64_t body = atomic_load_explicit(&k->body_since, memory_order_relaxed);
    if (head && now - head > HEAD_MS)
        return true;
    if (!body || now - body <= BODY_GRACE_MS)
        return false;
    return atomic_load_explicit(&k->body_bytes, memory_order_relaxed) < (uint64_t)(now - body) * BODY_BYTES_PER_MS;
}

void http_tick(struct http *h) {
    int64_t now = clock_monotonic_ms();
    unsigned refused = atomic_exchange(&h->refused, 0);
    if (refused)
        log_warning("%u connections were refused: %u are open, the bound set by --workers", refused,
                    h->max_connections);
    pthread_mutex_lock(&h->lock);
    for (struct conn *k = h->conns; k; k = k->next)
        if (is_too_slow(k, now))
            shutdown(k->fd, SHUT_RDWR);
    pthread_mutex_unlock(&h->lock);
}

/* ---- listening -------------------------------------------------------------------------------------------- */

/* A listening socket for one address, or -1 with errno. */
static int listen_on(const struct addrinfo *a) {
    int one = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int port_of(int fd) {
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

/* Binds the first address of `host` that can be bound. */
static int bind_host(struct ctx *c, struct str host, int port, int *out) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list;
    char service[16];
    const char *name = str_dup(c->arena, host).p;
    snprintf(service, sizeof service, "%d", port);
    int r = getaddrinfo(name, service, &hints, &list);
    if (r)
        return fail(c, ERR_INTERNAL, "cannot listen on %s: %s", name, gai_strerror(r));
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = listen_on(a);
    int cause = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return fail(c, ERR_INTERNAL, "cannot listen on %s:%d: %s", name, port, strerror(cause));
    *out = fd;
    return 0;
}

/* ---- start and stop --------------------------------------------------------------------------------------- */

/* The path as it came: percent-decoding is ours. */
static size_t keep_quoted(void *cls, struct MHD_Connection *mhd, char *s) {
    (void)cls, (void)mhd;
    return strlen(s);
}

static void on_library_message(void *cls, const char *fmt, va_list ap) {
    char text[512];
    struct http *h = cls;
    vsnprintf(text, sizeof text, fmt, ap);
    log_debug("http: %s", text);
    if (strstr(text, "connection limit"))
        atomic_fetch_add(&h->refused, 1);
}

/* Not strict about clients: request.c makes those checks, as the library's own answers to them come out garbled. */
static struct MHD_Daemon *start_daemon(struct http *h) {
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, request_step, h, MHD_OPTION_EXTERNAL_LOGGER, on_library_message, h,
        MHD_OPTION_LISTEN_SOCKET, h->listener, MHD_OPTION_CONNECTION_LIMIT, h->max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        (size_t)MEMORY_STEP, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK, MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_URI_LOG_CALLBACK, request_line, h,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_quoted, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_done, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

/* The routes and, when exposed, /metrics. */
static void build_routes(struct http *h, const struct http_options *o) {
    size_t n = o->n_routes;
    struct route *all = ARENA_ARRAY(h->arena, struct route, n + 1);
    memcpy(all, o->routes, n * sizeof *all);
    if (o->expose_metrics)
        all[n++] = metrics_route;
    h->routes = route_table_new(all, n, o->static_prefix);
    if (o->expose_metrics)
        h->metrics = metrics_new(all, n, o->store);
}

static struct http *http_new(const struct http_options *o) {
    struct arena *arena = arena_new();
    struct http *h = calloc(1, sizeof *h);
    must(h);
    h->arena = arena;
    h->app = o->app;
    h->message = o->message;
    h->tracking_off = o->tracking_off;
    h->artifacts_off = o->artifacts_off;
    h->max_connections = o->max_connections;
    h->listener = -1;
    pthread_mutex_init(&h->lock, NULL);
    security_init(&h->security, arena, o->security_off, o->allowed_hosts, o->cors_allowed_origins, o->x_frame_options);
    build_routes(h, o);
    return h;
}

static void http_free(struct http *h) {
    if (h->listener >= 0)
        close(h->listener);
    metrics_free(h->metrics);
    route_table_free(h->routes);
    pthread_mutex_destroy(&h->lock);
    arena_free(h->arena);
    free(h);
}

int http_start(struct ctx *c, const struct http_options *o, struct http **out) {
    struct http *h = http_new(o);
    int r = bind_host(c, o->host, o->port, &h->listener);
    if (r < 0)
        goto out;
    h->port = port_of(h->listener);
    h->daemon = start_daemon(h);
    if (!h->daemon) {
        r = fail(c, ERR_INTERNAL, "cannot start the HTTP server: %s", strerror(errno));
        goto out;
    }
    *out = h;
    return 0;
out:
    http_free(h);
    return r;
}

int http_port(const struct http *h) {
    return h->port;
}

static void wait_ms(int64_t ms) {
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

int http_stop(struct http *h, int64_t bound_ms) {
    int64_t end = clock_monotonic_ms() + bound_ms;
    atomic_store(&h->draining, true);
    MHD_quiesce_daemon(h->daemon);
    while (atomic_load(&h->active) > 0 && clock_monotonic_ms() < end)
        wait_ms(DRAIN_STEP_MS);
    int left = atomic_load(&h->active);
    MHD_stop_daemon(h->daemon);
    http_free(h);
    return left;
}
