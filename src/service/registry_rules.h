/* Rules that names, numbers and stages of the model registry obey, with MLflow's texts. Pure but for the error in the
 * context. Called by the services of models, versions, aliases and their tags. All fail with ERR_INVALID_PARAMETER. */
#pragma once
#include "api/messages.h"

/* A registered model's name: not blank, no '/' or ':', no path. MLflow: _validate_model_name. */
[[nodiscard]] int model_name_check(struct ctx *c, struct str name);

/* The name a model is to get. MLflow: _validate_model_renaming. */
[[nodiscard]] int model_new_name_check(struct ctx *c, struct str name);

/* An alias' name: word characters and dashes, at most 255. MLflow: _validate_model_alias_name. */
[[nodiscard]] int alias_name_check(struct ctx *c, struct str alias);

/* Refuses "latest" and "v1", which mean versions. MLflow: _validate_model_alias_name_reserved. */
[[nodiscard]] int alias_name_check_reserved(struct ctx *c, struct str alias);

/* A version's number as it stands in a request. MLflow: _validate_model_version. */
[[nodiscard]] int version_parse(struct ctx *c, struct str text, int64_t *version);

/* The stage with its own spelling, whatever the case of `text`: None, Staging, Production or Archived.
 * MLflow: get_canonical_stage. */
[[nodiscard]] int stage_parse(struct ctx *c, struct str text, struct str *stage);

/* Is it one that models are served from (Staging, Production)? */
bool stage_is_active(struct str stage);

/* Keys and values of tags. MLflow: _validate_registered_model_tag, _validate_model_version_tag. */
[[nodiscard]] int model_tag_check(struct ctx *c, struct str key, struct str value);
[[nodiscard]] int version_tag_check(struct ctx *c, struct str key, struct str value);

/* A model is a prompt when its tag mlflow.prompt.is_prompt says so; MLflow: _is_prompt. */
#define PROMPT_TAG STR("mlflow.prompt.is_prompt")
bool model_tags_say_prompt(const struct RegisteredModelTag_list *tags);
bool version_tags_say_prompt(const struct ModelVersionTag_list *tags);
