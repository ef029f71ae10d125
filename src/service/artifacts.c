/* Listings and other messages about artifacts; see artifacts.h. Invariant: every path a client gives passes path_check
 * before it is joined to a root. */
#include "service/artifacts.h"

#include "app/app.h"
#include "artifact/path.h"
#include "artifact/place.h"
#include "artifact/uri.h"
#include "service/artifact_roots.h"

enum { EXPIRATION_MAX = 604800 };

/* ---- listings ---- */

/* Checks a directory's path when there is one; the root otherwise. */
static int check_dir(struct ctx *c, struct str in, struct str *out) {
    *out = STR("");
    int err = in.p ? path_check(c, in, out) : 0;
    if (!err)
        *out = path_normal(c->arena, *out);
    return err;
}

/* Lists `dir` of a root; the paths told are `shown` and the names. */
static int list_dir(struct ctx *c, struct artifacts *root, struct str dir, struct str shown,
                    struct ListArtifactsResponse *res) {
    struct artifact_listing found;
    int err = artifact_list(c, root, dir, (struct str){0}, &found);
    if (err)
        return err;
    res->files.v = ARENA_ARRAY(c->arena, struct FileInfo, found.n);
    res->files.n = found.n;
    for (size_t i = 0; i < found.n; i++) {
        const struct artifact_info *info = &found.v[i];
        struct FileInfo *file = &res->files.v[i];
        file->path = path_join(c->arena, shown, path_base(info->path));
        file->is_dir = BOOL(info->is_dir);
        if (info->size)
            file->file_size = I64((int64_t)info->size);
    }
    return 0;
}

static int list_root(struct ctx *c, struct str uri, struct str dir, struct ListArtifactsResponse *res) {
    struct artifact_place place;
    int err = place_open(c, uri, c->app->artifacts, &place);
    if (err)
        return err;
    err = list_dir(c, place.root, place_path(c->arena, &place, dir), dir, res);
    place_close(&place);
    res->root_uri = uri;
    return err;
}

int artifacts_list(struct ctx *c, const struct ListArtifacts *req, struct ListArtifactsResponse *res) {
    struct str dir, uri;
    int err = check_dir(c, req->path, &dir);
    if (!err)
        err = artifact_root_of_run(c, req->run_id, &uri);
    return err ? err : list_root(c, uri, dir, res);
}

int model_artifacts_list(struct ctx *c, const struct ListLoggedModelArtifacts *req, struct ListArtifactsResponse *res) {
    struct str dir, uri;
    int err = check_dir(c, req->artifact_directory_path, &dir);
    if (!err)
        err = artifact_root_of_model(c, req->model_id, &uri);
    return err ? err : list_root(c, uri, dir, res);
}

int served_artifacts_list(struct ctx *c, const struct ListServedArtifacts *req, struct ListArtifactsResponse *res) {
    struct str dir;
    int err = check_dir(c, req->path, &dir);
    return err ? err : list_dir(c, c->app->artifacts, dir, STR(""), res);
}

/* ---- deletion ---- */

int served_artifact_delete(struct ctx *c, const struct ServedArtifact *req, struct Empty *res) {
    (void)res;
    struct str path;
    int err = path_check(c, req->artifact_path, &path);
    if (!err)
        path = path_normal(c->arena, path);
    if (!err && path.n == 0)
        err = fail_invalid(c, "The root of the artifacts cannot be deleted.");
    return err ? err : artifact_remove(c, c->app->artifacts, path);
}

/* ---- transfers that local storage does not have ---- */

static int refuse(struct ctx *c, const char *what) {
    return fail(c, ERR_NOT_IMPLEMENTED, "%s is not supported for the current artifact repository", what);
}

static int refuse_served(struct ctx *c, struct str artifact_path, const char *what) {
    struct str path;
    int err = path_check(c, artifact_path, &path);
    return err ? err : refuse(c, what);
}

int multipart_create(struct ctx *c, const struct CreateMultipartUpload *req, struct Empty *res) {
    (void)res;
    return refuse_served(c, req->artifact_path, "Multipart upload");
}

int multipart_complete(struct ctx *c, const struct CompleteMultipartUpload *req, struct Empty *res) {
    (void)res;
    return refuse_served(c, req->artifact_path, "Multipart upload");
}

int multipart_abort(struct ctx *c, const struct AbortMultipartUpload *req, struct Empty *res) {
    (void)res;
    return refuse_served(c, req->artifact_path, "Multipart upload");
}

int served_presign(struct ctx *c, const struct ServedArtifact *req, struct Empty *res) {
    (void)res;
    return refuse_served(c, req->artifact_path, "Multipart download");
}

static int check_present(struct ctx *c, struct str value, const char *name) {
    if (value.n)
        return 0;
    return fail_invalid(c,
                        "Missing value for required parameter '%s'. See the API docs for more information about "
                        "request parameters.",
                        name);
}

/* What is proxied cannot be presigned; what is local cannot either, and says so in other words. */
static int refuse_presigned(struct ctx *c, struct str uri, const char *what, const char *of, const char *needs) {
    struct str scheme = uri_split(c->arena, uri).scheme;
    if (uri_is_proxied(uri))
        return fail_invalid(c,
                            "%s is not supported for %s (artifact URI scheme: %.*s). This endpoint requires %s "
                            "artifact URI.",
                            what, of, STR_FMT(scheme), needs);
    int err = artifact_host_check(c, uri, NULL);
    return err ? err : refuse(c, what);
}

int presign_download(struct ctx *c, const struct CreatePresignedDownloadUrl *req,
                     struct CreatePresignedDownloadUrlResponse *res) {
    (void)res;
    struct str path, uri;
    int err = check_present(c, req->run_id, "run_id");
    if (!err)
        err = check_present(c, req->path, "path");
    if (!err)
        err = path_check(c, req->path, &path);
    if (!err && req->expiration.set && (req->expiration.v < 1 || req->expiration.v > EXPIRATION_MAX))
        err = fail_invalid(c, "expiration must be between 1 and %d seconds (got %lld).", EXPIRATION_MAX,
                           (long long)req->expiration.v);
    if (!err)
        err = artifact_root_of_run(c, req->run_id, &uri);
    return err ? err
               : refuse_presigned(c, uri, "Presigned download", "runs with proxied artifact storage",
                                  "a run with a direct cloud storage");
}

int presign_upload(struct ctx *c, const struct CreatePresignedUploadUrl *req,
                   struct CreatePresignedUploadUrlResponse *res) {
    (void)res;
    struct str path, uri;
    int err = check_present(c, req->path, "path");
    if (!err && !req->run_id.n == !req->model_id.n)
        err = fail_invalid(c, "Exactly one of run_id and model_id must be provided.");
    if (!err)
        err = path_check(c, req->path, &path);
    if (!err)
        err =
            req->run_id.n ? artifact_root_of_run(c, req->run_id, &uri) : artifact_root_of_model(c, req->model_id, &uri);
    return err ? err
               : refuse_presigned(c, uri, "Presigned upload", "proxied artifact storage", "a direct cloud storage");
}
