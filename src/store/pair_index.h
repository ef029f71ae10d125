/* Indexes on demand: the values of one key of params or tags in order, with their runs.
 *
 * An index on all values would cost half of what logging params costs, for keys that nobody searches by. So a key gets
 * one of its own when a search in a large database filters by it: MLflow's tables, a partial index, made behind the
 * requests and kept by SQLite from then on, whoever writes. A key that is not searched by costs nothing. Used by
 * q_search_runs.c. */
#pragma once
#include "store/store.h"

struct pair_index {
    struct str name;    /* absent: there is none */
    struct str literal; /* the key as it must stand in the statement, for SQLite to see that the index fits */
};

/* The index of a key of `table`, "params" or "tags", if it has been made. */
[[nodiscard]] int pair_index_find(struct ctx *c, const char *table, struct str key, struct pair_index *out);

/* Asks for it, unless there are many already. */
[[nodiscard]] int pair_index_want(struct ctx *c, const char *table, struct str key);
