/* Runs: make, read, change, delete, restore. Their metrics, params, tags, inputs and searching have files of their own.
 * Called by the api room inside the transaction of the route. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"

/* Makes a run in an active experiment; without a name it gets a random one, kept in the tag mlflow.runName too. */
[[nodiscard]] int run_create(struct ctx *c, const struct CreateRun *req, struct CreateRunResponse *res);
[[nodiscard]] int run_get(struct ctx *c, const struct GetRun *req, struct GetRunResponse *res);
[[nodiscard]] int run_update(struct ctx *c, const struct UpdateRun *req, struct UpdateRunResponse *res);
[[nodiscard]] int run_delete(struct ctx *c, const struct DeleteRun *req, struct Empty *res);
[[nodiscard]] int run_restore(struct ctx *c, const struct RestoreRun *req, struct Empty *res);
