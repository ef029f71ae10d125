/* SQL of the noun registered model: `registered_models` and `registered_model_tags`. Prompts are registered models with
 * a tag. Called by the services; runs inside the transaction of c->db; every statement is of c->workspace. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Columns of a RegisteredModel in the order that q_model_row reads them; `a` is the alias of `registered_models`. */
#define MODEL_COLUMNS(a) a ".name, " a ".creation_time, " a ".last_updated_time, " a ".description"
void q_model_row(struct ctx *c, struct rows *r, int col, struct RegisteredModel *out);

/* Reads the model without its tags, aliases and versions. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_model_get(struct ctx *c, struct str name, struct RegisteredModel *out);

/* Adds a model; *added is false when the name is taken. */
[[nodiscard]] int q_model_insert(struct ctx *c, struct str name, struct str description, int64_t now, bool *added);

/* Sets the time of the last change; locks the model against other writers until the commit. Fails with
 * ERR_NOT_FOUND. */
[[nodiscard]] int q_model_touch(struct ctx *c, struct str name, int64_t now);

/* Sets the description too. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_model_describe(struct ctx *c, struct str name, struct str description, int64_t now);

/* Gives the model, its versions and all that hangs on them another name, which must be free. */
[[nodiscard]] int q_model_rename(struct ctx *c, struct str name, struct str new_name, int64_t now);

/* Removes the model, its versions and all that hangs on them. */
[[nodiscard]] int q_model_delete(struct ctx *c, struct str name);

/* Reads the tags. */
[[nodiscard]] int q_model_tags(struct ctx *c, struct str name, struct RegisteredModelTag_list *out);

/* Sets or changes one tag; removes one that need not be there. */
[[nodiscard]] int q_model_tag_set(struct ctx *c, struct str name, struct str key, struct str value);
[[nodiscard]] int q_model_tag_delete(struct ctx *c, struct str name, struct str key);
