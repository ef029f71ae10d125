/* Searching logged models. Called by the api room inside the transaction of the route. A filter on a metric holds when
 * any value that was logged fits; an order by a metric takes its latest value. Errors: MLflow's codes and texts where a
 * text is short; the grammar's own where it can say more. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int logged_models_search(struct ctx *c, const struct SearchLoggedModels *req,
                                       struct SearchLoggedModelsResponse *res);
