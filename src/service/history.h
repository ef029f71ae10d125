/* Histories of metrics: whole or by pages, of several runs, and sampled for charts. Called by the api room inside the
 * transaction of the route. Runs that do not exist have empty histories, as in MLflow. */
#pragma once
#include "api/messages.h"

/* A run's points of one metric by time, step and value; max_results a page, or all without it.
 * MLflow: get_metric_history. */
[[nodiscard]] int metric_history(struct ctx *c, const struct GetMetricHistory *req,
                                 struct GetMetricHistoryResponse *res);

/* The same of at most 100 runs in order of their ids, max_results (25,000 at most) points in all.
 * MLflow: get_metric_history_bulk_handler. */
[[nodiscard]] int metric_history_bulk(struct ctx *c, const struct GetMetricHistoryBulk *req,
                                      struct GetMetricHistoryBulkResponse *res);

/* At most max_results (1 to 2500) evenly sampled points of each of at most 100 runs, in the order of the request.
 * MLflow: get_metric_history_bulk_interval. */
[[nodiscard]] int metric_history_sampled(struct ctx *c, const struct GetMetricHistoryBulkInterval *req,
                                         struct GetMetricHistoryBulkIntervalResponse *res);
