/* Where artifacts are, by what they belong to; see artifact_roots.h. */
#include "service/artifact_roots.h"

#include "artifact/path.h"
#include "artifact/uri.h"
#include "service/registry_rules.h"
#include "store/q_artifact_roots.h"
#include "store/q_runs.h"
#include "store/q_versions.h"

enum { FOLLOW_MAX = 8 };

int artifact_root_of_run(struct ctx *c, struct str run_id, struct str *uri) {
    struct run_head run;
    int err = q_run_head(c, run_id, &run);
    if (!err)
        *uri = run.artifact_uri;
    return err;
}

int artifact_root_of_model(struct ctx *c, struct str model_id, struct str *uri) {
    bool found;
    int err = q_logged_model_root(c, model_id, &found, uri);
    if (!err && !found)
        return fail(c, ERR_NOT_FOUND, "Logged model with ID '%.*s' not found.", STR_FMT(model_id));
    return err;
}

static int location_of_version(struct ctx *c, struct str name, struct str version, struct str *uri) {
    int64_t number;
    int err = version_parse(c, version.p ? version : STR(""), &number);
    return err ? err : q_version_location(c, name, number, uri);
}

/* runs:/<run id>/<path> */
static int follow_run(struct ctx *c, struct str path, struct str *uri) {
    ptrdiff_t slash = str_chr(path, '/');
    struct str run_id = str_sub(path, 0, slash < 0 ? path.n : (size_t)slash);
    int err = artifact_root_of_run(c, run_id, uri);
    if (!err && slash >= 0)
        *uri = uri_append_path(c->arena, *uri, str_sub(path, (size_t)slash + 1, path.n));
    return err;
}

/* models:/<name>/<version> or models:/<model id> */
static int follow_model(struct ctx *c, struct str path, struct str *uri) {
    ptrdiff_t slash = str_chr(path, '/');
    if (slash < 0)
        return artifact_root_of_model(c, path, uri);
    return location_of_version(c, str_sub(path, 0, (size_t)slash), str_sub(path, (size_t)slash + 1, path.n), uri);
}

int artifact_root_of_version(struct ctx *c, struct str name, struct str version, struct str *uri) {
    int err = model_name_check(c, name);
    if (!err)
        err = location_of_version(c, name, version, uri);
    for (int i = 0; !err && i < FOLLOW_MAX; i++) {
        struct uri u = uri_split(c->arena, *uri);
        struct str path = path_normal(c->arena, u.path);
        if (str_is(u.scheme, "runs"))
            err = follow_run(c, path, uri);
        else if (str_is(u.scheme, "models"))
            err = follow_model(c, path, uri);
        else
            return 0;
    }
    return err ? err : fail_invalid(c, "The source of model version '%.*s' leads nowhere.", STR_FMT(version));
}
