/* The rules of experiments; see experiments.h. */
#include "service/experiments.h"

#include <stdlib.h>

#include "app/app.h"
#include "artifact/uri.h"
#include "base/clock.h"
#include "base/num.h"
#include "service/params_tags.h"
#include "service/validate.h"
#include "store/q_experiments.h"
#include "store/q_params_tags.h"
#include "store/q_runs.h"

enum { MAX_NAME = 500 };

int experiment_parse_id(struct ctx *c, struct str text, int64_t *id) {
    struct str digits = str_trim(text);
    *id = 0;
    if (text.n == 0 || num_parse_int(digits.p, digits.n, id))
        return OK;
    return fail_invalid(c, "Invalid experiment ID '%.*s'. Experiment ID must be a valid integer.", STR_FMT(text));
}

static int check_name(struct ctx *c, struct str name) {
    if (name.n == 0)
        return fail_invalid(c, "Invalid experiment name: ''");
    if (utf8_length(name) > MAX_NAME)
        return fail_invalid(c, "'name' exceeds the maximum length of %d characters", MAX_NAME);
    return OK;
}

static int check_tags(struct ctx *c, const struct ExperimentTag_list *tags) {
    int err = custom_views_check(c, tags);
    for (size_t i = 0; i < tags->n && !err; i++)
        err = validate_experiment_tag(c, tags->v[i].key, tags->v[i].value);
    return err;
}

static int by_key(const void *a, const void *b) {
    return str_cmp(((const struct ExperimentTag *)a)->key, ((const struct ExperimentTag *)b)->key);
}

/* MLflow meets a tag that is given twice as a failed constraint, and takes that for a taken name. */
static int check_tags_differ(struct ctx *c, const struct CreateExperiment *req) {
    size_t n = req->tags.n;
    struct ExperimentTag *sorted = ARENA_ARRAY(c->arena, struct ExperimentTag, n);
    if (n)
        memcpy(sorted, req->tags.v, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1; i < n; i++)
        if (str_eq(sorted[i - 1].key, sorted[i].key))
            return fail(c, ERR_ALREADY_EXISTS, "Experiment(name=%.*s) already exists. Error: tag '%.*s' twice",
                        STR_FMT(req->name), STR_FMT(sorted[i].key));
    return OK;
}

/* The location the client gave, made absolute, or the one below the server's root. */
static struct str location_of(struct ctx *c, struct str given, int64_t id) {
    if (given.n)
        return uri_resolve_local(c->arena, given);
    return uri_append_path(c->arena, c->app->config.default_artifact_root, str_fmt(c->arena, "%ld", (long)id));
}

int experiment_create(struct ctx *c, const struct CreateExperiment *req, struct CreateExperimentResponse *res) {
    int64_t id;
    int err = check_tags(c, &req->tags);
    if (!err && req->artifact_location.n)
        err = artifact_location_check(c, req->artifact_location, "artifact_location");
    if (!err)
        err = check_name(c, req->name);
    if (!err)
        err = q_experiment_insert(c, req->name, clock_ms(), &id);
    if (!err)
        err = q_experiment_set_location(c, id, location_of(c, req->artifact_location, id));
    if (!err)
        err = check_tags_differ(c, req);
    for (size_t i = 0; i < req->tags.n && !err; i++)
        err = q_experiment_tag_set(c, id, req->tags.v[i].key, req->tags.v[i].value);
    if (err)
        return err;
    res->experiment_id = str_fmt(c->arena, "%ld", (long)id);
    return OK;
}

int experiment_get(struct ctx *c, const struct GetExperiment *req, struct GetExperimentResponse *res) {
    int64_t id;
    int err = experiment_parse_id(c, req->experiment_id, &id);
    if (err)
        return err;
    res->experiment = ARENA_NEW(c->arena, struct Experiment);
    return q_experiment_get(c, id, VIEW_ALL, res->experiment);
}

int experiment_get_by_name(struct ctx *c, const struct GetExperimentByName *req,
                           struct GetExperimentByNameResponse *res) {
    bool found;
    res->experiment = ARENA_NEW(c->arena, struct Experiment);
    int err = q_experiment_by_name(c, req->experiment_name, &found, res->experiment);
    if (err)
        return err;
    return found ? OK
                 : fail(c, ERR_NOT_FOUND, "Could not find experiment with name '%.*s'", STR_FMT(req->experiment_name));
}

int experiment_rename(struct ctx *c, const struct UpdateExperiment *req, struct Empty *res) {
    struct Experiment e = {0};
    int64_t id;
    (void)res;
    int err = check_name(c, req->new_name);
    if (!err)
        err = experiment_parse_id(c, req->experiment_id, &id);
    if (!err)
        err = q_experiment_get(c, id, VIEW_ALL, &e);
    if (err)
        return err;
    if (str_is(e.lifecycle_stage, "deleted"))
        return fail_invalid(c, "Cannot rename a non-active experiment."); /* MLflow: INVALID_STATE, which is a 500 */
    return q_experiment_rename(c, id, req->new_name, clock_ms());
}

/* Moves an experiment that is in `view` and all its runs to the other state. */
static int set_deleted(struct ctx *c, struct str experiment_id, int view, bool deleted) {
    struct Experiment e = {0};
    int64_t id;
    int err = experiment_parse_id(c, experiment_id, &id);
    if (!err)
        err = q_experiment_get(c, id, view, &e);
    if (!err)
        err = q_experiment_set_stage(c, id, deleted, clock_ms());
    return err ? err : q_runs_set_deleted(c, id, deleted);
}

int experiment_delete(struct ctx *c, const struct DeleteExperiment *req, struct Empty *res) {
    (void)res;
    return set_deleted(c, req->experiment_id, VIEW_ACTIVE, true);
}

int experiment_restore(struct ctx *c, const struct RestoreExperiment *req, struct Empty *res) {
    (void)res;
    return set_deleted(c, req->experiment_id, VIEW_DELETED, false);
}
