/* Searching registered models and model versions. Called by the api room inside the transaction of the route. Prompts
 * are found when the filter asks for their tag, and hidden otherwise. Errors: MLflow's codes and texts where a text is
 * short; the grammar's own where it can say more. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int models_search(struct ctx *c, const struct SearchRegisteredModels *req,
                                struct SearchRegisteredModelsResponse *res);

/* What clients of 1.x call instead: a search without filter. */
[[nodiscard]] int models_list(struct ctx *c, const struct ListRegisteredModels *req,
                              struct SearchRegisteredModelsResponse *res);

[[nodiscard]] int versions_search(struct ctx *c, const struct SearchModelVersions *req,
                                  struct SearchModelVersionsResponse *res);
