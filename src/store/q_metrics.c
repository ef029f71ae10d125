/* SQL of the noun metric; see q_metrics.h.
 *
 * A batch is sorted by key, time and step first: neighbours then fall on the same pages of the primary key and of the
 * index by run, key and step, and rowids follow the order of a history, which q_history.c profits from. The newest
 * point of a key is found in memory, so that `latest_metrics` is touched once per key and batch. */
#include "store/q_metrics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct point point_of(double value, int64_t timestamp, int64_t step) {
    struct point p = {.timestamp = timestamp, .step = step, .value = value, .is_nan = isnan(value)};
    if (p.is_nan)
        p.value = 0;
    else if (isinf(value))
        p.value = value > 0 ? DBL_MAX : -DBL_MAX;
    return p;
}

double point_value(const struct point *p) {
    return p->is_nan ? (double)NAN : p->value;
}

int point_cmp(const struct point *a, const struct point *b) {
    if (a->timestamp != b->timestamp)
        return a->timestamp < b->timestamp ? -1 : 1;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    if (a->value < b->value || a->value > b->value)
        return a->value < b->value ? -1 : 1;
    return a->is_nan - b->is_nan;
}

bool point_newer(const struct point *a, const struct point *b) {
    if (a->step != b->step)
        return a->step > b->step;
    if (a->timestamp != b->timestamp)
        return a->timestamp > b->timestamp;
    return a->value > b->value;
}

/* By key, time and step; points that are equal in those stay in the order of the request. */
static int compare_rows(const void *pa, const void *pb) {
    const struct metric_row *a = pa, *b = pb;
    int by_key = str_cmp(a->key, b->key);
    if (by_key)
        return by_key;
    if (a->point.timestamp != b->point.timestamp)
        return a->point.timestamp < b->point.timestamp ? -1 : 1;
    if (a->point.step != b->point.step)
        return a->point.step < b->point.step ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static void sort_rows(struct metric_row *rows, size_t n) {
    size_t i = 1;
    while (i < n && compare_rows(&rows[i - 1], &rows[i]) < 0)
        i++;
    if (i < n)
        qsort(rows, n, sizeof *rows, compare_rows);
}

static int insert(struct ctx *c, struct str run_id, const struct metric_row *r, bool *added) {
    const struct bind v[] = {BIND_S(r->key), BIND_F(r->point.value), BIND_I(r->point.timestamp),
                             BIND_S(run_id), BIND_I(r->point.step),  BIND_I(r->point.is_nan)};
    int64_t changed;
    int err = db_run_binds(c, &changed,
                           STR("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
                               " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
                           v, sizeof v / sizeof *v);
    *added = !err && changed > 0;
    return err;
}

static int update_latest(struct ctx *c, struct str run_id, const struct metric_row *r) {
    const struct bind v[] = {BIND_S(r->key),        BIND_F(r->point.value),  BIND_I(r->point.timestamp),
                             BIND_I(r->point.step), BIND_I(r->point.is_nan), BIND_S(run_id)};
    return db_run_binds(c, NULL,
                        STR("INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
                            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key, run_uuid) DO UPDATE"
                            " SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,"
                            " is_nan = excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value)"
                            " > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"),
                        v, sizeof v / sizeof *v);
}

/* Appends the points of one key, which are rows[0..n). */
static int append_key(struct ctx *c, struct str run_id, const struct metric_row *rows, size_t n) {
    const struct metric_row *newest = NULL;
    bool added;
    for (size_t i = 0; i < n; i++) {
        int err = insert(c, run_id, &rows[i], &added);
        if (err)
            return err;
        if (added && (!newest || point_newer(&rows[i].point, &newest->point)))
            newest = &rows[i];
    }
    return newest ? update_latest(c, run_id, newest) : OK;
}

int q_metrics_append(struct ctx *c, struct str run_id, struct metric_row *rows, size_t n) {
    int err = OK;
    sort_rows(rows, n);
    for (size_t i = 0, end; i < n && !err; i = end) {
        for (end = i + 1; end < n && str_eq(rows[i].key, rows[end].key); end++)
            ;
        err = append_key(c, run_id, rows + i, end - i);
    }
    return err;
}

/* Is the row that stood in the way the same point? */
static int check_same(struct ctx *c, const struct run_head *run, const struct Metric *m, double value) {
    const struct bind v[] = {BIND_S(m->model_id), BIND_S(m->key), BIND_I(m->timestamp.v),  BIND_I(m->step.v),
                             BIND_S(run->run_id), BIND_F(value),  BIND_S(m->dataset_name), BIND_S(m->dataset_digest)};
    struct rows *r;
    int err = db_query_binds(c, &r,
                             STR("SELECT 1 FROM logged_model_metrics WHERE model_id = ? AND metric_name = ?"
                                 " AND metric_timestamp_ms = ? AND metric_step = ? AND run_id = ?"
                                 " AND metric_value = ? AND dataset_name IS ? AND dataset_digest IS ?"),
                             v, sizeof v / sizeof *v);
    if (err)
        return err;
    int found = rows_next(c, r);
    rows_end(r);
    if (found)
        return found < 0 ? found : OK;
    return fail(c, ERR_BAD_REQUEST,
                "Logged model '%.*s' has another value of metric '%.*s' at timestamp %ld and step %ld of run '%.*s'.",
                STR_FMT(m->model_id), STR_FMT(m->key), (long)m->timestamp.v, (long)m->step.v, STR_FMT(run->run_id));
}

int q_model_metric_add(struct ctx *c, const struct run_head *run, const struct Metric *m) {
    double value = point_of(m->value.v, 0, 0).value;
    const struct bind v[] = {BIND_S(m->model_id), BIND_S(m->key),          BIND_I(m->timestamp.v),
                             BIND_I(m->step.v),   BIND_F(value),           BIND_I(run->experiment_id),
                             BIND_S(run->run_id), BIND_S(m->dataset_name), BIND_S(m->dataset_digest)};
    int64_t changed;
    bool found;
    int err = db_exists(c, &found, "SELECT 1 FROM logged_models WHERE model_id = ?", "s", m->model_id);
    if (err)
        return err;
    if (!found)
        return fail(c, ERR_BAD_REQUEST, "Logged model with ID '%.*s' not found.", STR_FMT(m->model_id));
    err = db_run_binds(c, &changed,
                       STR("INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step,"
                           " metric_value, experiment_id, run_id, dataset_name, dataset_digest)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
                       v, sizeof v / sizeof *v);
    return err || changed ? err : check_same(c, run, m, value);
}
