/* Artifacts in and out; see artifacts.h. Bodies are streamed: a handler never holds more of a file than the piece the
 * http room gives it. Invariant: every path a client gives passes path_check before it is joined to a root, and an
 * upload that is not complete leaves nothing. */
#include "api/artifacts.h"

#include "api/artifact_send.h"
#include "app/app.h"
#include "artifact/path.h"
#include "artifact/place.h"
#include "service/artifact_roots.h"
#include "store/store.h"

enum { UPLOAD_MAX = 10 * 1024 * 1024 };

/* ---- helpers ---- */

/* Out of space is the server's fault, and trying again at once is of no use. */
static int refuse(struct exchange *x, int err) {
    response_error(x);
    if (err == ERR_LIMIT_EXCEEDED)
        x->res.status = 507;
    return err;
}

static struct str path_param(const struct exchange *x, const char *name) {
    for (size_t i = 0; i < x->path_params.n; i++)
        if (str_is(x->path_params.v[i].name, name))
            return x->path_params.v[i].value;
    return STR("");
}

static int fail_missing(struct ctx *c, const char *name) {
    return fail_invalid(c,
                        "Missing value for required parameter '%s'. See the API docs for more information about "
                        "request parameters.",
                        name);
}

/* What a file belongs to, and where its artifacts are. */
enum owner { OWNER_RUN, OWNER_VERSION, OWNER_MODEL };

struct lookup {
    enum owner owner;
    struct str id, version;
    struct str uri; /* the answer */
};

static int find_root(struct ctx *c, void *arg) {
    struct lookup *l = arg;
    switch (l->owner) {
    case OWNER_RUN: return artifact_root_of_run(c, l->id, &l->uri);
    case OWNER_VERSION: return artifact_root_of_version(c, l->id, l->version, &l->uri);
    case OWNER_MODEL: break;
    }
    return artifact_root_of_model(c, l->id, &l->uri);
}

static int open_place(struct exchange *x, struct lookup *l, struct artifact_place *out) {
    int err = store_read(x->c, x->app->store, find_root, l);
    return err ? err : place_open(x->c, l->uri, x->app->artifacts, out);
}

/* ---- proxied artifacts: download ---- */

static void serve_get(struct exchange *x) {
    struct str path;
    int err = path_check(x->c, path_param(x, "artifact_path"), &path);
    if (!err)
        err = artifact_send(x, x->app->artifacts, path_normal(x->c->arena, path));
    if (err)
        refuse(x, err);
}

const struct raw_handler artifact_get_handler = {.finish = serve_get};

/* ---- proxied artifacts: upload ---- */

/* Opens a writer for a path that a client gave, beneath a place. */
static int begin_upload(struct exchange *x, const struct artifact_place *place, struct str path,
                        struct artifact_writer **out) {
    struct str base = path_base(path);
    if (base.n == 0)
        return fail_invalid(x->c, "Artifact path must include a filename (cannot end with '/').");
    int err = path_check_unique(x->c, path_dir(path));
    if (err)
        return err;
    path = path_join(x->c->arena, place_path(x->c->arena, place, path_dir(path)), base);
    return artifact_begin(x->c, place->root, path, x->content_length, out);
}

static int put_begin(struct exchange *x) {
    struct artifact_place root = {.root = x->app->artifacts, .prefix = STR("")};
    struct artifact_writer *w = NULL;
    struct str path;
    int err = path_check(x->c, path_param(x, "artifact_path"), &path);
    if (!err)
        err = begin_upload(x, &root, path, &w);
    if (err)
        return refuse(x, err);
    x->state = w;
    return 0;
}

static int put_body(struct exchange *x, const char *p, size_t n) {
    int err = artifact_append(x->c, x->state, p, n);
    return err ? refuse(x, err) : 0;
}

static void put_finish(struct exchange *x) {
    int err = artifact_commit(x->c, x->state);
    if (err)
        refuse(x, err);
}

static void put_abort(struct exchange *x) {
    artifact_abort(x->state);
}

const struct raw_handler artifact_put_handler = {put_begin, put_body, put_finish, put_abort};

/* ---- artifacts of runs, versions and models: download ---- */

static int send_owned(struct exchange *x, struct lookup *l, struct str given) {
    struct artifact_place place;
    struct str path;
    int err = path_check(x->c, given, &path);
    if (!err)
        err = open_place(x, l, &place);
    if (err)
        return err;
    err = artifact_send(x, place.root, place_path(x->c->arena, &place, path));
    place_close(&place);
    return err;
}

static void serve_run_artifact(struct exchange *x) {
    struct lookup l = {.owner = OWNER_RUN, .id = exchange_query(x, "run_id")};
    struct str path = exchange_query(x, "path");
    if (l.id.n == 0)
        l.id = exchange_query(x, "run_uuid");
    if (!l.id.p)
        l.id = STR("None"); /* as the official server names it */
    int err = path.p ? send_owned(x, &l, path) : fail_missing(x->c, "path");
    if (err)
        refuse(x, err);
}

static void serve_version_artifact(struct exchange *x) {
    struct lookup l = {
        .owner = OWNER_VERSION, .id = exchange_query(x, "name"), .version = exchange_query(x, "version")};
    struct str path = exchange_query(x, "path");
    int err = path.p ? send_owned(x, &l, path) : fail_missing(x->c, "path");
    if (err)
        refuse(x, err);
}

static void serve_model_artifact(struct exchange *x) {
    struct lookup l = {.owner = OWNER_MODEL, .id = path_param(x, "model_id")};
    struct str path = exchange_query(x, "artifact_file_path");
    int err = path.n ? send_owned(x, &l, path)
                     : fail(x->c, ERR_BAD_REQUEST, "Request must include the \"artifact_file_path\" query parameter.");
    if (err)
        refuse(x, err);
}

const struct raw_handler run_artifact_handler = {.finish = serve_run_artifact};
const struct raw_handler version_artifact_handler = {.finish = serve_version_artifact};
const struct raw_handler model_artifact_handler = {.finish = serve_model_artifact};

/* ---- upload of the UI ---- */

struct upload {
    struct artifact_place place;
    struct artifact_writer *writer;
    size_t n;
};

static int check_upload_size(struct ctx *c, uint64_t n) {
    return n > UPLOAD_MAX ? fail_invalid(c, "Artifact size is too large. Max size is 10MB.") : 0;
}

static int check_upload(struct exchange *x, struct lookup *l, struct str *path) {
    struct str given = exchange_query(x, "path");
    if (l->id.n == 0)
        return fail_invalid(x->c, "Request must specify run_uuid.");
    if (given.n == 0)
        return fail_invalid(x->c, "Request must specify path.");
    int err = path_check(x->c, given, path);
    if (!err && x->content_length > 0)
        err = check_upload_size(x->c, (uint64_t)x->content_length);
    if (!err && x->content_length == 0)
        err = fail_invalid(x->c, "Request must specify data.");
    return err;
}

static int upload_begin(struct exchange *x) {
    struct upload *u = ARENA_NEW(x->c->arena, struct upload);
    struct lookup l = {.owner = OWNER_RUN, .id = exchange_query(x, "run_uuid")};
    struct str path;
    int err = check_upload(x, &l, &path);
    if (!err)
        err = open_place(x, &l, &u->place);
    if (err)
        return refuse(x, err);
    err = begin_upload(x, &u->place, path, &u->writer);
    if (err) {
        place_close(&u->place);
        return refuse(x, err);
    }
    x->state = u;
    return 0;
}

static int upload_body(struct exchange *x, const char *p, size_t n) {
    struct upload *u = x->state;
    u->n += n;
    int err = check_upload_size(x->c, u->n);
    if (!err)
        err = artifact_append(x->c, u->writer, p, n);
    return err ? refuse(x, err) : 0;
}

static void upload_abort(struct exchange *x) {
    struct upload *u = x->state;
    artifact_abort(u->writer);
    place_close(&u->place);
}

static void upload_finish(struct exchange *x) {
    struct upload *u = x->state;
    if (u->n == 0) {
        upload_abort(x);
        refuse(x, fail_invalid(x->c, "Request must specify data."));
        return;
    }
    int err = artifact_commit(x->c, u->writer);
    place_close(&u->place);
    if (err)
        refuse(x, err);
    else
        x->res.type = STR("application/json");
}

const struct raw_handler run_upload_handler = {upload_begin, upload_body, upload_finish, upload_abort};
