/* URI: MLflow's backend store URI, taken apart. Used by store.c and migrate.c. */
#pragma once
#include "base/ctx.h"

struct store_place {
    struct str uri;     /* as the user wrote it, for messages */
    struct str file;    /* what sqlite3_open_v2 gets; NUL-terminated */
    struct str path;    /* the plain path of the file, for its directory and messages; absent in memory */
    bool memory;        /* nothing on disk: one connection holds all */
    bool native;        /* `file` is one of SQLite's own file: URIs */
    int64_t timeout_ms; /* ?timeout=SECONDS, or 0 */
};

/* Parses sqlite:///relative, sqlite:////absolute, sqlite:// and sqlite:///:memory:, with a driver (sqlite+pysqlite://)
 * and a query as SQLAlchemy takes them. The slices live in c->arena. ERR_INVALID_PARAMETER: anything else. */
[[nodiscard]] int store_place_parse(struct ctx *c, struct str uri, struct store_place *out);
