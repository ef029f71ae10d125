/* The rules of params and tags; see params_tags.h. */
#include "service/params_tags.h"

#include "service/experiments.h"
#include "service/python_text.h"
#include "service/validate.h"
#include "store/q_experiments.h"
#include "store/q_params_tags.h"

#define RUN_NAME "mlflow.runName"
#define CUSTOM_VIEW STR("mlflow.customView.view")

enum { MAX_CUSTOM_VIEWS = 50 };

/* ---- params --------------------------------------------------------------------------------------------- */

int param_log(struct ctx *c, const struct LogParam *req, struct Empty *res) {
    struct Param p = {.key = req->key, .value = req->value};
    struct run_head run;
    struct str old;
    (void)res;
    int err = validate_param(c, AT_TOP, p.key, &p.value);
    if (!err)
        err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = q_param_add(c, req->run_id, &p, &old);
    if (err || !old.p || str_eq(old, p.value))
        return err;
    return fail_invalid(c,
                        "Changing param values is not allowed. Param with key='%.*s' was already logged with "
                        "value='%.*s' for run ID='%.*s'. Attempted logging new value '%.*s'.",
                        STR_FMT(p.key), STR_FMT(old), STR_FMT(req->run_id), STR_FMT(p.value));
}

/* Notes one changed param in the words of a Python dict. */
static void put_change(struct buf *b, const struct Param *p, struct str old) {
    if (b->n)
        BUF_LIT(b, ", ");
    BUF_LIT(b, "{'key': ");
    python_put_repr(b, p->key);
    BUF_LIT(b, ", 'old_value': ");
    python_put_repr(b, old);
    BUF_LIT(b, ", 'new_value': ");
    python_put_repr(b, p->value);
    BUF_LIT(b, "}");
}

int params_add(struct ctx *c, const struct run_head *run, const struct Param_list *params) {
    struct buf changes = BUF_IN(c->arena);
    struct str old;
    for (size_t i = 0; i < params->n; i++) {
        int err = q_param_add(c, run->run_id, &params->v[i], &old);
        if (err)
            return err;
        if (old.p && !str_eq(old, params->v[i].value))
            put_change(&changes, &params->v[i], old);
    }
    if (changes.n == 0)
        return OK;
    struct str all = buf_end(&changes);
    return fail_invalid(c,
                        "Changing param values is not allowed. Params were already logged='[%.*s]' for run ID='%.*s'.",
                        STR_FMT(all), STR_FMT(run->run_id));
}

/* ---- tags of runs --------------------------------------------------------------------------------------- */

/* An empty name changes nothing. MLflow: update_run_info, through set_tag. */
static int rename_run(struct ctx *c, const struct run_head *run, const struct RunTag *tag) {
    const struct UpdateRun change = {.run_name = tag->value};
    if (tag->value.n == 0)
        return OK;
    int err = q_run_update(c, run->run_id, &change);
    return err ? err : q_run_tags_set(c, run->run_id, tag, 1);
}

int run_tags_set(struct ctx *c, const struct run_head *run, const struct RunTag_list *tags) {
    int err = OK;
    for (size_t i = 0; i < tags->n && !err; i++)
        err = str_is(tags->v[i].key, RUN_NAME) ? rename_run(c, run, &tags->v[i])
                                               : q_run_tags_set(c, run->run_id, &tags->v[i], 1);
    return err;
}

int run_tag_set(struct ctx *c, const struct SetTag *req, struct Empty *res) {
    struct RunTag tag = {.key = req->key, .value = req->value};
    struct run_head run;
    (void)res;
    int err = validate_tag(c, AT_TOP, tag.key, &tag.value);
    if (!err)
        err = q_run_active(c, req->run_id, &run);
    return err ? err : run_tags_set(c, &run, &(struct RunTag_list){&tag, 1});
}

int run_tag_delete(struct ctx *c, const struct DeleteTag *req, struct Empty *res) {
    struct run_head run;
    bool found;
    (void)res;
    int err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = q_run_tag_delete(c, req->run_id, req->key, &found);
    if (err || found)
        return err;
    return fail(c, ERR_NOT_FOUND, "No tag with name: %.*s in run with id %.*s", STR_FMT(req->key),
                STR_FMT(req->run_id));
}

/* ---- tags of experiments -------------------------------------------------------------------------------- */

static size_t count_custom_views(const struct ExperimentTag_list *tags) {
    size_t n = 0;
    for (size_t i = 0; i < tags->n; i++)
        n += str_starts(tags->v[i].key, CUSTOM_VIEW);
    return n;
}

static int fail_custom_views(struct ctx *c, const char *of, struct str experiment_id) {
    return fail_invalid(c,
                        "Unable to create another custom view%s%.*s; the maximum number of custom views per "
                        "experiment is %d. Delete an existing custom view before creating a new one.",
                        of, STR_FMT(experiment_id), MAX_CUSTOM_VIEWS);
}

int custom_views_check(struct ctx *c, const struct ExperimentTag_list *tags) {
    return count_custom_views(tags) > MAX_CUSTOM_VIEWS ? fail_custom_views(c, "", STR("")) : OK;
}

/* May the experiment get this tag? Changing a view it has is always allowed. */
static int check_custom_view(struct ctx *c, const struct Experiment *e, struct str key) {
    if (!str_starts(key, CUSTOM_VIEW) || count_custom_views(&e->tags) < MAX_CUSTOM_VIEWS)
        return OK;
    for (size_t i = 0; i < e->tags.n; i++)
        if (str_eq(e->tags.v[i].key, key))
            return OK;
    return fail_custom_views(c, " for experiment ", e->experiment_id);
}

static int find_experiment(struct ctx *c, struct str text, int64_t *id, struct Experiment *e) {
    int err = experiment_parse_id(c, text, id);
    return err ? err : q_experiment_get(c, *id, VIEW_ALL, e);
}

static int check_active(struct ctx *c, const struct Experiment *e) {
    if (str_is(e->lifecycle_stage, "active"))
        return OK;
    return fail_invalid(c, "The experiment %.*s must be in the 'active' state. Current state is %.*s.",
                        STR_FMT(e->experiment_id), STR_FMT(e->lifecycle_stage));
}

int experiment_tag_set(struct ctx *c, const struct SetExperimentTag *req, struct Empty *res) {
    struct Experiment e = {0};
    int64_t id;
    (void)res;
    int err = validate_experiment_tag(c, req->key, req->value);
    if (!err)
        err = find_experiment(c, req->experiment_id, &id, &e);
    if (!err)
        err = check_custom_view(c, &e, req->key);
    if (!err)
        err = check_active(c, &e);
    return err ? err : q_experiment_tag_set(c, id, req->key, req->value);
}

int experiment_tag_delete(struct ctx *c, const struct DeleteExperimentTag *req, struct Empty *res) {
    struct Experiment e = {0};
    int64_t id;
    bool found;
    (void)res;
    int err = find_experiment(c, req->experiment_id, &id, &e);
    if (!err)
        err = check_active(c, &e);
    if (!err)
        err = q_experiment_tag_delete(c, id, req->key, &found);
    if (err || found)
        return err;
    return fail(c, ERR_NOT_FOUND, "No tag with name: %.*s in experiment with id %.*s", STR_FMT(req->key),
                STR_FMT(req->experiment_id));
}
