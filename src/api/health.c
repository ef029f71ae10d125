/* /health, /version and server-info; see health.h. Clients ask for the last two to learn what the server can do, so
 * the version is the one of the MLflow whose interface is served. */
#include "api/health.h"

#include "app/app.h"

static void serve_health(struct exchange *x) {
    response_text(x, 200, "text/plain; charset=utf-8", STR("OK"));
}

static void serve_version(struct exchange *x) {
    response_text(x, 200, "text/html; charset=utf-8", STR(MLFLOW_VERSION));
}

/* MLflow: build_server_info_payload. A local artifact destination has no multipart transfers. */
static void serve_info(struct exchange *x) {
    const char *store = x->app->store ? "\"SqlStore\"" : "null";
    struct str text = str_fmt(x->c->arena,
                              "{\"store_type\":%s,\"workspaces_enabled\":false,\"trace_archival_enabled\":false,"
                              "\"multipart_uploads_enabled\":false,\"multipart_downloads_enabled\":false,"
                              "\"presigned_upload_run_id_supported\":true,\"presigned_upload_model_id_supported\":true,"
                              "\"features_enabled\":{\"gateway\":false}}",
                              store);
    response_text(x, 200, "application/json", text);
}

const struct raw_handler health_handler = {.finish = serve_health};
const struct raw_handler version_handler = {.finish = serve_version};
const struct raw_handler server_info_handler = {.finish = serve_info};
