/* The rules of logging metrics and batches; see metrics.h. */
#include "service/metrics.h"

#include "service/params_tags.h"
#include "service/validate.h"
#include "store/q_metrics.h"
#include "store/q_runs.h"

/* A dataset is named by both name and digest. MLflow: Metric.__init__ */
static int check_dataset(struct ctx *c, const struct Metric *m) {
    if ((m->dataset_name.n == 0) == (m->dataset_digest.n == 0))
        return OK;
    return fail_invalid(c, "Both dataset_name and dataset_digest must be provided if one is provided");
}

static struct str absent_if_empty(struct str s) {
    return s.n ? s : (struct str){0};
}

/* Adds the metric to the logged model it names, if it names one. */
static int log_to_model(struct ctx *c, const struct run_head *run, const struct Metric *given) {
    struct Metric m = *given;
    if (m.model_id.n == 0)
        return OK;
    m.dataset_name = absent_if_empty(m.dataset_name);
    m.dataset_digest = absent_if_empty(m.dataset_digest);
    return q_model_metric_add(c, run, &m);
}

static struct metric_row row_of(const struct Metric *m, size_t index) {
    return (struct metric_row){m->key, point_of(m->value.v, m->timestamp.v, m->step.v), index};
}

int metric_log(struct ctx *c, const struct LogMetric *req, struct Empty *res) {
    const struct Metric m = {.key = req->key,
                             .value = req->value,
                             .timestamp = req->timestamp,
                             .step = req->step,
                             .dataset_name = req->dataset_name,
                             .dataset_digest = req->dataset_digest,
                             .model_id = req->model_id};
    struct metric_row row = row_of(&m, 0);
    struct run_head run;
    (void)res;
    int err = check_dataset(c, &m);
    if (!err && m.model_id.n)
        err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = validate_metric(c, AT_TOP, &m);
    if (!err && !m.model_id.n)
        err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = log_to_model(c, &run, &m);
    return err ? err : q_metrics_append(c, req->run_id, &row, 1);
}

/* ---- batches -------------------------------------------------------------------------------------------- */

/* MLflow: the checks of the _log_batch handler. */
static int check_present(struct ctx *c, const struct LogBatch *req) {
    int err = OK;
    for (size_t i = 0; i < req->metrics.n && !err; i++) {
        const struct Metric *m = &req->metrics.v[i];
        const struct place at = {"metrics", i};
        err = validate_present(c, at, "key", m->key.n > 0);
        if (!err)
            err = validate_present(c, at, "value", m->value.set);
        if (!err)
            err = validate_present(c, at, "timestamp", m->timestamp.set);
    }
    for (size_t i = 0; i < req->params.n && !err; i++)
        err = validate_present(c, (struct place){"params", i}, "key", req->params.v[i].key.n > 0);
    for (size_t i = 0; i < req->tags.n && !err; i++)
        err = validate_present(c, (struct place){"tags", i}, "key", req->tags.v[i].key.n > 0);
    for (size_t i = 0; i < req->metrics.n && !err; i++)
        err = check_dataset(c, &req->metrics.v[i]);
    return err;
}

/* Checks the items and makes copies of those that may have to be cut. */
static int check_items(struct ctx *c, const struct LogBatch *req, struct Param_list *params, struct RunTag_list *tags) {
    int err = OK;
    *params = (struct Param_list){ARENA_ARRAY(c->arena, struct Param, req->params.n), req->params.n};
    *tags = (struct RunTag_list){ARENA_ARRAY(c->arena, struct RunTag, req->tags.n), req->tags.n};
    for (size_t i = 0; i < req->metrics.n && !err; i++)
        err = validate_metric(c, (struct place){"metrics", i}, &req->metrics.v[i]);
    for (size_t i = 0; i < params->n && !err; i++) {
        params->v[i] = req->params.v[i];
        err = validate_param(c, (struct place){"params", i}, params->v[i].key, &params->v[i].value);
    }
    for (size_t i = 0; i < tags->n && !err; i++) {
        tags->v[i] = req->tags.v[i];
        err = validate_tag(c, (struct place){"tags", i}, tags->v[i].key, &tags->v[i].value);
    }
    if (!err)
        err = validate_batch_limits(c, req->metrics.n, params->n, tags->n);
    return err ? err : validate_params_unique(c, params);
}

static int log_metrics(struct ctx *c, const struct run_head *run, const struct Metric_list *metrics) {
    struct metric_row *rows = ARENA_ARRAY(c->arena, struct metric_row, metrics->n);
    for (size_t i = 0; i < metrics->n; i++)
        rows[i] = row_of(&metrics->v[i], i);
    int err = q_metrics_append(c, run->run_id, rows, metrics->n);
    for (size_t i = 0; i < metrics->n && !err; i++)
        err = log_to_model(c, run, &metrics->v[i]);
    return err;
}

int batch_log(struct ctx *c, const struct LogBatch *req, struct Empty *res) {
    struct Param_list params;
    struct RunTag_list tags;
    struct run_head run;
    (void)res;
    int err = check_present(c, req);
    if (!err)
        err = validate_run_id(c, req->run_id);
    if (!err)
        err = check_items(c, req, &params, &tags);
    if (!err)
        err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = params_add(c, &run, &params);
    if (!err)
        err = log_metrics(c, &run, &req->metrics);
    return err ? err : run_tags_set(c, &run, &tags);
}
