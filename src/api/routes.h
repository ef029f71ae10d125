/* THE table of routes: every operation that is served, with its messages, its transaction and its service function.
 * Included by api.c alone, which makes `struct route` rows of it (see route.h).
 *
 *   R(method, version, path, flags, Request, Response, tx, service function)
 *   A(...)  the same for a function that stands in an R row already (a second method or path) 
 *   W(method, version, path, flags, handler) is a raw operation
 * The path stands below /api/<version>/ and /ajax-api/<version>/. T is TRACKING. The other
 * tables: routes_artifacts.h, routes_registry.h, routes_webhooks.h, health.h. */
#pragma once

#define TRACKING_ROUTES(R, A)                                                                                         \
    R(POST, "2.0", "mlflow/experiments/create", T | PREVIEW, CreateExperiment, CreateExperimentResponse, TX_WRITE,    \
      experiment_create)                                                                                              \
    R(GET, "2.0", "mlflow/experiments/get", T | PREVIEW, GetExperiment, GetExperimentResponse, TX_READ,               \
      experiment_get)                                                                                                 \
    R(GET, "2.0", "mlflow/experiments/get-by-name", T | PREVIEW, GetExperimentByName, GetExperimentByNameResponse,    \
      TX_READ, experiment_get_by_name)                                                                                \
    R(POST, "2.0", "mlflow/experiments/delete", T | PREVIEW, DeleteExperiment, Empty, TX_WRITE, experiment_delete)    \
    R(POST, "2.0", "mlflow/experiments/restore", T | PREVIEW, RestoreExperiment, Empty, TX_WRITE,                     \
      experiment_restore)                                                                                             \
    R(POST, "2.0", "mlflow/experiments/update", T | PREVIEW, UpdateExperiment, Empty, TX_WRITE, experiment_rename)    \
    R(POST, "2.0", "mlflow/experiments/set-experiment-tag", T | PREVIEW, SetExperimentTag, Empty, TX_WRITE,           \
      experiment_tag_set)                                                                                             \
    R(POST, "2.0", "mlflow/experiments/delete-experiment-tag", T | PREVIEW, DeleteExperimentTag, Empty, TX_WRITE,     \
      experiment_tag_delete)                                                                                          \
    R(POST, "2.0", "mlflow/experiments/search-datasets", T | AJAX_ONLY, SearchDatasets, SearchDatasetsResponse,       \
      TX_READ, datasets_search)                                                                                       \
    R(POST, "2.0", "mlflow/runs/create", T | PREVIEW, CreateRun, CreateRunResponse, TX_WRITE, run_create)             \
    R(GET, "2.0", "mlflow/runs/get", T | PREVIEW, GetRun, GetRunResponse, TX_READ, run_get)                           \
    R(POST, "2.0", "mlflow/runs/update", T | PREVIEW, UpdateRun, UpdateRunResponse, TX_WRITE, run_update)             \
    R(POST, "2.0", "mlflow/runs/delete", T | PREVIEW, DeleteRun, Empty, TX_WRITE, run_delete)                         \
    R(POST, "2.0", "mlflow/runs/restore", T | PREVIEW, RestoreRun, Empty, TX_WRITE, run_restore)                      \
    R(POST, "2.0", "mlflow/runs/log-metric", T | PREVIEW, LogMetric, Empty, TX_WRITE, metric_log)                     \
    R(POST, "2.0", "mlflow/runs/log-parameter", T | PREVIEW, LogParam, Empty, TX_WRITE, param_log)                    \
    R(POST, "2.0", "mlflow/runs/log-batch", T | PREVIEW, LogBatch, Empty, TX_WRITE, batch_log)                        \
    R(POST, "2.0", "mlflow/runs/log-model", T | PREVIEW, LogModel, Empty, TX_WRITE, model_log)                        \
    R(POST, "2.0", "mlflow/runs/log-inputs", T | PREVIEW, LogInputs, Empty, TX_WRITE, inputs_log)                     \
    R(POST, "2.0", "mlflow/runs/outputs", T, LogOutputs, Empty, TX_WRITE, outputs_log)                                \
    R(POST, "2.0", "mlflow/runs/set-tag", T | PREVIEW, SetTag, Empty, TX_WRITE, run_tag_set)                          \
    R(POST, "2.0", "mlflow/runs/delete-tag", T | PREVIEW, DeleteTag, Empty, TX_WRITE, run_tag_delete)                 \
    R(GET, "2.0", "mlflow/metrics/get-history", T | PREVIEW, GetMetricHistory, GetMetricHistoryResponse, TX_READ,     \
      metric_history)                                                                                                 \
    R(GET, "2.0", "mlflow/metrics/get-history-bulk", T | AJAX_ONLY, GetMetricHistoryBulk,                             \
      GetMetricHistoryBulkResponse, TX_READ, metric_history_bulk)                                                     \
    R(GET, "2.0", "mlflow/metrics/get-history-bulk-interval", T, GetMetricHistoryBulkInterval,                        \
      GetMetricHistoryBulkIntervalResponse, TX_READ, metric_history_sampled)

#define SEARCH_ROUTES(R, A)                                                                                           \
    R(GET, "2.0", "mlflow/experiments/search", T | PREVIEW, SearchExperiments, SearchExperimentsResponse, TX_READ,    \
      experiments_search)                                                                                             \
    A(POST, "2.0", "mlflow/experiments/search", T | PREVIEW, SearchExperiments, SearchExperimentsResponse, TX_READ,   \
      experiments_search)                                                                                             \
    R(POST, "2.0", "mlflow/runs/search", T | PREVIEW, SearchRuns, SearchRunsResponse, TX_READ, runs_search)
