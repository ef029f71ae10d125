/* The rules of reading histories; see history.h. */
#include "service/history.h"

#include <stdlib.h>

#include "service/history_token.h"
#include "store/q_history.h"

enum { MAX_RUNS = 100, MAX_BULK_POINTS = 25000, MAX_SAMPLES = 2500 };

#define SEE_DOCS " See the API docs for more information about request parameters."

int metric_history(struct ctx *c, const struct GetMetricHistory *req, struct GetMetricHistoryResponse *res) {
    struct history_cursor at;
    struct point_list points;
    bool more;
    if (req->max_results.set && req->max_results.v <= 0)
        return fail_invalid(c, "Invalid value %ld for parameter 'max_results' supplied. It must be a positive integer.",
                            (long)req->max_results.v);
    size_t limit = req->max_results.set ? (size_t)req->max_results.v : SIZE_MAX;
    int err = history_token_read(c, req->page_token, &at);
    if (!err)
        err = q_history_page(c, req->run_id, req->metric_key, limit, &at, &points, &more);
    if (err)
        return err;
    res->metrics.v = ARENA_ARRAY(c->arena, struct Metric, points.n);
    res->metrics.n = points.n;
    for (size_t i = 0; i < points.n; i++) {
        struct Metric *m = &res->metrics.v[i];
        m->key = req->metric_key;
        m->value = F64(point_value(&points.v[i]));
        m->timestamp = I64(points.v[i].timestamp);
        m->step = I64(points.v[i].step);
    }
    if (more)
        res->next_page_token = history_token(c, &at);
    return OK;
}

/* The points of several runs, each list with its run. */
struct gathered {
    struct str run_id;
    struct point_list points;
};

static struct MetricWithRunId_list join(struct ctx *c, struct str key, const struct gathered *v, size_t n) {
    struct MetricWithRunId_list out = {0};
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += v[i].points.n;
    out.v = ARENA_ARRAY(c->arena, struct MetricWithRunId, total);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < v[i].points.n; k++) {
            const struct point *p = &v[i].points.v[k];
            out.v[out.n++] = (struct MetricWithRunId){.key = key,
                                                      .value = F64(point_value(p)),
                                                      .timestamp = I64(p->timestamp),
                                                      .step = I64(p->step),
                                                      .run_id = v[i].run_id};
        }
    return out;
}

static int compare_ids(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Each run once, in order. */
static struct str_list sorted_ids(struct ctx *c, const struct str_list *ids) {
    struct str_list out = {ARENA_ARRAY(c->arena, struct str, ids->n), 0};
    struct str *all = ARENA_ARRAY(c->arena, struct str, ids->n);
    memcpy(all, ids->v, ids->n * sizeof *all);
    qsort(all, ids->n, sizeof *all, compare_ids);
    for (size_t i = 0; i < ids->n; i++)
        if (i == 0 || !str_eq(all[i], all[i - 1]))
            out.v[out.n++] = all[i];
    return out;
}

static int check_bulk(struct ctx *c, const struct GetMetricHistoryBulk *req) {
    if (req->run_id.n == 0)
        return fail_invalid(c, "GetMetricHistoryBulk request must specify at least one run_id.");
    if (req->run_id.n > MAX_RUNS)
        return fail_invalid(c,
                            "GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %zu run_ids.",
                            MAX_RUNS, req->run_id.n);
    if (!req->metric_key.p)
        return fail_invalid(c, "GetMetricHistoryBulk request must specify a metric_key.");
    if (req->max_results.v < 0)
        return fail_invalid(c, "Invalid value %ld for parameter 'max_results' supplied. It must not be negative.",
                            (long)req->max_results.v);
    return OK;
}

int metric_history_bulk(struct ctx *c, const struct GetMetricHistoryBulk *req,
                        struct GetMetricHistoryBulkResponse *res) {
    int err = check_bulk(c, req);
    if (err)
        return err;
    bool more, fewer = req->max_results.set && req->max_results.v < MAX_BULK_POINTS;
    size_t left = fewer ? (size_t)req->max_results.v : MAX_BULK_POINTS;
    struct str_list ids = sorted_ids(c, &req->run_id);
    struct gathered *v = ARENA_ARRAY(c->arena, struct gathered, ids.n);
    for (size_t i = 0; i < ids.n && left && !err; i++) {
        struct history_cursor at = {.mode = HISTORY_START};
        v[i].run_id = ids.v[i];
        err = q_history_page(c, ids.v[i], req->metric_key, left, &at, &v[i].points, &more);
        left -= v[i].points.n;
    }
    if (!err)
        res->metrics = join(c, req->metric_key, v, ids.n);
    return err;
}

/* The checks of the handler, in its order. */
static int check_sampled(struct ctx *c, const struct GetMetricHistoryBulkInterval *req) {
    if (req->run_ids.n > MAX_RUNS)
        return fail_invalid(c,
                            "GetMetricHistoryBulkInterval request must specify at most %d run_ids. "
                            "Received %zu run_ids." SEE_DOCS,
                            MAX_RUNS, req->run_ids.n);
    if (req->max_results.set && (req->max_results.v < 1 || req->max_results.v > MAX_SAMPLES))
        return fail_invalid(c, "max_results must be between 1 and %d." SEE_DOCS, MAX_SAMPLES);
    if (req->start_step.set != req->end_step.set)
        return fail_invalid(c, "If either start step or end step are specified, both must be specified.");
    if (req->start_step.v > req->end_step.v)
        return fail_invalid(c, "end_step must be greater than start_step. Found start_step=%ld and end_step=%ld.",
                            (long)req->start_step.v, (long)req->end_step.v);
    return OK;
}

int metric_history_sampled(struct ctx *c, const struct GetMetricHistoryBulkInterval *req,
                           struct GetMetricHistoryBulkIntervalResponse *res) {
    struct step_range steps = {INT64_MIN, INT64_MAX};
    size_t wanted = req->max_results.set ? (size_t)req->max_results.v : MAX_SAMPLES;
    int err = check_sampled(c, req);
    if (req->start_step.set)
        steps = (struct step_range){req->start_step.v, req->end_step.v};
    struct gathered *v = ARENA_ARRAY(c->arena, struct gathered, req->run_ids.n);
    for (size_t i = 0; i < req->run_ids.n && !err; i++) {
        v[i].run_id = req->run_ids.v[i];
        err = q_history_sampled(c, v[i].run_id, req->metric_key, steps, wanted, &v[i].points);
    }
    if (!err)
        res->metrics = join(c, req->metric_key, v, req->run_ids.n);
    return err;
}
