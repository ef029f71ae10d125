/* The registry's first API, of MLflow 1.4 to 1.6, where its paths say which one is meant. Called by the api room inside
 * the transaction of the route. Errors: as the later API's. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int model_details(struct ctx *c, const struct GetModelDetails *req, struct GetModelDetailsResponse *res);
[[nodiscard]] int version_details(struct ctx *c, const struct GetVersionDetails *req,
                                  struct GetVersionDetailsResponse *res);

/* The stages a version can be in. */
[[nodiscard]] int version_stages(struct ctx *c, const struct GetVersionDetails *req,
                                 struct GetVersionStagesResponse *res);
[[nodiscard]] int version_details_uri(struct ctx *c, const struct GetVersionDetails *req,
                                      struct GetModelVersionDownloadUriResponse *res);
