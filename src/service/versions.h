/* Model versions: register, read, describe, move between stages, delete, tell where the files are. Called by the api
 * room inside the transaction of the route. Numbers of a model count up from 1 and a deleted version's number is not
 * given again; writers of one model wait for each other on the model's row. Errors: MLflow's codes and texts. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int version_create(struct ctx *c, const struct CreateModelVersion *req, struct ModelVersionResponse *res);
[[nodiscard]] int version_get(struct ctx *c, const struct GetModelVersion *req, struct ModelVersionResponse *res);

/* Sets the description, an absent one removes it; with a stage, as clients of the first API send it, the version moves
 * and an absent description is left alone. */
[[nodiscard]] int version_update(struct ctx *c, const struct UpdateModelVersion *req, struct ModelVersionResponse *res);

/* Moves a version to a stage; archive_existing_versions moves those that were there to Archived. */
[[nodiscard]] int version_transition(struct ctx *c, const struct TransitionModelVersionStage *req,
                                     struct ModelVersionResponse *res);

/* Aliases go with the version; its row stays, overwritten. */
[[nodiscard]] int version_delete(struct ctx *c, const struct DeleteModelVersion *req, struct Empty *res);

[[nodiscard]] int version_download_uri(struct ctx *c, const struct GetModelVersionDownloadUri *req,
                                       struct GetModelVersionDownloadUriResponse *res);

/* Adds to a version what q_version_get leaves out: tags and aliases. */
[[nodiscard]] int version_load(struct ctx *c, struct ModelVersion *v);
