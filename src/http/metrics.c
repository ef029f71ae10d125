/* Request counters and /metrics; see metrics.h. Names and buckets are those of the official exporter
 * (mlflow_http_request_*), with Millrace's own figures after them. */
#include "http/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "api/route.h"
#include "http/conn.h"
#include "store/store.h"

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"};
static const int statuses[] = {200, 204, 206, 304, 308, 400, 401, 403, 404, 405,
                               408, 409, 413, 416, 429, 500, 501, 503, 504, 0 /* any other */};
static const double bounds[] = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};

enum {
    N_METHODS = sizeof methods / sizeof *methods,
    N_STATUSES = sizeof statuses / sizeof *statuses,
    N_BOUNDS = sizeof bounds / sizeof *bounds,
};

/* Requests of one method and status. */
struct series {
    atomic_ullong count, us;
    atomic_ullong buckets[N_BOUNDS]; /* not cumulated here */
};

struct metrics {
    const struct route *routes;
    size_t n_routes;
    const struct store *store;
    struct series series[N_METHODS][N_STATUSES];
    atomic_ullong per_route[];
};

struct metrics *metrics_new(const struct route *routes, size_t n_routes, const struct store *store) {
    struct metrics *m = calloc(1, sizeof *m + n_routes * sizeof m->per_route[0]);
    must(m);
    m->routes = routes;
    m->n_routes = n_routes;
    m->store = store;
    return m;
}

void metrics_free(struct metrics *m) {
    free(m);
}

static void add(atomic_ullong *counter, uint64_t n) {
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const atomic_ullong *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static size_t method_index(struct str method) {
    size_t i = 0;
    while (i < N_METHODS - 1 && !str_is(method, methods[i]))
        i++;
    return i;
}

static size_t status_index(int status) {
    size_t i = 0;
    while (i < N_STATUSES - 1 && statuses[i] != status)
        i++;
    return i;
}

void metrics_count(struct metrics *m, const struct exchange *x, int64_t us) {
    if (str_is(x->path, "/health") || str_is(x->path, "/version") || str_is(x->path, "/metrics"))
        return;
    struct series *s = &m->series[method_index(x->method)][status_index(x->res.status)];
    add(&s->count, 1);
    add(&s->us, (uint64_t)us);
    for (size_t i = 0; i < N_BOUNDS; i++) {
        if ((double)us > bounds[i] * 1e6)
            continue;
        add(&s->buckets[i], 1);
        break;
    }
    if (x->route)
        add(&m->per_route[x->route - m->routes], 1);
}

/* ---- the text --------------------------------------------------------------------------------------------- */

static void put_labels(struct buf *b, size_t method, size_t status) {
    buf_fmt(b, "method=\"%s\",status=\"", methods[method]);
    if (statuses[status])
        buf_int(b, statuses[status]);
    else
        buf_z(b, "other");
    buf_char(b, '"');
}

static void put_histogram(struct buf *b, const struct series *s, size_t method, size_t status) {
    static const char name[] = "mlflow_http_request_duration_seconds";
    uint64_t below = 0;
    for (size_t i = 0; i < N_BOUNDS; i++) {
        below += get(&s->buckets[i]);
        buf_fmt(b, "%s_bucket{le=\"%g\",", name, bounds[i]);
        put_labels(b, method, status);
        buf_fmt(b, "} %llu\n", (unsigned long long)below);
    }
    buf_fmt(b, "%s_bucket{le=\"+Inf\",", name);
    put_labels(b, method, status);
    buf_fmt(b, "} %llu\n%s_sum{", (unsigned long long)get(&s->count), name);
    put_labels(b, method, status);
    buf_fmt(b, "} %.6f\n%s_count{", (double)get(&s->us) / 1e6, name);
    put_labels(b, method, status);
    buf_fmt(b, "} %llu\n", (unsigned long long)get(&s->count));
}

static void put_total(struct buf *b, const struct series *s, size_t method, size_t status) {
    BUF_LIT(b, "mlflow_http_request_total{");
    put_labels(b, method, status);
    buf_fmt(b, "} %llu\n", (unsigned long long)get(&s->count));
}

typedef void (*put_fn)(struct buf *b, const struct series *s, size_t method, size_t status);

static void put_family(const struct metrics *m, struct buf *b, const char *name, const char *type, const char *help,
                       put_fn put) {
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    for (size_t i = 0; i < N_METHODS; i++)
        for (size_t k = 0; k < N_STATUSES; k++)
            if (get(&m->series[i][k].count))
                put(b, &m->series[i][k], i, k);
}

static void put_routes(const struct metrics *m, struct buf *b) {
    BUF_LIT(b, "# HELP millrace_requests_total Requests by operation.\n# TYPE millrace_requests_total counter\n");
    for (size_t i = 0; i < m->n_routes; i++) {
        const struct route *r = &m->routes[i];
        uint64_t n = get(&m->per_route[i]);
        if (n)
            buf_fmt(b, "millrace_requests_total{method=\"%s\",operation=\"%s%s%s\"} %llu\n", r->method,
                    r->flags & BARE ? "" : r->version, r->flags & BARE || r->path[0] == '/' ? "" : "/", r->path,
                    (unsigned long long)n);
    }
}

static void put_counter(struct buf *b, const char *name, const char *help, double value) {
    buf_fmt(b, "# HELP %s %s\n# TYPE %s counter\n%s %.15g\n", name, help, name, name, value);
}

static void put_store(const struct metrics *m, struct buf *b) {
    struct store_stats s;
    if (!m->store)
        return;
    store_stats(m->store, &s);
    put_counter(b, "millrace_store_commits_total", "Commits of the database.", (double)s.commits);
    put_counter(b, "millrace_store_writes_total", "Requests that were part of a commit.", (double)s.writes);
    put_counter(b, "millrace_store_commit_seconds_total", "Time spent in commits.", (double)s.commit_us / 1e6);
}

void metrics_write(const struct metrics *m, struct buf *b) {
    put_family(m, b, "mlflow_http_request_duration_seconds", "histogram", "Duration of HTTP requests in seconds.",
               put_histogram);
    put_family(m, b, "mlflow_http_request_total", "counter", "HTTP requests.", put_total);
    put_routes(m, b);
    put_store(m, b);
}

static void serve(struct exchange *x) {
    const struct conn *k = x->http;
    struct buf b = BUF_IN(x->c->arena);
    metrics_write(k->http->metrics, &b);
    response_text(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_end(&b));
}

static const struct raw_handler handler = {.finish = serve};

const struct route metrics_route = {.method = "GET", .version = "", .path = "/metrics", .flags = BARE, .raw = &handler};
