/* Searching runs and experiments: limits, filters, orders and pages. Called by the api room inside the read transaction
 * of the route. Errors: MLflow's codes and texts; those of filters quote the offending word with its position. */
#pragma once
#include "api/messages.h"

/* One page of the runs of some experiments, with their data. Experiments that do not exist hold no runs. MLflow:
 * _search_runs; max_results is 1000 by default and 50000 at most. */
[[nodiscard]] int runs_search(struct ctx *c, const struct SearchRuns *req, struct SearchRunsResponse *res);
