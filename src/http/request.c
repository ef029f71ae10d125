/* Requests: the life of an exchange on its connection's thread, driven by the HTTP library's callbacks.
 *
 * request_line when the first line has come, then request_step with the head, with each piece of the body, and once
 * more at its end; request_done when the answer has gone or the client has. Checks come in this order: form of the
 * head, Host and Origin, CORS preflight, route, switched-off parts, the handler. A refused body is read and dropped
 * before the answer goes out, since a client that is still sending would lose an early one. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "http/conn.h"
#include "http/uri.h"

enum {
    DEADLINE_MS = 60 * 1000,
    SLOW_US = 5 * 1000 * 1000,
    DRAIN_MAX = 64 * 1024 * 1024, /* of a refused body; the connection is closed beyond */
};

/* ---- head ------------------------------------------------------------------------------------------------- */

static bool is_token(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return n > 0;
}

static bool has_control_bytes(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
            return true;
    return false;
}

/* Notes the headers this room acts upon; called for each. */
static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                   const char *value, size_t value_n) {
    struct head *h = cls;
    struct str n = {name, name_n}, v = {value ? value : "", value_n};
    (void)kind;
    if (!is_token(name, name_n) || has_control_bytes(v.p, v.n))
        h->malformed = true;
    if (str_ieq(n, STR("Host"))) {
        h->host = v;
        h->n_host++;
    } else if (str_ieq(n, STR("Content-Length"))) {
        h->content_length = v;
        h->n_length++;
    } else if (str_ieq(n, STR("Transfer-Encoding"))) {
        h->transfer_encoding = v;
        h->n_encoding++;
    } else if (str_ieq(n, STR("Origin"))) {
        h->origin = v;
    } else if (str_ieq(n, STR("Expect"))) {
        h->expects = true;
    } else if (str_ieq(n, STR("Access-Control-Request-Method"))) {
        h->cors_method = v;
    } else if (str_ieq(n, STR("Access-Control-Request-Headers"))) {
        h->cors_headers = v;
    }
    return MHD_YES;
}

/* Heads that two servers in a row could read differently (request smuggling, RFC 9112 section 11.2) and those that
 * are no HTTP. */
static bool is_malformed(const struct head *h, const char *method, const char *version, struct str uri) {
    if (h->malformed || h->n_host > 1 || h->n_length > 1 || h->n_encoding > 1 || !is_token(method, strlen(method)))
        return true;
    if (h->n_encoding && (h->n_length || !str_ieq(h->transfer_encoding, STR("chunked"))))
        return true;
    bool is_1_1 = strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
    if (is_1_1 ? h->n_host == 0 : h->n_encoding > 0)
        return true;
    for (size_t i = 0; i < uri.n; i++)
        if ((unsigned char)uri.p[i] <= ' ' || uri.p[i] == 0x7f)
            return true;
    return false;
}

static int64_t body_length(const struct head *h) {
    int64_t n;
    return h->n_length && num_parse_int(h->content_length.p, h->content_length.n, &n) && n >= 0 ? n : -1;
}

/* "http://host/path" as "/path": a proxy's form of the request line. */
static struct str path_and_query(struct str uri) {
    if (!str_starts(uri, STR("http://")))
        return uri;
    struct str rest = str_sub(uri, 7, uri.n);
    ptrdiff_t slash = str_chr(rest, '/');
    return slash < 0 ? STR("/") : str_sub(rest, (size_t)slash, rest.n);
}

static void split_uri(struct conn *k) {
    struct str uri = path_and_query(k->uri);
    ptrdiff_t mark = str_chr(uri, '?');
    k->x.raw_path = str_dup(k->c.arena, str_sub(uri, 0, mark < 0 ? uri.n : (size_t)mark));
    k->x.query = mark < 0 ? (struct param_list){0} : uri_parse_query(k->c.arena, str_sub(uri, (size_t)mark + 1, uri.n));
}

/* ---- refusals by this room -------------------------------------------------------------------------------- */

static void answer_redirect(struct conn *k, struct str location) {
    ptrdiff_t mark = str_chr(k->uri, '?');
    struct str query = mark < 0 ? STR("") : str_sub(k->uri, (size_t)mark, k->uri.n);
    response_page(&k->x, 308);
    response_header(&k->x, "Location", str_fmt(k->c.arena, "%.*s%.*s", STR_FMT(location), STR_FMT(query)));
}

/* OPTIONS without a preflight: MLflow answers 204 for the API and 200 elsewhere. */
static void answer_options(struct conn *k, struct str allow) {
    response_text(&k->x, k->asked.api ? 204 : 200, "text/html; charset=utf-8", STR(""));
    response_header(&k->x, "Allow", allow);
}

/* Operations switched off by the command line. MLflow: _disable_if_artifacts_only, _disable_unless_serve_artifacts. */
static bool answer_disabled(struct conn *k, const struct route_target *t) {
    const char *mode = NULL, *advice = NULL;
    if (k->http->tracking_off && (t->route->flags & TRACKING)) {
        mode = "in `--artifacts-only` mode. To enable tracking server functionality";
        advice = "without `--artifacts-only`";
    } else if (k->http->artifacts_off && (t->route->flags & ARTIFACTS)) {
        mode = "with `--no-serve-artifacts`. To enable artifacts server functionality";
        advice = "with `--serve-artifacts`";
    } else {
        return false;
    }
    response_text(&k->x, 503, "text/html; charset=utf-8",
                  str_fmt(k->c.arena,
                          "Endpoint: %.*s disabled due to the mlflow server running %s, run `mlflow server` %s",
                          STR_FMT(t->rule), mode, advice));
    return true;
}

/* Finds the operation; false when the answer is already there. */
static bool find_route(struct conn *k, const struct route_match *m, enum route_found found) {
    if (str_is(k->x.method, "OPTIONS") && (found == ROUTE_METHOD || found == ROUTE_FOUND)) {
        answer_options(k, m->allow);
        return false;
    }
    switch (found) {
    case ROUTE_REDIRECT: answer_redirect(k, m->location); return false;
    case ROUTE_UNKNOWN: response_page(&k->x, 404); return false;
    case ROUTE_METHOD:
        response_page(&k->x, 405);
        response_header(&k->x, "Allow", m->allow);
        return false;
    case ROUTE_FOUND: break;
    }
    k->x.route = m->target->route;
    k->x.path_params = m->params;
    return !answer_disabled(k, m->target);
}

/* ---- the exchange ----------------------------------------------------------------------------------------- */

/* Answers a refusal of the handler, by what it filled in or by the context's error. */
static void answer_refusal(struct exchange *x) {
    if (x->res.status == 200 && !x->res.body.n && x->res.fd < 0)
        response_error(x);
}

static void fill_exchange(struct conn *k, const char *method) {
    k->head_only = strcmp(method, "HEAD") == 0;
    k->x = (struct exchange){
        .c = &k->c,
        .app = k->http->app,
        .method = k->head_only ? STR("GET") : str_of(method),
        .content_length = body_length(&k->head),
        .http = k,
        .res = {.status = 200, .fd = -1},
    };
    split_uri(k);
}

/* Everything up to the handler; false when the answer is already there. */
static bool admit(struct conn *k, const char *method, const char *version) {
    struct route_match m;
    const struct head *h = &k->head;
    fill_exchange(k, method);
    enum route_found found = route_find(k->http->routes, k->c.arena, str_of(method), k->x.raw_path, &m);
    k->x.path = m.path.p ? m.path : k->x.raw_path;
    k->asked = (struct security_request){.method = str_of(method),
                                         .path = m.path,
                                         .host = h->host,
                                         .origin = h->origin,
                                         .health = route_is_health(m.path),
                                         .api = route_is_api(m.path)};
    if (is_malformed(h, method, version, k->uri)) {
        k->close_after = true;
        response_page(&k->x, 400);
        return false;
    }
    const char *refusal = security_refusal(&k->http->security, &k->asked);
    if (refusal) {
        response_text(&k->x, 403, "text/plain", str_of(refusal));
        return false;
    }
    if (h->origin.p && h->cors_method.p && strcmp(method, "OPTIONS") == 0 && !k->http->security.off) {
        k->preflight = true;
        security_preflight(&k->http->security, &k->x, h->origin, h->cors_method, h->cors_headers);
        return false;
    }
    return find_route(k, &m, found);
}

/* Hands the head to the handler; false when it refuses. */
static bool begin(struct conn *k) {
    const struct raw_handler *handler = k->x.route->raw ? k->x.route->raw : k->http->message;
    if (handler->begin && handler->begin(&k->x) < 0) {
        answer_refusal(&k->x);
        return false;
    }
    k->handler = handler;
    return true;
}

static bool has_body(const struct head *h) {
    return h->n_encoding || (h->n_length && !str_is(h->content_length, "0"));
}

/* After a refusal: when can the answer go out? At once when nothing more will be sent or when the client waits for
 * leave to send; the connection can't be used again then. */
static enum MHD_Result refuse(struct conn *k) {
    bool large = k->x.content_length > DRAIN_MAX;
    if (k->close_after || k->head.expects || large) {
        k->close_after = k->close_after || has_body(&k->head);
        return response_send(k);
    }
    k->state = CONN_DRAIN;
    return MHD_YES;
}

/* Tells http_tick that a body is awaited from `since` on; 0 that none is. */
static void await_body(struct conn *k, int64_t since) {
    atomic_store_explicit(&k->body_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&k->body_since, since, memory_order_relaxed);
}

static enum MHD_Result step_head(struct conn *k, const char *method, const char *version) {
    atomic_fetch_add(&k->http->active, 1);
    atomic_store_explicit(&k->waiting_since, 0, memory_order_relaxed);
    MHD_get_connection_values_n(k->mhd, MHD_HEADER_KIND, note_header, &k->head);
    k->state = CONN_BODY;
    await_body(k, clock_monotonic_ms());
    return admit(k, method, version) && begin(k) ? MHD_YES : refuse(k);
}

static enum MHD_Result step_body(struct conn *k, const char *data, size_t n) {
    const struct raw_handler *handler = k->handler;
    if (!handler->body || handler->body(&k->x, data, n) >= 0)
        return MHD_YES;
    k->handler = NULL;
    if (handler->abort)
        handler->abort(&k->x);
    answer_refusal(&k->x);
    k->state = CONN_DRAIN;
    return MHD_YES;
}

static enum MHD_Result step_end(struct conn *k) {
    await_body(k, 0);
    if (k->state == CONN_BODY) {
        const struct raw_handler *handler = k->handler;
        k->handler = NULL;
        k->c.deadline = clock_monotonic_ms() + DEADLINE_MS; /* however long the body took */
        handler->finish(&k->x);
    }
    return response_send(k);
}

static enum MHD_Result drop(const struct conn *k) {
    return atomic_load_explicit(&k->body_bytes, memory_order_relaxed) > DRAIN_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result request_step(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *n, void **state) {
    struct conn *k = *state;
    size_t piece = *n;
    (void)cls, (void)mhd, (void)url;
    if (k->state == CONN_LINE)
        return step_head(k, method, version);
    if (piece == 0)
        return step_end(k);
    *n = 0;
    atomic_fetch_add_explicit(&k->body_bytes, piece, memory_order_relaxed);
    return k->state == CONN_BODY ? step_body(k, data, piece) : drop(k);
}

/* ---- begin and end ---------------------------------------------------------------------------------------- */

/* Keeps the library from making a list of the query's arguments: path and query are taken from our copy, and a list of
 * many hundred would not fit into the connection's memory. `uri` is the library's own writable copy, as strings. */
static void forget_arguments(const char *uri) {
    char *mark = strchr(uri, '?');
    if (mark && mark[1])
        mark[1] = '\0';
}

void *request_line(void *cls, const char *uri, struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct conn *k = info->socket_context;
    struct arena *arena = k->c.arena;
    (void)cls;
    k->mhd = mhd;
    k->state = CONN_LINE;
    k->head = (struct head){0};
    k->handler = NULL;
    k->close_after = k->preflight = false;
    k->started_us = clock_monotonic_us();
    k->c = (struct ctx){.arena = arena,
                        .app = k->http->app,
                        .workspace = STR("default"),
                        .user = STR(""),
                        .deadline = clock_monotonic_ms() + DEADLINE_MS};
    k->uri = str_dup(arena, str_of(uri));
    forget_arguments(uri);
    return k;
}

static void log_request(const struct conn *k, enum MHD_RequestTerminationCode why, int64_t us) {
    const struct exchange *x = &k->x;
    enum log_level level = LOG_DEBUG;
    if (x->res.status >= 500 && k->state == CONN_SENT)
        level = LOG_WARNING;
    else if (us >= SLOW_US)
        level = LOG_INFO;
    if (!log_enabled(level))
        return;
    const char *end = why == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " (connection lost)";
    log_event(level, "%.*s %.*s %d %.1f ms%s", STR_FMT(x->method), STR_FMT(x->path), x->res.status, (double)us / 1000,
              end);
}

void request_done(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why) {
    struct conn *k = *state;
    (void)cls, (void)mhd;
    if (!k || k->state == CONN_IDLE)
        return;
    if (k->handler && k->handler->abort)
        k->handler->abort(&k->x);
    k->handler = NULL;
    bool head_came = k->state != CONN_LINE;
    if (head_came) {
        int64_t us = clock_monotonic_us() - k->started_us;
        if (k->http->metrics)
            metrics_count(k->http->metrics, &k->x, us);
        log_request(k, why, us);
        response_reset(&k->x.res);
    }
    await_body(k, 0);
    k->state = CONN_IDLE;
    k->x = (struct exchange){.res = {.fd = -1}};
    arena_reset(k->c.arena);
    atomic_store_explicit(&k->waiting_since, clock_monotonic_ms(), memory_order_relaxed);
    if (head_came)
        atomic_fetch_sub(&k->http->active, 1);
    *state = NULL;
}

/* ---- what handlers ask ------------------------------------------------------------------------------------ */

struct str exchange_header(struct exchange *x, const char *name) {
    const struct conn *k = x->http;
    return str_of(MHD_lookup_connection_value(k->mhd, MHD_HEADER_KIND, name));
}

struct str exchange_query(const struct exchange *x, const char *name) {
    for (size_t i = 0; i < x->query.n; i++)
        if (str_is(x->query.v[i].name, name))
            return x->query.v[i].value;
    return (struct str){0};
}
