/* The registry's first API; see registry_first.h. */
#include "service/registry_first.h"

#include "service/models.h"
#include "service/registry_rules.h"
#include "store/q_versions.h"

static struct ModelName *model_name(struct ctx *c, struct str name) {
    struct ModelName *m = ARENA_NEW(c->arena, struct ModelName);
    m->name = name;
    return m;
}

static int detail_version(struct ctx *c, const struct ModelVersion *v, struct VersionDetailed *out) {
    int64_t number = 0;
    int err = version_parse(c, v->version, &number);
    struct VersionName *name = ARENA_NEW(c->arena, struct VersionName);
    name->registered_model = model_name(c, v->name);
    name->version = I64(number);
    *out = (struct VersionDetailed){
        .model_version = name,
        .creation_timestamp = v->creation_timestamp,
        .last_updated_timestamp = v->last_updated_timestamp,
        .user_id = v->user_id,
        .current_stage = v->current_stage,
        .description = v->description,
        .source = v->source,
        .run_id = v->run_id,
        .status = v->status,
        .status_message = v->status_message,
    };
    return err;
}

int model_details(struct ctx *c, const struct GetModelDetails *req, struct GetModelDetailsResponse *res) {
    struct GetRegisteredModel get = {.name = req->registered_model ? req->registered_model->name : req->name};
    struct RegisteredModelResponse later = {0};
    int err = model_get(c, &get, &later);
    if (err)
        return err;
    const struct RegisteredModel *m = later.registered_model;
    struct ModelDetailed *out = res->registered_model_detailed = ARENA_NEW(c->arena, struct ModelDetailed);
    out->registered_model = model_name(c, m->name);
    out->creation_timestamp = m->creation_timestamp;
    out->last_updated_timestamp = m->last_updated_timestamp;
    out->description = m->description;
    out->latest_versions.v = ARENA_ARRAY(c->arena, struct VersionDetailed, m->latest_versions.n);
    for (; out->latest_versions.n < m->latest_versions.n && !err; out->latest_versions.n++) {
        size_t i = out->latest_versions.n;
        err = detail_version(c, &m->latest_versions.v[i], &out->latest_versions.v[i]);
    }
    return err;
}

/* Which version is asked for, in either API's way to say it. */
static int read_key(struct ctx *c, const struct GetVersionDetails *req, struct str *name, int64_t *version) {
    const struct VersionName *first = req->model_version;
    *name = first && first->registered_model ? first->registered_model->name : req->name;
    int err = model_name_check(c, *name);
    if (err || !first)
        return err ? err : version_parse(c, req->version, version);
    *version = first->version.v;
    return OK;
}

int version_details(struct ctx *c, const struct GetVersionDetails *req, struct GetVersionDetailsResponse *res) {
    struct ModelVersion v = {0};
    struct str name;
    int64_t version = 0;
    int err = read_key(c, req, &name, &version);
    if (!err)
        err = q_version_get(c, name, version, &v);
    if (err)
        return err;
    res->model_version_detailed = ARENA_NEW(c->arena, struct VersionDetailed);
    return detail_version(c, &v, res->model_version_detailed);
}

int version_stages(struct ctx *c, const struct GetVersionDetails *req, struct GetVersionStagesResponse *res) {
    static const struct str stages[] = {STR("None"), STR("Staging"), STR("Production"), STR("Archived")};
    struct str name;
    int64_t version = 0;
    int err = read_key(c, req, &name, &version);
    res->stages = (struct str_list){arena_raw(c->arena, sizeof stages), sizeof stages / sizeof *stages};
    memcpy(res->stages.v, stages, sizeof stages);
    return err ? err : q_version_check(c, name, version);
}

int version_details_uri(struct ctx *c, const struct GetVersionDetails *req,
                        struct GetModelVersionDownloadUriResponse *res) {
    struct str name;
    int64_t version = 0;
    int err = read_key(c, req, &name, &version);
    return err ? err : q_version_location(c, name, version, &res->artifact_uri);
}
