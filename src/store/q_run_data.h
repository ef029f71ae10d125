/* SQL of what hangs on runs: latest metrics, params, tags, dataset inputs, model inputs and outputs, read for many runs
 * with one statement per table. Called by the services that answer with whole runs; runs inside the transaction of
 * c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Fills `data`, `inputs` and `outputs` of `n` different runs, whose `info` is there with a run id. A run without name in its row
 * (made by MLflow before 1.30) gets the one of its tag. Memory: the arena. */
[[nodiscard]] int q_run_data_load(struct ctx *c, struct Run *runs, size_t n);

/* Reads the rows of different runs and what hangs on them, in the order of `ids`, without the model inputs, which MLflow
 * leaves out of the answers of a search. An id without a row has `info` NULL. `runs` has room for ids.n. */
[[nodiscard]] int q_runs_load(struct ctx *c, struct str_list ids, struct Run *runs);

/* Texts or ids as a JSON array: one bound value of a statement that reads it with json_each. */
struct str q_json_array(struct ctx *c, const struct str *v, size_t n);
struct str q_json_ids(struct ctx *c, struct i64_list ids); /* at least one */
