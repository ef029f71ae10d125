/* Serves message operations: body -> decode -> check -> transaction(service) -> encode; see api.h. The one place where
 * errors of all rooms below become answers. */
#include "api/api.h"

#include <stdlib.h>

#include "api/health.h"
#include "api/landing.h"
#include "api/messages.h"
#include "api/routes.h"
#include "api/routes_artifacts.h"
#include "api/routes_registry.h"
#include "api/routes_webhooks.h"
#include "app/app.h"
#include "service/aliases.h"
#include "service/artifacts.h"
#include "service/datasets.h"
#include "service/experiments.h"
#include "service/history.h"
#include "service/logged_models.h"
#include "service/metrics.h"
#include "service/models.h"
#include "service/params_tags.h"
#include "service/registry_tags.h"
#include "service/runs.h"
#include "service/search_experiments.h"
#include "service/search_runs.h"
#include "service/versions.h"
#include "service/webhooks.h"
#include "store/store.h"

enum {
    MAX_BODY = 64 * 1024 * 1024,
    MAX_ROOM = 1024 * 1024, /* made at once on the word of the client */
};

/* ---- the table as data ---------------------------------------------------------------------------------- */

#define T TRACKING

/* A function of the service's own types behind the table's common type. */
#define THUNK(method, version, path, flags, Req, Res, tx, fn)              \
    static int serve_##fn(struct ctx *c, const void *req, void *res) {     \
        return fn(c, (const struct Req *)req, (struct Res *)res);          \
    }
#define NO_THUNK(...)
#define ROW(method, version, path, flags, Req, Res, tx, fn) \
    {#method, version, path, flags, &Req##_msg, &Res##_msg, tx, serve_##fn, NULL},
#define RAW_ROW(method, version, path, flags, handler) {#method, version, path, flags, NULL, NULL, TX_NONE, NULL, &handler},

/* Every table that makes message operations. */
#define MESSAGE_ROUTES(R, A) \
    TRACKING_ROUTES(R, A)    \
    SEARCH_ROUTES(R, A)      \
    ARTIFACT_ROUTES(R, A)    \
    REGISTRY_ROUTES(R, A)    \
    WEBHOOK_ROUTES(R, A)

MESSAGE_ROUTES(THUNK, NO_THUNK)

static const struct route routes[] = {
    // clang-format off
    MESSAGE_ROUTES(ROW, ROW)
    HEALTH_ROUTES(RAW_ROW)
    LANDING_ROUTES(RAW_ROW)
    ARTIFACT_RAW_ROUTES(RAW_ROW)
    // clang-format on
};

const struct route *api_routes(size_t *n) {
    *n = sizeof routes / sizeof *routes;
    return routes;
}

/* ---- one call ------------------------------------------------------------------------------------------- */

struct call {
    const struct route *route;
    void *request, *response;
};

static int run_service(struct ctx *c, void *arg) {
    struct call *call = arg;
    memset(call->response, 0, call->route->response->size);
    return call->route->serve(c, call->request, call->response);
}

static int run_in_transaction(struct ctx *c, struct call *call) {
    switch (call->route->tx) {
    case TX_READ: return store_read(c, c->app->store, run_service, call);
    case TX_WRITE: return store_write(c, c->app->store, run_service, call);
    case TX_NONE: break;
    }
    return run_service(c, call);
}

/* A GET with a query string is read from it, everything else from the body. MLflow: _get_request_message. */
static int decode(struct exchange *x, const struct msg *m, const struct buf *body, void *out) {
    int err;
    if (strcmp(x->route->method, "GET") == 0 && x->query.n > 0)
        err = msg_decode_params(x->c, m, &x->query, out);
    else
        err = msg_decode_json(x->c, m, (struct str){body->p, body->n}, out);
    msg_set_strings(m, &x->path_params, out);
    return err ? err : msg_check(x->c, m, out);
}

static int call_route(struct exchange *x, const struct buf *body) {
    const struct route *r = x->route;
    struct call call = {r, arena_alloc(x->c->arena, r->request->size), arena_alloc(x->c->arena, r->response->size)};
    int err = decode(x, r->request, body, call.request);
    if (!err)
        err = run_in_transaction(x->c, &call);
    if (err)
        return err;
    x->res.status = 200;
    x->res.type = STR("application/json");
    msg_encode_json(&x->res.body, r->response, call.response);
    return OK;
}

/* ---- the handler ---------------------------------------------------------------------------------------- */

/* MLflow: _validate_content_type. */
static int check_content_type(struct exchange *x) {
    if (!str_is(x->method, "POST") && !str_is(x->method, "PUT"))
        return OK;
    struct str type = exchange_header(x, "Content-Type");
    if (!type.p)
        return fail_invalid(x->c, "Bad Request. Content-Type header is missing.");
    ptrdiff_t end = str_chr(type, ';');
    if (str_is(str_sub(type, 0, end < 0 ? type.n : (size_t)end), "application/json"))
        return OK;
    return fail_invalid(x->c, "Bad Request. Content-Type must be one of ['application/json'].");
}

static int fail_too_large(struct ctx *c) {
    return fail(c, ERR_TOO_LARGE, "The request body is larger than %d MiB.", MAX_BODY / 1024 / 1024);
}

static int begin(struct exchange *x) {
    int err = check_content_type(x);
    if (!err && x->content_length > MAX_BODY)
        err = fail_too_large(x->c);
    if (err) {
        response_error(x);
        return err;
    }
    struct buf *body = ARENA_NEW(x->c->arena, struct buf);
    body->arena = x->c->arena;
    if (x->content_length > 0 && x->content_length <= MAX_ROOM)
        buf_reserve(body, (size_t)x->content_length);
    x->state = body;
    return OK;
}

static int take_body(struct exchange *x, const char *p, size_t n) {
    struct buf *body = x->state;
    if (body->n + n > MAX_BODY) {
        int err = fail_too_large(x->c);
        response_error(x);
        return err;
    }
    buf_add(body, p, n);
    return OK;
}

static void finish(struct exchange *x) {
    if (call_route(x, x->state))
        response_error(x);
}

static void give_up(struct exchange *x) {
    (void)x; /* the body is the arena's */
}

const struct raw_handler message_handler = {begin, take_body, finish, give_up};
