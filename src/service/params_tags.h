/* Params and tags of runs, and tags of experiments. Called by the api room inside the transaction of the route, and by
 * metrics.c for batches. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"
#include "store/q_runs.h"

/* Logs a param; its value never changes afterwards. MLflow: log_param. */
[[nodiscard]] int param_log(struct ctx *c, const struct LogParam *req, struct Empty *res);

/* Sets and deletes a tag of a run. Setting mlflow.runName renames the run. MLflow: set_tag, delete_tag. */
[[nodiscard]] int run_tag_set(struct ctx *c, const struct SetTag *req, struct Empty *res);
[[nodiscard]] int run_tag_delete(struct ctx *c, const struct DeleteTag *req, struct Empty *res);

/* Sets and deletes a tag of an active experiment. MLflow: set_experiment_tag, delete_experiment_tag. */
[[nodiscard]] int experiment_tag_set(struct ctx *c, const struct SetExperimentTag *req, struct Empty *res);
[[nodiscard]] int experiment_tag_delete(struct ctx *c, const struct DeleteExperimentTag *req, struct Empty *res);

/* Adds a model to the tag mlflow.log-model.history of a run. MLflow: record_logged_model, which is deprecated. */
[[nodiscard]] int model_log(struct ctx *c, const struct LogModel *req, struct Empty *res);

/* ---- for other services --------------------------------------------------------------------------------- */

/* Adds validated params to a run. Fails when one has another value already, and names all that do. */
[[nodiscard]] int params_add(struct ctx *c, const struct run_head *run, const struct Param_list *params);

/* Sets validated tags of a run, in order; the name tag renames it. */
[[nodiscard]] int run_tags_set(struct ctx *c, const struct run_head *run, const struct RunTag_list *tags);

/* An experiment may have 50 custom views, kept as tags. MLflow: _validate_custom_view_count. */
[[nodiscard]] int custom_views_check(struct ctx *c, const struct ExperimentTag_list *tags);
