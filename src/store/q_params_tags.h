/* SQL of params and tags of runs, and of tags of experiments. Called by the services; runs inside the transaction of
 * c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Adds a param to a run unless its key is there; then *old is the value it has, otherwise the absent string. */
[[nodiscard]] int q_param_add(struct ctx *c, struct str run_id, const struct Param *p, struct str *old);

/* Sets tags of a run, in order; new ones and old ones alike. */
[[nodiscard]] int q_run_tags_set(struct ctx *c, struct str run_id, const struct RunTag *v, size_t n);

/* Reads a tag of a run; absent when there is none. */
[[nodiscard]] int q_run_tag_get(struct ctx *c, struct str run_id, struct str key, struct str *value);

/* Deletes a tag; *found tells whether there was one. */
[[nodiscard]] int q_run_tag_delete(struct ctx *c, struct str run_id, struct str key, bool *found);

/* The same of experiments. */
[[nodiscard]] int q_experiment_tag_set(struct ctx *c, int64_t experiment_id, struct str key, struct str value);
[[nodiscard]] int q_experiment_tag_delete(struct ctx *c, int64_t experiment_id, struct str key, bool *found);
