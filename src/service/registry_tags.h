/* Tags of registered models and of model versions: set and delete. Called by the api room inside the transaction of the
 * route. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int model_tag_set(struct ctx *c, const struct SetRegisteredModelTag *req, struct Empty *res);
[[nodiscard]] int model_tag_delete(struct ctx *c, const struct DeleteRegisteredModelTag *req, struct Empty *res);
[[nodiscard]] int version_tag_set(struct ctx *c, const struct SetModelVersionTag *req, struct Empty *res);
[[nodiscard]] int version_tag_delete(struct ctx *c, const struct DeleteModelVersionTag *req, struct Empty *res);
