/* The rules of model versions; see versions.h. */
#include "service/versions.h"

#include "base/clock.h"
#include "base/num.h"
#include "service/logged_models.h"
#include "service/registry_events.h"
#include "service/registry_rules.h"
#include "service/version_source.h"
#include "store/q_aliases.h"
#include "store/q_models.h"
#include "store/q_versions.h"

int version_load(struct ctx *c, struct ModelVersion *v) {
    int64_t version;
    must(num_parse_int(v->version.p, v->version.n, &version));
    int err = q_versions_load_tags(c, v, 1);
    return err ? err : q_aliases_of_version(c, v->name, version, &v->aliases);
}

static int answer(struct ctx *c, struct str name, int64_t version, struct ModelVersionResponse *res) {
    res->model_version = ARENA_NEW(c->arena, struct ModelVersion);
    int err = q_version_get(c, name, version, res->model_version);
    return err ? err : version_load(c, res->model_version);
}

/* ---- create --------------------------------------------------------------------------------------------- */

static int check_create(struct ctx *c, const struct CreateModelVersion *req) {
    int err = model_name_check(c, req->name);
    for (size_t i = 0; i < req->tags.n && !err; i++)
        err = version_tag_check(c, req->tags.v[i].key, req->tags.v[i].value);
    return err;
}

/* Gives the version the model's next number and adds it. */
static int add(struct ctx *c, const struct CreateModelVersion *req, const struct version_source *from,
               int64_t *version) {
    int64_t now = clock_ms();
    int err = q_model_touch(c, req->name, now);
    if (!err)
        err = q_version_next(c, req->name, version);
    if (err)
        return err;
    struct ModelVersion v = {
        .name = req->name,
        .creation_timestamp = I64(now),
        .last_updated_timestamp = I64(now),
        .current_stage = STR("None"),
        .description = str_or_empty(req->description),
        .source = from->source,
        .run_id = from->run_id,
        .run_link = str_or_empty(req->run_link),
        .status = ENUM(VERSION_READY),
    };
    return q_version_insert(c, &v, *version, from->storage_location);
}

int version_create(struct ctx *c, const struct CreateModelVersion *req, struct ModelVersionResponse *res) {
    struct version_source from = {0};
    int64_t version = 0;
    int err = version_source_check(c, req, &from);
    if (!err)
        err = check_create(c, req);
    if (!err)
        err = version_source_locate(c, &from);
    if (!err)
        err = add(c, req, &from, &version);
    for (size_t i = 0; i < req->tags.n && !err; i++)
        err = q_version_tag_set(c, req->name, version, req->tags.v[i].key, str_or_empty(req->tags.v[i].value));
    if (!err && from.model_id.n)
        err = logged_model_add_version(c, from.model_id, req->name, version);
    if (!err)
        err = event_version_created(c, req, version, req->source, req->run_id);
    return err ? err : answer(c, req->name, version, res);
}

/* ---- one version ---------------------------------------------------------------------------------------- */

static int check_key(struct ctx *c, struct str name, struct str text, int64_t *version) {
    int err = model_name_check(c, name);
    return err ? err : version_parse(c, text, version);
}

int version_get(struct ctx *c, const struct GetModelVersion *req, struct ModelVersionResponse *res) {
    int64_t version = 0;
    int err = check_key(c, req->name, req->version, &version);
    return err ? err : answer(c, req->name, version, res);
}

/* Moves a version that is known to have a good name and number. */
static int move_to(struct ctx *c, struct str name, int64_t version, struct str text, bool archive,
                   struct ModelVersionResponse *res) {
    struct str stage;
    int64_t now = clock_ms();
    int err = stage_parse(c, text, &stage);
    if (!err)
        err = q_version_check(c, name, version);
    if (!err)
        err = q_model_touch(c, name, now);
    if (!err && archive)
        err = q_versions_archive(c, name, stage, version, now);
    if (!err)
        err = q_version_set_stage(c, name, version, stage, now);
    return err ? err : answer(c, name, version, res);
}

int version_transition(struct ctx *c, const struct TransitionModelVersionStage *req, struct ModelVersionResponse *res) {
    struct str stage;
    int64_t version = 0;
    bool archive = req->archive_existing_versions.v;
    int err = stage_parse(c, req->stage, &stage);
    if (!err && archive && !stage_is_active(stage))
        return fail_invalid(c,
                            "Model version transition cannot archive existing model versions because '%.*s' is not an "
                            "Active stage. Valid stages are ['Staging', 'Production']",
                            STR_FMT(req->stage));
    if (!err)
        err = check_key(c, req->name, req->version, &version);
    return err ? err : move_to(c, req->name, version, stage, archive, res);
}

static int fail_missing(struct ctx *c, const char *field) {
    return fail_invalid(
        c,
        "Missing value for required parameter '%s'. See the API docs for more information about request "
        "parameters.",
        field);
}

/* Which version an update is about, in either API's way to say it. */
static int read_key(struct ctx *c, const struct UpdateModelVersion *req, struct str *name, int64_t *version) {
    const struct VersionName *first = req->model_version;
    if (first && first->registered_model && req->name.n == 0) {
        *name = first->registered_model->name;
        *version = first->version.v;
        return model_name_check(c, *name);
    }
    *name = req->name;
    if (name->n == 0 || req->version.n == 0)
        return fail_missing(c, name->n ? "version" : "name");
    return check_key(c, *name, req->version, version);
}

int version_update(struct ctx *c, const struct UpdateModelVersion *req, struct ModelVersionResponse *res) {
    struct str name;
    int64_t version = 0;
    int err = read_key(c, req, &name, &version);
    if (!err)
        err = q_version_check(c, name, version);
    if (!err && (req->description.p || !req->stage.p))
        err = q_version_describe(c, name, version, req->description, clock_ms());
    if (!err && req->stage.p)
        return move_to(c, name, version, req->stage, false, res);
    return err ? err : answer(c, name, version, res);
}

int version_delete(struct ctx *c, const struct DeleteModelVersion *req, struct Empty *res) {
    int64_t version = 0, now = clock_ms();
    (void)res;
    int err = version_parse(c, req->version, &version);
    if (!err)
        err = model_name_check(c, req->name);
    if (!err)
        err = q_version_check(c, req->name, version);
    if (!err)
        err = q_model_touch(c, req->name, now);
    if (!err)
        err = q_aliases_delete_of_version(c, req->name, version);
    return err ? err : q_version_redact(c, req->name, version, now);
}

int version_download_uri(struct ctx *c, const struct GetModelVersionDownloadUri *req,
                         struct GetModelVersionDownloadUriResponse *res) {
    int64_t version = 0;
    int err = check_key(c, req->name, req->version, &version);
    return err ? err : q_version_location(c, req->name, version, &res->artifact_uri);
}
