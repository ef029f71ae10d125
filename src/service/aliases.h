/* Aliases: names such as "champion" that point at a version of a registered model. Called by the api room inside the
 * transaction of the route, so that a reader sees an alias at its old or its new version. Errors: MLflow's codes and
 * texts. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int alias_set(struct ctx *c, const struct SetRegisteredModelAlias *req, struct Empty *res);
[[nodiscard]] int alias_delete(struct ctx *c, const struct DeleteRegisteredModelAlias *req, struct Empty *res);

/* The version an alias points at; "latest" is the one with the highest number. */
[[nodiscard]] int alias_get(struct ctx *c, const struct GetModelVersionByAlias *req, struct ModelVersionResponse *res);
