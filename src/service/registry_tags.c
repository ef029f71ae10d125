/* The rules of the registry's tags; see registry_tags.h. */
#include "service/registry_tags.h"

#include "service/registry_events.h"
#include "service/registry_rules.h"
#include "service/validate.h"
#include "store/q_models.h"
#include "store/q_versions.h"

static int check_model(struct ctx *c, struct str name) {
    struct RegisteredModel model = {0};
    return q_model_get(c, name, &model);
}

int model_tag_set(struct ctx *c, const struct SetRegisteredModelTag *req, struct Empty *res) {
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = model_tag_check(c, req->key, req->value);
    if (!err)
        err = check_model(c, req->name);
    if (!err)
        err = q_model_tag_set(c, req->name, req->key, str_or_empty(req->value));
    return err ? err : event_model_tag(c, req->name, req->key, str_or_empty(req->value));
}

int model_tag_delete(struct ctx *c, const struct DeleteRegisteredModelTag *req, struct Empty *res) {
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = validate_key(c, req->key);
    if (!err)
        err = check_model(c, req->name);
    if (!err)
        err = q_model_tag_delete(c, req->name, req->key);
    return err ? err : event_model_tag(c, req->name, req->key, (struct str){0});
}

int version_tag_set(struct ctx *c, const struct SetModelVersionTag *req, struct Empty *res) {
    int64_t version = 0;
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = version_parse(c, req->version, &version);
    if (!err)
        err = version_tag_check(c, req->key, req->value);
    if (!err)
        err = q_version_check(c, req->name, version);
    if (!err)
        err = q_version_tag_set(c, req->name, version, req->key, str_or_empty(req->value));
    return err ? err : event_version_tag(c, req->name, req->version, req->key, str_or_empty(req->value));
}

int version_tag_delete(struct ctx *c, const struct DeleteModelVersionTag *req, struct Empty *res) {
    int64_t version = 0;
    (void)res;
    int err = model_name_check(c, req->name);
    if (!err)
        err = version_parse(c, req->version, &version);
    if (!err)
        err = validate_key(c, req->key);
    if (!err)
        err = q_version_check(c, req->name, version);
    if (!err)
        err = q_version_tag_delete(c, req->name, version, req->key);
    return err ? err : event_version_tag(c, req->name, req->version, req->key, (struct str){0});
}
