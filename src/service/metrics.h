/* Metrics, and batches of metrics, params and tags: logging. Reading: history.h. Called by the api room inside the
 * transaction of the route. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"
#include "service/history.h"

/* Logs one value of a metric to an active run; with a model_id to that logged model as well. The same point twice is
 * stored once. MLflow: log_metric. */
[[nodiscard]] int metric_log(struct ctx *c, const struct LogMetric *req, struct Empty *res);

/* Logs a batch, all of it or nothing. MLflow: log_batch, with its limits of 1000 metrics, 100 params, 100 tags and 1000
 * of them together. */
[[nodiscard]] int batch_log(struct ctx *c, const struct LogBatch *req, struct Empty *res);
