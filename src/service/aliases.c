/* The rules of aliases; see aliases.h. */
#include "service/aliases.h"

#include "base/num.h"
#include "service/registry_events.h"
#include "service/registry_rules.h"
#include "service/versions.h"
#include "store/q_aliases.h"
#include "store/q_models.h"
#include "store/q_versions.h"

int alias_set(struct ctx *c, const struct SetRegisteredModelAlias *req, struct Empty *res) {
    int64_t version = 0;
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = alias_name_check(c, req->alias);
    if (!err)
        err = alias_name_check_reserved(c, req->alias);
    if (!err)
        err = version_parse(c, req->version, &version);
    if (!err)
        err = q_version_check(c, req->name, version);
    if (!err)
        err = q_alias_set(c, req->name, req->alias, version);
    return err ? err : event_alias(c, req->name, req->alias, req->version);
}

int alias_delete(struct ctx *c, const struct DeleteRegisteredModelAlias *req, struct Empty *res) {
    struct RegisteredModel model = {0};
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = alias_name_check(c, req->alias);
    if (!err)
        err = q_model_get(c, req->name, &model);
    if (!err)
        err = q_alias_delete(c, req->name, req->alias);
    return err ? err : event_alias(c, req->name, req->alias, (struct str){0});
}

/* Says why there is no such version: no model, or no alias. */
static int fail_absent(struct ctx *c, const struct GetModelVersionByAlias *req, bool latest) {
    struct RegisteredModel model = {0};
    int err = q_model_get(c, req->name, &model);
    if (err)
        return err;
    if (latest)
        return fail(c, ERR_NOT_FOUND, "Latest version not found for model %.*s.", STR_FMT(req->name));
    return fail_invalid(c, "Registered model alias %.*s not found.", STR_FMT(req->alias));
}

int alias_get(struct ctx *c, const struct GetModelVersionByAlias *req, struct ModelVersionResponse *res) {
    bool latest = str_ieq(req->alias, STR("latest")), found = false;
    struct ModelVersion *v = ARENA_NEW(c->arena, struct ModelVersion);
    int err = model_name_check(c, req->name);
    if (!err)
        err = alias_name_check(c, req->alias);
    if (!err)
        err =
            latest ? q_version_last(c, req->name, &found, v) : q_version_by_alias(c, req->name, req->alias, &found, v);
    if (!err && !found)
        err = fail_absent(c, req, latest);
    if (err)
        return err;
    res->model_version = v;
    return version_load(c, v);
}
