/* The rules of registered models; see models.h. */
#include "service/models.h"

#include "base/clock.h"
#include "base/num.h"
#include "service/python_text.h"
#include "service/registry_events.h"
#include "service/registry_rules.h"
#include "store/list.h"
#include "store/q_aliases.h"
#include "store/q_models.h"
#include "store/q_versions.h"

int model_load(struct ctx *c, enum latest_order order, struct RegisteredModel *model) {
    int err = q_versions_latest(c, model->name, order, &model->latest_versions);
    if (!err)
        err = q_versions_load_tags(c, model->latest_versions.v, model->latest_versions.n);
    if (!err)
        err = q_model_tags(c, model->name, &model->tags);
    return err ? err : q_aliases(c, model->name, &model->aliases);
}

int model_is_prompt(struct ctx *c, struct str name, bool *prompt) {
    struct RegisteredModel model = {0};
    int err = q_model_get(c, name, &model);
    if (!err)
        err = q_model_tags(c, name, &model.tags);
    *prompt = !err && model_tags_say_prompt(&model.tags);
    return err;
}

static int answer(struct ctx *c, struct str name, struct RegisteredModelResponse *res) {
    res->registered_model = ARENA_NEW(c->arena, struct RegisteredModel);
    int err = q_model_get(c, name, res->registered_model);
    return err ? err : model_load(c, LATEST_BY_USE, res->registered_model);
}

/* ---- create --------------------------------------------------------------------------------------------- */

static bool has_prompt_tag(const struct RegisteredModelTag_list *tags) {
    for (size_t i = 0; i < tags->n; i++)
        if (str_eq(tags->v[i].key, PROMPT_TAG))
            return true;
    return false;
}

/* Says what has the name already. MLflow: handle_resource_already_exist_error. */
static int fail_taken(struct ctx *c, const struct CreateRegisteredModel *req) {
    struct RegisteredModelTag_list tags = {0};
    int err = q_model_tags(c, req->name, &tags);
    if (err)
        return err;
    bool old_prompt = has_prompt_tag(&tags), new_prompt = has_prompt_tag(&req->tags);
    if (old_prompt == new_prompt)
        return fail(c, ERR_ALREADY_EXISTS, "%s (name=%.*s) already exists.", new_prompt ? "Prompt" : "Registered Model",
                    STR_FMT(req->name));
    struct buf quoted = BUF_IN(c->arena);
    python_put_repr(&quoted, req->name);
    return fail(c, ERR_ALREADY_EXISTS,
                "Tried to create a %s with name %s, but the name is already taken by a %s. MLflow does not allow "
                "creating a model and a prompt with the same name.",
                new_prompt ? "prompt" : "registered model", buf_end(&quoted).p,
                old_prompt ? "prompt" : "registered model");
}

static int check_create(struct ctx *c, const struct CreateRegisteredModel *req) {
    int err = model_name_check(c, req->name);
    for (size_t i = 0; i < req->tags.n && !err; i++)
        err = model_tag_check(c, req->tags.v[i].key, req->tags.v[i].value);
    return err;
}

int model_create(struct ctx *c, const struct CreateRegisteredModel *req, struct RegisteredModelResponse *res) {
    bool added = false;
    int err = check_create(c, req);
    if (!err)
        err = q_model_insert(c, req->name, req->description.p ? req->description : STR(""), clock_ms(), &added);
    if (!err && !added)
        return fail_taken(c, req);
    for (size_t i = 0; i < req->tags.n && !err; i++) {
        struct str value = req->tags.v[i].value;
        err = q_model_tag_set(c, req->name, req->tags.v[i].key, value.p ? value : STR(""));
    }
    if (!err)
        err = event_model_created(c, req);
    return err ? err : answer(c, req->name, res);
}

/* ---- one model ------------------------------------------------------------------------------------------ */

int model_get(struct ctx *c, const struct GetRegisteredModel *req, struct RegisteredModelResponse *res) {
    int err = model_name_check(c, req->name);
    return err ? err : answer(c, req->name, res);
}

int model_update(struct ctx *c, const struct UpdateRegisteredModel *req, struct RegisteredModelResponse *res) {
    int err = model_name_check(c, req->name);
    if (!err)
        err = q_model_describe(c, req->name, req->description.p ? req->description : STR(""), clock_ms());
    return err ? err : answer(c, req->name, res);
}

/* Refuses a name that another model has. */
static int check_free(struct ctx *c, struct str name, struct str new_name) {
    struct RegisteredModel other = {0};
    if (str_eq(name, new_name))
        return OK;
    int err = q_model_get(c, new_name, &other);
    if (err == ERR_NOT_FOUND)
        return OK;
    return err ? err : fail(c, ERR_ALREADY_EXISTS, "Registered Model (name=%.*s) already exists.", STR_FMT(new_name));
}

int model_rename(struct ctx *c, const struct RenameRegisteredModel *req, struct RegisteredModelResponse *res) {
    struct RegisteredModel model = {0};
    int err = model_new_name_check(c, req->new_name);
    if (!err)
        err = model_name_check(c, req->name);
    if (!err)
        err = q_model_get(c, req->name, &model);
    if (!err)
        err = check_free(c, req->name, req->new_name);
    if (!err)
        err = q_model_rename(c, req->name, req->new_name, clock_ms());
    return err ? err : answer(c, req->new_name, res);
}

int model_delete(struct ctx *c, const struct DeleteRegisteredModel *req, struct Empty *res) {
    (void)res;
    int err = model_name_check(c, req->name);
    return err ? err : q_model_delete(c, req->name);
}

/* ---- latest versions ------------------------------------------------------------------------------------ */

/* The stages asked for, in their own spelling. */
static int parse_stages(struct ctx *c, const struct str_list *asked, struct str_list *stages) {
    int err = OK;
    stages->v = ARENA_ARRAY(c->arena, struct str, asked->n);
    for (; stages->n < asked->n && !err; stages->n++)
        err = stage_parse(c, asked->v[stages->n], &stages->v[stages->n]);
    return err;
}

static bool holds(const struct str_list *list, struct str s) {
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], s))
            return true;
    return false;
}

static int load_aliases(struct ctx *c, struct ModelVersion *v) {
    int64_t version;
    must(num_parse_int(v->version.p, v->version.n, &version));
    return q_aliases_of_version(c, v->name, version, &v->aliases);
}

int model_latest_versions(struct ctx *c, const struct GetLatestVersions *req, struct GetLatestVersionsResponse *res) {
    struct RegisteredModel model = {0};
    struct ModelVersion_list latest = {0};
    struct str_list stages = {0};
    int err = model_name_check(c, req->name);
    if (!err)
        err = q_model_get(c, req->name, &model);
    if (!err)
        err = parse_stages(c, &req->stages, &stages);
    if (!err)
        err = q_versions_latest(c, req->name, LATEST_BY_USE, &latest);
    for (size_t i = 0; i < latest.n && !err; i++)
        if (stages.n == 0 || holds(&stages, latest.v[i].current_stage)) {
            err = load_aliases(c, &latest.v[i]);
            LIST_ADD(c->arena, &res->model_versions, latest.v[i]);
        }
    return err ? err : q_versions_load_tags(c, res->model_versions.v, res->model_versions.n);
}
