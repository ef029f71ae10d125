/* The rules of sources; see version_source.h. */
#include "service/version_source.h"

#include <ctype.h>
#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "artifact/path.h"
#include "artifact/uri.h"
#include "service/aliases.h"
#include "service/models.h"
#include "service/registry_rules.h"
#include "store/q_logged_models.h"
#include "store/q_runs.h"
#include "store/q_versions.h"

#define SOURCE_PATTERN "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"

/* Who a source must belong to: the logged model when the request names one, else the run. */
struct owner {
    const char *field; /* "model_id" or "run_id" */
    bool model;
    struct str id;
};

static int fail_owner(struct ctx *c, struct str source, const char *field) {
    return fail_invalid(
        c,
        "Invalid model version source: '%.*s'. The %s request parameter must identify the resource that "
        "contains the source.",
        STR_FMT(source), field);
}

/* Where the owner's files are. */
static int load_root(struct ctx *c, const struct owner *o, struct str source, struct str *root) {
    struct logged_model_head model;
    struct run_head run;
    int err = o->model ? q_logged_model_head(c, o->id, false, &model) : q_run_head(c, o->id, &run);
    if (err == ERR_NOT_FOUND)
        return fail_owner(c, source, o->field);
    if (!err)
        *root = o->model ? model.artifact_location : run.artifact_uri;
    return err;
}

/* ---- models:/ URIs -------------------------------------------------------------------------------------- */

static bool all_digits(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!isdigit((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

/* "name@alias" or a logged model's id. */
static bool parse_single(struct str part, struct model_uri *out) {
    size_t at = part.n;
    while (at > 0 && part.p[at - 1] != '@')
        at--;
    if (at == 0) {
        out->model_id = part;
        return true;
    }
    out->name = str_sub(part, 0, at - 1);
    out->alias = str_sub(part, at, part.n);
    return str_trim(out->alias).n > 0;
}

bool model_uri_parse(struct str uri, struct model_uri *out) {
    *out = (struct model_uri){0};
    if (uri.n < 7 || !str_ieq(str_sub(uri, 0, 7), STR("models:")))
        return false;
    struct str path = str_sub(uri, 7, uri.n);
    ptrdiff_t query = str_chr(path, '?');
    path = str_sub(path, 0, query < 0 ? path.n : (size_t)query);
    if (path.n < 2 || path.p[0] != '/')
        return false;
    while (path.n && path.p[0] == '/')
        path = str_sub(path, 1, path.n);
    ptrdiff_t slash = str_chr(path, '/');
    struct str name = str_sub(path, 0, slash < 0 ? path.n : (size_t)slash);
    if (str_trim(name).n == 0)
        return false;
    if (slash < 0)
        return parse_single(name, out);
    struct str suffix = str_sub(path, (size_t)slash + 1, path.n);
    if (str_trim(suffix).n == 0 || str_chr(suffix, '/') >= 0)
        return false;
    out->name = name;
    if (all_digits(suffix))
        out->version = suffix;
    else if (!str_ieq(suffix, STR("latest")))
        out->stage = suffix;
    return true;
}

/* The version a URI of a registered model means. MLflow: get_model_name_and_version. */
static int find_version(struct ctx *c, const struct model_uri *uri, struct str *version) {
    *version = uri->version;
    if (version->p)
        return OK;
    if (uri->alias.p) {
        struct ModelVersionResponse found = {0};
        int err = alias_get(c, &(struct GetModelVersionByAlias){uri->name, uri->alias}, &found);
        if (!err)
            *version = found.model_version->version;
        return err;
    }
    struct GetLatestVersionsResponse latest = {0};
    struct str stage = uri->stage;
    struct GetLatestVersions ask = {.name = uri->name, .stages = {&stage, stage.p ? 1 : 0}};
    int64_t top = 0;
    int err = model_latest_versions(c, &ask, &latest);
    for (size_t i = 0; i < latest.model_versions.n && !err; i++) {
        int64_t number = 0;
        err = version_parse(c, latest.model_versions.v[i].version, &number);
        top = number > top ? number : top;
    }
    if (!err && top == 0)
        return fail_invalid(c, "No versions of model with name '%.*s'%s%.*s%s found", STR_FMT(uri->name),
                            stage.p ? " and stage '" : "", STR_FMT(stage), stage.p ? "'" : "");
    *version = str_fmt(c->arena, "%ld", (long)top);
    return err;
}

/* ---- another registered model as source ----------------------------------------------------------------- */

/* When given, both must be those of the version that is the source. */
static bool lineage_agrees(const struct CreateModelVersion *req, const struct ModelVersion *v) {
    return (!req->run_id.p || str_eq(req->run_id, v->run_id)) && (!req->model_id.p || req->model_id.n == 0);
}

/* MLflow: _resolve_registered_model_source_lineage. */
static int follow_registered(struct ctx *c, const struct CreateModelVersion *req, struct version_source *out) {
    struct uri parts = uri_split(c->arena, req->source);
    struct ModelVersion v = {0};
    struct model_uri uri;
    struct str text;
    bool prompt;
    int64_t number = 0;
    if (!str_is(parts.scheme, "models"))
        return OK;
    if (parts.authority.n)
        return fail_invalid(c,
                            "Invalid model version source: '%.*s'. Registered model sources must use the active model "
                            "registry.",
                            STR_FMT(req->source));
    if (!model_uri_parse(req->source, &uri))
        return fail_owner(c, req->source, "model_id");
    if (uri.model_id.p)
        return OK;
    int err = model_name_check(c, uri.name);
    if (!err)
        err = model_is_prompt(c, uri.name, &prompt);
    if (!err && prompt)
        return fail_invalid(c,
                            "Invalid model version source: '%.*s'. Prompt versions cannot be used as model version "
                            "sources.",
                            STR_FMT(req->source));
    if (!err)
        err = find_version(c, &uri, &text);
    if (!err)
        err = version_parse(c, text, &number);
    if (!err)
        err = q_version_get(c, uri.name, number, &v);
    if (err)
        return err;
    if (!lineage_agrees(req, &v))
        return fail_invalid(
            c,
            "Invalid model version source: '%.*s'. The run_id and model_id request parameters must match "
            "the referenced model version.",
            STR_FMT(req->source));
    out->source = str_fmt(c->arena, "models:/%.*s/%.*s", STR_FMT(uri.name), STR_FMT(v.version));
    if (!req->run_id.p)
        out->run_id = v.run_id;
    return OK;
}

/* ---- local sources -------------------------------------------------------------------------------------- */

/* The path with symbolic links, "." and ".." followed as far as the files exist. MLflow: pathlib's resolve. */
static struct str resolve(struct arena *a, struct str path) {
    char real[PATH_MAX];
    struct str at = STR("");
    if ((path.n == 0 || path.p[0] != '/') && getcwd(real, sizeof real))
        at = str_dup(a, str_of(real));
    for (size_t i = 0; i <= path.n;) {
        size_t end = i;
        while (end < path.n && path.p[end] != '/')
            end++;
        struct str part = str_sub(path, i, end - i);
        i = end + 1;
        if (part.n == 0 || str_is(part, "."))
            continue;
        at = str_is(part, "..") ? path_dir(at) : str_fmt(a, "%.*s/%.*s", STR_FMT(at), STR_FMT(part));
        if (at.n && realpath(str_dup(a, at).p, real))
            at = str_dup(a, str_of(real));
    }
    return at;
}

static bool lies_within(struct str path, struct str root) {
    return str_starts(path, root) && (path.n == root.n || path.p[root.n] == '/');
}

/* MLflow: is_local_uri; a file: URI of another host is an error. */
static int is_local(struct ctx *c, struct str source, bool *local) {
    struct uri u = uri_split(c->arena, source);
    *local = (u.scheme.n == 0 && !str_is(source, "databricks")) || str_is(u.scheme, "file");
    if (!*local || uri_local_path(c->arena, source).p)
        return OK;
    return fail_invalid(c,
                        "%.*s is not a valid remote uri. For remote access on windows, please consider using a "
                        "different scheme such as SMB (e.g. smb://<hostname>/<path>).",
                        STR_FMT(source));
}

static int check_local(struct ctx *c, struct str source, const struct owner *o) {
    struct str root = {0}, path = uri_local_path(c->arena, source);
    int err = o->id.n ? load_root(c, o, source, &root) : OK;
    if (err)
        return err;
    struct str dir = root.p ? uri_local_path(c->arena, root) : root;
    bool readable = memchr(path.p, 0, path.n) == NULL;
    if (o->id.n && readable)
        source = resolve(c->arena, path);
    if (dir.p && readable && lies_within(source, resolve(c->arena, dir)))
        return OK;
    return fail_invalid(c,
                        "Invalid model version source: '%.*s'. To use a local path as a model version source, the %s "
                        "request parameter has to be specified and the local path has to be contained within the "
                        "artifact directory of the run specified by the %s.",
                        STR_FMT(source), o->field, o->field);
}

/* ---- remote sources ------------------------------------------------------------------------------------- */

/* Percent-decoded until nothing changes, with '+' for a space. */
static struct str unquote_fully(struct arena *a, struct str s) {
    for (;;) {
        struct str plain = str_dup(a, s);
        for (size_t i = 0; i < plain.n; i++)
            if (plain.p[i] == '+')
                ((char *)plain.p)[i] = ' ';
        struct str next = path_unquote(a, plain);
        if (str_eq(next, s))
            return s;
        s = next;
    }
}

static bool has_parent_part(struct str s) {
    for (size_t i = 0; i <= s.n;) {
        size_t end = i;
        while (end < s.n && s.p[end] != '/')
            end++;
        if (str_is(str_sub(s, i, end - i), ".."))
            return true;
        i = end + 1;
    }
    return false;
}

/* Absolute, and without "." parts. */
static bool is_plain_path(struct str path) {
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    if (path.n == 0 || path.p[0] != '/' || memchr(path.p, 0, path.n))
        return false;
    return str_find(path, STR("/./")) < 0 && !str_ends(path, STR("/."));
}

/* MLflow: _validate_non_local_source_contains_relative_paths. */
static int check_absolute(struct ctx *c, struct str source) {
    struct str plain = unquote_fully(c->arena, source);
    if (!has_parent_part(plain) && is_plain_path(uri_split(c->arena, plain).path))
        return OK;
    return fail_invalid(
        c,
        "Invalid model version source: '%.*s'. If supplying a source as an http, https, local file path, "
        "ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative "
        "path references present. Please provide an absolute path.",
        STR_FMT(source));
}

/* The path's parts that are not empty, each decoded fully; "a;b" stays one part. */
static struct str_list path_parts(struct arena *a, struct str text) {
    struct uri u = uri_split(a, text);
    struct str path = str_sub(text, (size_t)(u.path.p - text.p), text.n); /* parts of a URI are slices of it */
    path.n = strcspn(str_dup(a, path).p, "?#");
    struct str_list out = {ARENA_ARRAY(a, struct str, path.n / 2 + 1), 0};
    for (size_t i = 0; i < path.n;) {
        size_t end = i;
        while (end < path.n && path.p[end] != '/')
            end++;
        struct str part = str_sub(path, i, end - i), next;
        while (!str_eq(next = path_unquote(a, part), part))
            part = next;
        if (end > i)
            out.v[out.n++] = part;
        i = end + 1;
    }
    return out;
}

static bool parts_start(const struct str_list *parts, size_t from, const struct str *v, size_t n) {
    if (parts->n - from < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eq(parts->v[from + i], v[i]))
            return false;
    return true;
}

/* Does the source go through the server's artifact proxy? MLflow: _is_mlflow_artifact_source. */
static bool is_proxied(struct arena *a, struct str source) {
    static const struct str route[] = {STR("api"), STR("2.0"), STR("mlflow-artifacts"), STR("artifacts")};
    struct uri u = uri_split(a, source);
    if (str_is(u.scheme, "mlflow-artifacts"))
        return true;
    if (!str_is(u.scheme, "http") && !str_is(u.scheme, "https"))
        return false;
    struct str_list parts = path_parts(a, source);
    for (size_t i = 0; i < parts.n; i++)
        if (parts_start(&parts, i, route, sizeof route / sizeof *route))
            return true;
    return false;
}

/* MLflow: _is_uri_within_root. */
static bool uri_lies_within(struct arena *a, struct str source, struct str root) {
    struct uri s = uri_split(a, source), r = uri_split(a, root);
    struct str_list parts = path_parts(a, source), root_parts = path_parts(a, root);
    return str_eq(s.scheme, r.scheme) && str_ieq(s.authority, r.authority) && root_parts.n > 0 &&
           parts_start(&parts, 0, root_parts.v, root_parts.n);
}

static int check_proxied(struct ctx *c, struct str source, const struct owner *o) {
    struct str root = {0};
    int err = o->id.n ? load_root(c, o, source, &root) : OK;
    if (err)
        return err;
    return root.p && uri_lies_within(c->arena, source, root) ? OK : fail_owner(c, source, o->field);
}

/* runs:/<run_id>/path must be of the run that the request names. */
static int check_runs(struct ctx *c, struct str source, const struct uri *u, const struct owner *o) {
    struct str path = str_sub(u->path, 1, u->path.n);
    ptrdiff_t slash = str_chr(path, '/');
    struct str run_id = str_sub(path, 0, slash < 0 ? path.n : (size_t)slash);
    if (o->model || u->authority.n || o->id.n == 0 || !str_eq(run_id, o->id))
        return fail_owner(c, source, o->field);
    return OK;
}

/* models:/<model_id> must be the logged model that the request names. */
static int check_models(struct ctx *c, struct str source, const struct uri *u, const struct owner *o) {
    struct model_uri uri;
    bool good = u->authority.n == 0 && model_uri_parse(source, &uri);
    if (good && uri.model_id.p)
        good = o->model && str_eq(uri.model_id, o->id);
    return good ? OK : fail_owner(c, source, "model_id");
}

/* MLflow: _validate_source_run, _validate_source_model. */
static int check_owned(struct ctx *c, struct str source, const struct owner *o) {
    bool local = false;
    int err = is_local(c, source, &local);
    if (err || local)
        return err ? err : check_local(c, source, o);
    err = check_absolute(c, source);
    if (err)
        return err;
    struct uri u = uri_split(c->arena, source);
    if (str_is(u.scheme, "runs"))
        return check_runs(c, source, &u, o);
    if (str_is(u.scheme, "models"))
        return check_models(c, source, &u, o);
    return is_proxied(c->arena, source) ? check_proxied(c, source, o) : OK;
}

/* ---- all together --------------------------------------------------------------------------------------- */

/* The pattern every source must hold when the operator set one. */
static int check_pattern(struct ctx *c, struct str source) {
    const char *pattern = getenv(SOURCE_PATTERN);
    regex_t re;
    if (!pattern || !*pattern)
        return OK;
    bool good = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) == 0;
    if (good) {
        good = regexec(&re, str_dup(c->arena, source).p, 0, NULL, 0) == 0;
        regfree(&re);
    }
    return good ? OK : fail_invalid(c, "Invalid model version source: '%.*s'.", STR_FMT(source));
}

static int check_prompt(struct ctx *c, struct str source) {
    if (str_is(source, "dummy-source") || str_is(source, "prompt-template"))
        return OK;
    return fail_invalid(c, "Invalid prompt source: '%.*s'. Prompt sources must use an MLflow placeholder.",
                        STR_FMT(source));
}

int version_source_check(struct ctx *c, const struct CreateModelVersion *req, struct version_source *out) {
    bool prompt = version_tags_say_prompt(&req->tags);
    *out = (struct version_source){.source = req->source, .run_id = req->run_id, .model_id = req->model_id};
    if (!out->run_id.p)
        out->run_id = STR("");
    int err = check_pattern(c, req->source);
    if (!err && prompt)
        err = check_prompt(c, req->source);
    if (!err)
        err = artifact_host_check(c, req->source, "source");
    if (err || prompt)
        return err;
    err = follow_registered(c, req, out);
    if (err)
        return err;
    bool model = out->model_id.n > 0;
    return check_owned(c, out->source,
                       &(struct owner){model ? "model_id" : "run_id", model, model ? out->model_id : out->run_id});
}

/* What a models:/ source leads to. */
static int locate_models(struct ctx *c, struct version_source *s) {
    struct logged_model_head model;
    struct model_uri uri;
    int64_t version = 0;
    int err = model_uri_parse(s->source, &uri) ? OK : fail_owner(c, s->source, "model_id");
    if (!err && uri.model_id.p) {
        err = q_logged_model_head(c, uri.model_id, false, &model);
        if (!err && s->run_id.n == 0)
            s->run_id = model.source_run_id;
        if (!err)
            s->storage_location = model.artifact_location;
    } else if (!err) {
        err = version_parse(c, uri.version, &version);
        if (!err)
            err = q_version_location(c, uri.name, version, &s->storage_location);
    }
    if (err != ERR_NOT_FOUND && err != ERR_INVALID_PARAMETER)
        return err;
    struct str cause = c->message;
    return fail_invalid(c, "Unable to fetch model from model URI source artifact location '%.*s'.Error: %.*s",
                        STR_FMT(s->source), STR_FMT(cause));
}

int version_source_locate(struct ctx *c, struct version_source *s) {
    struct logged_model_head model;
    s->storage_location = s->source;
    if (str_is(uri_split(c->arena, s->source).scheme, "models")) {
        int err = locate_models(c, s);
        if (err)
            return err;
    }
    if (s->run_id.n || s->model_id.n == 0)
        return OK;
    int err = q_logged_model_head(c, s->model_id, false, &model);
    if (!err)
        s->run_id = model.source_run_id;
    return err;
}
