/* Migrate: the schema of a database. Called when a store opens (store.c), by the server at start, and by
 * `millrace db upgrade`. */
#pragma once
#include "store/store.h"

struct db;

/* The schema revision this version works with: MLflow's newest. */
#define SCHEMA_REVISION "dc11669786a5"

/* Checks the schema of an open database. An empty one gets MLflow's tables, with our indexes, when `create` is set.
 * ERR_INVALID_STATE: another revision (the message names the command that upgrades), another program's database. */
[[nodiscard]] int schema_check(struct ctx *c, struct db *d, struct str uri, bool create);

/* Those statements of schema/indexes.sql whose index the database lacks, NULL at the end, in c->arena. */
[[nodiscard]] int schema_missing_indexes(struct ctx *c, struct db *d, char ***out);

/* Brings the database of `uri` to the newest revision; an empty one gets the tables. ERR_INVALID_STATE: a revision
 * that cannot be upgraded from (the message names it). */
[[nodiscard]] int store_upgrade(struct ctx *c, struct str uri);

/* Makes the experiment "Default" with id 0 unless there is one, as MLflow's server does at each start. `location` is
 * where its artifacts go: the default artifact root with "/0". */
[[nodiscard]] int store_ensure_default_experiment(struct ctx *c, struct store *s, struct str location);
