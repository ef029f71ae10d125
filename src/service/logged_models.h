/* Logged models: make, finalize, read, delete, params and tags. Searching and artifacts have files of their own, metrics
 * come with those of runs. Called by the api room inside the transaction of the route. Errors: MLflow's codes and
 * texts. */
#pragma once
#include "api/messages.h"

/* A new model is pending until it is finalized. */
[[nodiscard]] int logged_model_create(struct ctx *c, const struct CreateLoggedModel *req,
                                      struct LoggedModelResponse *res);
[[nodiscard]] int logged_model_finalize(struct ctx *c, const struct FinalizeLoggedModel *req,
                                        struct LoggedModelResponse *res);
[[nodiscard]] int logged_model_get(struct ctx *c, const struct GetLoggedModel *req, struct LoggedModelResponse *res);
[[nodiscard]] int logged_model_delete(struct ctx *c, const struct DeleteLoggedModel *req, struct Empty *res);

/* Params are written once; all of a request or none. */
[[nodiscard]] int logged_model_log_params(struct ctx *c, const struct LogLoggedModelParams *req, struct Empty *res);

[[nodiscard]] int logged_model_set_tags(struct ctx *c, const struct SetLoggedModelTags *req, struct Empty *res);
[[nodiscard]] int logged_model_delete_tag(struct ctx *c, const struct DeleteLoggedModelTag *req, struct Empty *res);

/* Notes on the model that a version was made of it, in the tag mlflow.modelVersions. Fails with ERR_NOT_FOUND. MLflow:
 * set_model_versions_tags. */
[[nodiscard]] int logged_model_add_version(struct ctx *c, struct str model_id, struct str name, int64_t version);
