/* Experiments: make, read, rename, delete, restore. Searching and tags have files of their own. Called by the api room
 * inside the transaction of the route. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"

/* Parses an experiment id as it stands in a request; absent or empty means the default experiment, 0. Fails with
 * ERR_INVALID_PARAMETER. MLflow: _parse_experiment_id. */
[[nodiscard]] int experiment_parse_id(struct ctx *c, struct str text, int64_t *id);

[[nodiscard]] int experiment_create(struct ctx *c, const struct CreateExperiment *req,
                                    struct CreateExperimentResponse *res);
[[nodiscard]] int experiment_get(struct ctx *c, const struct GetExperiment *req, struct GetExperimentResponse *res);
[[nodiscard]] int experiment_get_by_name(struct ctx *c, const struct GetExperimentByName *req,
                                         struct GetExperimentByNameResponse *res);
[[nodiscard]] int experiment_rename(struct ctx *c, const struct UpdateExperiment *req, struct Empty *res);

/* Deleting marks the experiment's runs deleted with it; restoring brings all of them back. */
[[nodiscard]] int experiment_delete(struct ctx *c, const struct DeleteExperiment *req, struct Empty *res);
[[nodiscard]] int experiment_restore(struct ctx *c, const struct RestoreExperiment *req, struct Empty *res);
