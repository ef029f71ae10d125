/* Registered models: make, read, describe, rename, delete, and the latest version of each stage. Prompts are registered
 * models with a tag. Called by the api room inside the transaction of the route. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"
#include "store/q_versions.h"

[[nodiscard]] int model_create(struct ctx *c, const struct CreateRegisteredModel *req,
                               struct RegisteredModelResponse *res);
[[nodiscard]] int model_get(struct ctx *c, const struct GetRegisteredModel *req, struct RegisteredModelResponse *res);

/* Sets the description; an absent one empties it. */
[[nodiscard]] int model_update(struct ctx *c, const struct UpdateRegisteredModel *req,
                               struct RegisteredModelResponse *res);

/* Versions, tags and aliases go with the model. */
[[nodiscard]] int model_rename(struct ctx *c, const struct RenameRegisteredModel *req,
                               struct RegisteredModelResponse *res);
[[nodiscard]] int model_delete(struct ctx *c, const struct DeleteRegisteredModel *req, struct Empty *res);

/* The latest versions, of the stages asked for or of all. */
[[nodiscard]] int model_latest_versions(struct ctx *c, const struct GetLatestVersions *req,
                                        struct GetLatestVersionsResponse *res);

/* Adds to a model what q_model_get leaves out: latest versions with their tags, the model's tags and aliases. */
[[nodiscard]] int model_load(struct ctx *c, enum latest_order order, struct RegisteredModel *model);

/* Is the model a prompt? Fails with ERR_NOT_FOUND when there is none. MLflow: RegisteredModel._is_prompt. */
[[nodiscard]] int model_is_prompt(struct ctx *c, struct str name, bool *prompt);
