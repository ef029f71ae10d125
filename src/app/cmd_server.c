/* millrace server (and ui): opens the store and the artifacts, serves until SIGTERM or SIGINT, then drains and closes
 * in the opposite order. A second signal during the drain ends the process at once. */
#include <malloc.h>
#include <signal.h>
#include <time.h>

#include "api/api.h"
#include "app/app.h"
#include "app/command.h"
#include "artifact/artifact.h"
#include "artifact/uri.h"
#include "base/clock.h"
#include "hooks/queue.h"
#include "http/http.h"
#include "store/migrate.h"
#include "store/store.h"
#include "store/uri.h"

enum {
    TICK_SECONDS = 5,
    DRAIN_MS = 30 * 1000,
    CONNECTIONS_PER_WORKER = 250,
    LEAST_CONNECTIONS = 256,
    MALLOC_ARENAS = 2, /* a thread per connection must not mean a heap per thread */
};

static int open_store(struct ctx *c, struct app *app) {
    const struct config *config = &app->config;
    if (config->artifacts_only)
        return 0;
    const struct store_options options = {.uri = config->backend_store_uri, .create = true};
    int err = store_open(c, &options, &app->store);
    if (err)
        return err;
    struct str location = uri_append_path(c->arena, config->default_artifact_root, STR("0"));
    return store_ensure_default_experiment(c, app->store, location);
}

static int open_artifacts(struct ctx *c, struct app *app) {
    if (!app->config.serve_artifacts)
        return 0;
    return artifacts_open(c, app->config.artifacts_destination, ARTIFACT_SERVE, &app->artifacts);
}

/* The key that webhook secrets are encrypted with lies beside the database, unless the environment gives one. */
static int open_hooks(struct ctx *c, struct app *app) {
    struct hooks_options options;
    struct store_place place;
    if (!app->store)
        return 0;
    hooks_options_from_env(c->arena, &options);
    int err = store_place_parse(c, app->config.backend_store_uri, &place);
    if (!err && place.path.p)
        options.key_file = str_fmt(c->arena, "%.*s.webhook-key", STR_FMT(place.path));
    return err ? err : hooks_open(c, app->store, &options, &app->hooks);
}

static void app_close(struct app *app) {
    hooks_close(app->hooks);
    artifacts_close(app->artifacts);
    store_close(app->store);
}

static int app_open(struct ctx *c, struct app *app) {
    int err = open_store(c, app);
    if (!err)
        err = open_artifacts(c, app);
    if (!err)
        err = open_hooks(c, app);
    if (err)
        app_close(app);
    return err;
}

static unsigned max_connections(int64_t workers) {
    int64_t n = workers * CONNECTIONS_PER_WORKER;
    return (unsigned)(n < LEAST_CONNECTIONS ? LEAST_CONNECTIONS : n);
}

static int start_http(struct ctx *c, const struct app *app, struct http **out) {
    const struct config *config = &app->config;
    struct http_options o = {
        .app = app,
        .store = app->store,
        .message = &message_handler,
        .host = config->host,
        .port = (int)config->port,
        .static_prefix = config->static_prefix,
        .max_connections = max_connections(config->workers),
        .security_off = config->disable_security_middleware,
        .allowed_hosts = config->allowed_hosts,
        .cors_allowed_origins = config->cors_allowed_origins,
        .x_frame_options = config->x_frame_options,
        .tracking_off = config->artifacts_only,
        .artifacts_off = !config->serve_artifacts,
        .expose_metrics = config->expose_prometheus.n > 0,
    };
    o.routes = api_routes(&o.n_routes);
    return http_start(c, &o, out);
}

static void warn_of_risks(const struct config *config) {
    if (config->disable_security_middleware)
        log_warning("security checks are off: any web page can reach this server");
    if (str_is(config->allowed_hosts, "*"))
        log_warning("every Host header is accepted: DNS rebinding attacks are possible");
    if (str_is(config->cors_allowed_origins, "*"))
        log_warning("every origin is allowed: any web page can read and change the data");
}

/* Signals are taken by sigtimedwait alone; threads started from here on inherit the mask. */
static sigset_t block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

/* Serves until a signal asks for the end; returns which. */
static int wait_for_signal(const sigset_t *set, struct http *http) {
    const struct timespec tick = {.tv_sec = TICK_SECONDS};
    for (;;) {
        int sig = sigtimedwait(set, NULL, &tick);
        if (sig > 0)
            return sig;
        http_tick(http);
    }
}

static void drain(struct http *http, int sig, const sigset_t *set) {
    log_info("%s: finishing the requests under way", sig == SIGTERM ? "SIGTERM" : "SIGINT");
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
    int left = http_stop(http, DRAIN_MS);
    if (left)
        log_warning("%d requests were cut off", left);
}

static int serve(struct ctx *c, const struct app *app, const sigset_t *set) {
    struct http *http;
    int err = start_http(c, app, &http);
    if (err)
        return err;
    const struct config *config = &app->config;
    log_info("Millrace %s listens on http://%.*s:%d%.*s (%s)", MILLRACE_VERSION, STR_FMT(config->host), http_port(http),
             STR_FMT(config->static_prefix),
             config->artifacts_only ? "artifacts only" : str_dup(c->arena, config->backend_store_uri).p);
    drain(http, wait_for_signal(set, http), set);
    return 0;
}

static int run(struct ctx *c, struct config *config) {
    int err = config_resolve(c, config);
    if (err)
        return err;
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    sigset_t set = block_signals();
    struct app app = {.config = *config};
    c->app = &app;
    c->deadline = clock_monotonic_ms() + 60 * 1000;
    err = app_open(c, &app);
    if (err)
        return err == ERR_INVALID_PARAMETER ? ERR_INTERNAL : err;
    warn_of_risks(config);
    err = serve(c, &app, &set);
    app_close(&app);
    return err;
}

const struct command command_server = {
    .name = "server",
    .summary = "Serve experiments, runs, models and artifacts.",
    .options = FOR_SERVER,
    .run = run,
};

const struct command command_ui = {
    .name = "ui",
    .summary = "The same as server.",
    .options = FOR_SERVER,
    .run = run,
};
