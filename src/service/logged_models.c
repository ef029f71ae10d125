/* The rules of logged models; see logged_models.h. */
#include "service/logged_models.h"

#include "artifact/uri.h"
#include "base/clock.h"
#include "service/experiments.h"
#include "service/names.h"
#include "service/python_text.h"
#include "store/q_experiments.h"
#include "store/q_logged_models.h"

#define VERSIONS_TAG STR("mlflow.modelVersions")

static int answer(struct ctx *c, struct str model_id, bool deleted_too, struct LoggedModelResponse *res) {
    res->model = ARENA_NEW(c->arena, struct LoggedModel);
    int err = q_logged_model_get(c, model_id, deleted_too, res->model);
    return err ? err : q_logged_models_load(c, res->model, 1);
}

/* ---- create --------------------------------------------------------------------------------------------- */

/* MLflow: _validate_logged_model_name. */
static int check_name(struct ctx *c, struct str name) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < name.n; i++)
        if (strchr("/:.%\"'", name.p[i]) && name.p[i])
            goto bad;
    return OK;
bad:
    BUF_LIT(&b, "Invalid model name (");
    python_put_repr(&b, name);
    BUF_LIT(&b, ") provided. Model name must be a non-empty string and cannot contain the following characters: "
                "('/', ':', '.', '%', '\"', \"'\")");
    return fail_invalid(c, "%s", buf_end(&b).p);
}

static int load_active_experiment(struct ctx *c, struct str text, int64_t *id, struct Experiment *e) {
    int err = experiment_parse_id(c, text, id);
    if (!err)
        err = q_experiment_get(c, *id, VIEW_ALL, e);
    if (err || str_is(e->lifecycle_stage, "active"))
        return err;
    return fail_invalid(c, "The experiment %.*s must be in the 'active' state. Current state is %.*s.",
                        STR_FMT(e->experiment_id), STR_FMT(e->lifecycle_stage));
}

static struct str location_of(struct ctx *c, const struct Experiment *e, struct str model_id) {
    struct str below = str_fmt(c->arena, "models/%.*s/artifacts", STR_FMT(model_id));
    return uri_append_path(c->arena, e->artifact_location, below);
}

static struct LoggedModelInfo new_info(struct ctx *c, const struct CreateLoggedModel *req, const struct Experiment *e) {
    int64_t now = clock_ms();
    struct str hex = uuid_hex(c->arena);
    struct LoggedModelInfo info = {
        .model_id = str_fmt(c->arena, "m-%.*s", STR_FMT(hex)),
        .name = req->name.n ? req->name : random_name(c->arena),
        .creation_timestamp_ms = I64(now),
        .last_updated_timestamp_ms = I64(now),
        .status = ENUM(LOGGED_MODEL_PENDING),
        .model_type = str_or_empty(req->model_type),
        .source_run_id = str_or_empty(req->source_run_id),
    };
    info.artifact_uri = location_of(c, e, info.model_id);
    return info;
}

static int add_params(struct ctx *c, struct str model_id, int64_t experiment_id,
                      const struct LoggedModelParameter_list *params) {
    int err = OK;
    for (size_t i = 0; i < params->n && !err; i++) {
        bool added = false;
        struct str key = str_or_empty(params->v[i].key);
        err = q_logged_model_param_add(c, model_id, experiment_id, key, str_or_empty(params->v[i].value), &added);
        if (!err && !added)
            err = fail(c, ERR_BAD_REQUEST, "The parameter '%.*s' of logged model '%.*s' is set already.", STR_FMT(key),
                       STR_FMT(model_id));
    }
    return err;
}

/* A new model cannot be given a tag twice, unlike one that is there. */
static int add_tags(struct ctx *c, struct str model_id, int64_t experiment_id, const struct LoggedModelTag_list *tags) {
    int err = OK;
    for (size_t i = 0; i < tags->n && !err; i++) {
        bool added = false;
        struct str key = str_or_empty(tags->v[i].key);
        err = q_logged_model_tag_add(c, model_id, experiment_id, key, str_or_empty(tags->v[i].value), &added);
        if (!err && !added)
            err = fail(c, ERR_BAD_REQUEST, "The tag '%.*s' is given twice.", STR_FMT(key));
    }
    return err;
}

int logged_model_create(struct ctx *c, const struct CreateLoggedModel *req, struct LoggedModelResponse *res) {
    struct Experiment e = {0};
    int64_t experiment_id = 0;
    int err = check_name(c, req->name);
    if (!err)
        err = load_active_experiment(c, req->experiment_id, &experiment_id, &e);
    if (err)
        return err;
    struct LoggedModelInfo info = new_info(c, req, &e);
    err = q_logged_model_insert(c, experiment_id, &info);
    if (!err)
        err = add_params(c, info.model_id, experiment_id, &req->params);
    if (!err)
        err = add_tags(c, info.model_id, experiment_id, &req->tags);
    return err ? err : answer(c, info.model_id, false, res);
}

/* ---- one model ------------------------------------------------------------------------------------------ */

int logged_model_finalize(struct ctx *c, const struct FinalizeLoggedModel *req, struct LoggedModelResponse *res) {
    struct logged_model_head head;
    int err = q_logged_model_head(c, req->model_id, true, &head);
    if (!err)
        err = q_logged_model_set_status(c, req->model_id, req->status.v, clock_ms());
    return err ? err : answer(c, req->model_id, true, res);
}

int logged_model_get(struct ctx *c, const struct GetLoggedModel *req, struct LoggedModelResponse *res) {
    return answer(c, req->model_id, str_ieq(req->allow_deleted, STR("true")), res);
}

int logged_model_delete(struct ctx *c, const struct DeleteLoggedModel *req, struct Empty *res) {
    struct logged_model_head head;
    (void)res;
    int err = q_logged_model_head(c, req->model_id, true, &head);
    return err ? err : q_logged_model_set_deleted(c, req->model_id, clock_ms());
}

int logged_model_log_params(struct ctx *c, const struct LogLoggedModelParams *req, struct Empty *res) {
    struct logged_model_head head;
    (void)res;
    int err = q_logged_model_head(c, req->model_id, true, &head);
    return err ? err : add_params(c, req->model_id, head.experiment_id, &req->params);
}

/* ---- tags ----------------------------------------------------------------------------------------------- */

static int set_tags(struct ctx *c, struct str model_id, int64_t experiment_id, const struct LoggedModelTag_list *tags) {
    int err = OK;
    for (size_t i = 0; i < tags->n && !err; i++)
        err = q_logged_model_tag_set(c, model_id, experiment_id, str_or_empty(tags->v[i].key), str_or_empty(tags->v[i].value));
    return err;
}

int logged_model_set_tags(struct ctx *c, const struct SetLoggedModelTags *req, struct Empty *res) {
    struct logged_model_head head;
    (void)res;
    int err = q_logged_model_head(c, req->model_id, true, &head);
    return err ? err : set_tags(c, req->model_id, head.experiment_id, &req->tags);
}

int logged_model_delete_tag(struct ctx *c, const struct DeleteLoggedModelTag *req, struct Empty *res) {
    struct logged_model_head head;
    bool found = false;
    (void)res;
    int err = q_logged_model_head(c, req->model_id, true, &head);
    if (!err)
        err = q_logged_model_tag_delete(c, req->model_id, req->tag_key, &found);
    if (err || found)
        return err;
    struct buf b = BUF_IN(c->arena);
    BUF_LIT(&b, "No tag with key ");
    python_put_repr(&b, req->tag_key);
    BUF_LIT(&b, " found for model with ID ");
    python_put_repr(&b, req->model_id);
    return fail(c, ERR_NOT_FOUND, "%s.", buf_end(&b).p);
}

int logged_model_add_version(struct ctx *c, struct str model_id, struct str name, int64_t version) {
    struct logged_model_head head;
    struct str known;
    int err = q_logged_model_head(c, model_id, false, &head);
    if (!err)
        err = q_logged_model_tag_get(c, model_id, VERSIONS_TAG, &known);
    if (err)
        return err;
    struct buf b = BUF_IN(c->arena);
    bool list = known.n > 2 && known.p[0] == '[' && known.p[known.n - 1] == ']';
    if (list)
        buf_add(&b, known.p, known.n - 1);
    buf_z(&b, list ? ", " : "[");
    BUF_LIT(&b, "{\"name\": ");
    python_put_json(&b, name);
    buf_fmt(&b, ", \"version\": %ld}]", (long)version);
    return q_logged_model_tag_set(c, model_id, head.experiment_id, VERSIONS_TAG, buf_end(&b));
}
