/* SQL of the noun metric: appending points and keeping the newest of each key. Reading them: q_history.h. Called by the
 * services; runs inside the transaction of c->db. How points are laid out in tables is known here and in q_history.c
 * alone. */
#pragma once
#include "api/messages.h"
#include "store/q_runs.h"
#include "store/store.h"

/* A point as it is stored: NaN is 0 with a mark, an infinity the largest double of its sign.
 * MLflow: sanitize_metric_value. */
struct point {
    int64_t timestamp, step;
    double value;
    bool is_nan;
};

struct point point_of(double value, int64_t timestamp, int64_t step);

/* The value that clients see. */
double point_value(const struct point *p);

/* Negative, 0 or positive, as `a` comes before, with or after `b` in a history: by time, step, value, mark. */
int point_cmp(const struct point *a, const struct point *b);

/* Is `a` a newer value of its metric than `b`? By step, time and stored value; equal ones are not.
 * MLflow: _update_latest_metrics_if_necessary. */
bool point_newer(const struct point *a, const struct point *b);

/* One point to append. */
struct metric_row {
    struct str key;
    struct point point;
    size_t index; /* its place in the request */
};

/* Appends points to a run and brings `latest_metrics` up to date. Points that are stored already are passed over.
 * Sorts `rows`. */
[[nodiscard]] int q_metrics_append(struct ctx *c, struct str run_id, struct metric_row *rows, size_t n);

/* Adds a point to a logged model (`m` has a model_id). The same point again is passed over; a model that does not
 * exist, or another value for the same time, step and run, fails with ERR_BAD_REQUEST. MLflow: _log_model_metrics. */
[[nodiscard]] int q_model_metric_add(struct ctx *c, const struct run_head *run, const struct Metric *m);
