/* The rules of runs; see runs.h. */
#include "service/runs.h"

#include <stdlib.h>

#include "artifact/uri.h"
#include "base/clock.h"
#include "service/experiments.h"
#include "service/names.h"
#include "store/q_experiments.h"
#include "store/q_params_tags.h"
#include "store/q_run_data.h"
#include "store/q_runs.h"

#define RUN_NAME_TAG STR("mlflow.runName")

static int check_experiment_active(struct ctx *c, const struct Experiment *e) {
    if (str_is(e->lifecycle_stage, "active"))
        return OK;
    return fail_invalid(c, "The experiment %.*s must be in the 'active' state. Current state is %.*s.",
                        STR_FMT(e->experiment_id), STR_FMT(e->lifecycle_stage));
}

/* The name given as field or tag, which must agree, else a random one. */
static int choose_name(struct ctx *c, const struct CreateRun *req, struct str *name, bool *tagged) {
    struct str tag = {0};
    *tagged = false;
    for (size_t i = 0; i < req->tags.n && !tag.n; i++)
        if (str_eq(req->tags.v[i].key, RUN_NAME_TAG))
            tag = req->tags.v[i].value;
    if (req->run_name.n && tag.n && !str_eq(req->run_name, tag))
        return fail_invalid(c,
                            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
                            "values (run_name='%.*s', mlflow.runName='%.*s').",
                            STR_FMT(req->run_name), STR_FMT(tag));
    *tagged = tag.n > 0;
    *name = req->run_name.n ? req->run_name : tag.n ? tag : random_name(c->arena);
    return OK;
}

static int by_key(const void *a, const void *b) {
    return str_cmp(((const struct RunTag *)a)->key, ((const struct RunTag *)b)->key);
}

/* The tags to store, by key: the ones given, and the name's. The same key twice is an error. */
static int tags_with_name(struct ctx *c, const struct RunTag_list *given, struct str name, bool tagged,
                          struct RunTag_list *all) {
    *all = (struct RunTag_list){.v = ARENA_ARRAY(c->arena, struct RunTag, given->n + 1), .n = given->n};
    for (size_t i = 0; i < given->n; i++)
        all->v[i] = (struct RunTag){.key = given->v[i].key.p ? given->v[i].key : STR(""),
                                    .value = given->v[i].value.p ? given->v[i].value : STR("")};
    if (!tagged)
        all->v[all->n++] = (struct RunTag){.key = RUN_NAME_TAG, .value = name};
    qsort(all->v, all->n, sizeof *all->v, by_key);
    for (size_t i = 1; i < all->n; i++)
        if (str_eq(all->v[i - 1].key, all->v[i].key))
            return fail(c, ERR_BAD_REQUEST, "The tag '%.*s' is given twice.", STR_FMT(all->v[i].key));
    return OK;
}

static struct RunInfo *new_info(struct ctx *c, const struct CreateRun *req, const struct Experiment *e,
                                struct str name) {
    struct RunInfo *info = ARENA_NEW(c->arena, struct RunInfo);
    info->run_id = info->run_uuid = uuid_hex(c->arena);
    info->run_name = name;
    info->experiment_id = e->experiment_id;
    info->user_id = req->user_id.p ? req->user_id : STR("");
    info->status = ENUM(RUN_RUNNING);
    info->start_time = I64(req->start_time.v);
    info->artifact_uri = uri_append_path(c->arena, uri_append_path(c->arena, e->artifact_location, info->run_id),
                                         STR("artifacts"));
    info->lifecycle_stage = STR("active");
    return info;
}

static struct Run *new_run(struct ctx *c, struct RunInfo *info) {
    struct Run *run = ARENA_NEW(c->arena, struct Run);
    run->info = info;
    run->data = ARENA_NEW(c->arena, struct RunData);
    run->inputs = ARENA_NEW(c->arena, struct RunInputs);
    return run;
}

int run_create(struct ctx *c, const struct CreateRun *req, struct CreateRunResponse *res) {
    struct Experiment e = {0};
    struct str name = {0};
    bool tagged;
    int64_t experiment_id;
    int err = experiment_parse_id(c, req->experiment_id, &experiment_id);
    if (!err)
        err = q_experiment_get(c, experiment_id, VIEW_ALL, &e);
    if (!err)
        err = check_experiment_active(c, &e);
    if (!err)
        err = choose_name(c, req, &name, &tagged);
    if (err)
        return err;
    if (req->experiment_id.n == 0)
        return fail(c, ERR_BAD_REQUEST, "A run needs the id of its experiment.");
    res->run = new_run(c, new_info(c, req, &e, name));
    err = tags_with_name(c, &req->tags, name, tagged, &res->run->data->tags);
    if (!err)
        err = q_run_insert(c, experiment_id, res->run->info);
    if (!err)
        err = q_run_tags_set(c, res->run->info->run_id, res->run->data->tags.v, res->run->data->tags.n);
    return err;
}

int run_get(struct ctx *c, const struct GetRun *req, struct GetRunResponse *res) {
    struct RunInfo *info = ARENA_NEW(c->arena, struct RunInfo);
    int err = q_run_info(c, req->run_id, info);
    if (err)
        return err;
    res->run = ARENA_NEW(c->arena, struct Run);
    res->run->info = info;
    return q_run_data_load(c, res->run, 1);
}

int run_update(struct ctx *c, const struct UpdateRun *req, struct UpdateRunResponse *res) {
    struct run_head head;
    int err = q_run_active(c, req->run_id, &head);
    if (!err)
        err = q_run_update(c, req->run_id, req);
    if (!err && req->run_name.n)
        err = q_run_tags_set(c, req->run_id, &(struct RunTag){.key = RUN_NAME_TAG, .value = req->run_name}, 1);
    if (err)
        return err;
    res->run_info = ARENA_NEW(c->arena, struct RunInfo);
    return q_run_info(c, req->run_id, res->run_info);
}

int run_delete(struct ctx *c, const struct DeleteRun *req, struct Empty *res) {
    struct run_head head;
    (void)res;
    int err = q_run_head(c, req->run_id, &head);
    return err ? err : q_run_set_deleted(c, req->run_id, true);
}

int run_restore(struct ctx *c, const struct RestoreRun *req, struct Empty *res) {
    struct run_head head;
    (void)res;
    int err = q_run_head(c, req->run_id, &head);
    return err ? err : q_run_set_deleted(c, req->run_id, false);
}
