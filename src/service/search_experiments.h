/* Searching experiments: limits, filters, orders and pages. Called by the api room inside the read transaction of the
 * route. Errors: MLflow's codes and texts; those of filters quote the offending word with its position. */
#pragma once
#include "api/messages.h"

/* One page of experiments of the workspace, with their tags. MLflow: _search_experiments; without order_by the newest
 * come first. */
[[nodiscard]] int experiments_search(struct ctx *c, const struct SearchExperiments *req,
                                     struct SearchExperimentsResponse *res);
