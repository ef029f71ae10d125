/* SQL of the noun alias: `registered_model_aliases`, names that point at a version of a registered model. Called by the
 * services; runs inside the transaction of c->db; every statement is of c->workspace. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* The aliases of a model, in order of their names. */
[[nodiscard]] int q_aliases(struct ctx *c, struct str name, struct RegisteredModelAlias_list *out);

/* The names of the aliases that point at one version. */
[[nodiscard]] int q_aliases_of_version(struct ctx *c, struct str name, int64_t version, struct str_list *out);

/* Points an alias at a version, whether it is new or pointed elsewhere. */
[[nodiscard]] int q_alias_set(struct ctx *c, struct str name, struct str alias, int64_t version);

/* Removes an alias that need not be there; removes all of one version. */
[[nodiscard]] int q_alias_delete(struct ctx *c, struct str name, struct str alias);
[[nodiscard]] int q_aliases_delete_of_version(struct ctx *c, struct str name, int64_t version);
