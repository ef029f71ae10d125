/* Datasets and models that runs use and make. Called by the api room inside the transaction of the route. Errors:
 * MLflow's codes and texts. */
#pragma once
#include "api/messages.h"

/* Ties datasets, which it adds to the experiment when they are new, and logged models to a run as its inputs. What is
 * tied already stays as it is. MLflow: log_inputs. */
[[nodiscard]] int inputs_log(struct ctx *c, const struct LogInputs *req, struct Empty *res);

/* Ties logged models to a run as its outputs. One that is tied already fails with ERR_BAD_REQUEST.
 * MLflow: log_outputs. */
[[nodiscard]] int outputs_log(struct ctx *c, const struct LogOutputs *req, struct Empty *res);

/* The datasets of at most 20 experiments; 1000 at most. MLflow: search_datasets. */
[[nodiscard]] int datasets_search(struct ctx *c, const struct SearchDatasets *req, struct SearchDatasetsResponse *res);
