/* Connection: one SQLite handle with its prepared statements. Internal to the store room: pool.c, writer.c, janitor.c
 * and migrate.c own connections; services only see the functions of store.h that use one through c->db.
 *
 * A connection is used by one thread at a time and hands out no lock of its own (SQLITE_OPEN_NOMUTEX). */
#pragma once
#include <sqlite3.h>

#include "store/store.h"
#include "store/uri.h"

enum db_role {
    ROLE_WRITER, /* the one connection that changes the database */
    ROLE_READER, /* snapshots only; changes are refused */
    ROLE_KEEPER  /* checkpoints only; small */
};

/* Statements kept by one connection, found by their text; query.c. */
struct statements;

struct db {
    sqlite3 *handle;
    struct statements *statements;
    struct rows *running; /* queries not yet ended */
    int64_t deadline;     /* clock_monotonic_ms() at which a read is interrupted; 0: never */
    enum db_role role;
    char *wanted; /* the statement of an index that a read asks for; malloc'ed */
};

/* Asks for an index to be made behind the requests, by this statement. A hint: it may come to nothing, and does on a
 * database in memory. */
void db_want_index(struct ctx *c, struct str statement);

/* Opens the database of `place`; `create` makes an absent file. `wait_ms` bounds the wait for other processes. */
[[nodiscard]] int conn_open(struct ctx *c, const struct store_place *place, enum db_role role, bool create,
                            int64_t wait_ms, struct db **out);

/* Closes it with all its statements. NULL is ignored. */
void conn_close(struct db *d);

/* Runs one statement without values, through the statements kept. `sql` is a literal. Gives SQLite's own result code
 * and records no failure, for the transaction statements of the room. */
[[nodiscard]] int conn_step(struct db *d, const char *sql);

/* Runs a script of many statements, not kept. */
[[nodiscard]] int conn_script(struct ctx *c, struct db *d, const char *script);

/* Ends every query that is still running, as before the end of a transaction. */
void conn_end_rows(struct db *d);

/* Is a transaction open? SQLite ends one by itself when the disk is full or fails. */
static inline bool conn_in_transaction(const struct db *d) {
    return !sqlite3_get_autocommit(d->handle);
}

/* Records the failure of the last call on the connection, SQLite result code `rc`, and returns the code of ours:
 * ERR_RETRY when another process holds the database, ERR_ALREADY_EXISTS for a broken UNIQUE or PRIMARY KEY,
 * ERR_BAD_REQUEST for other constraints, ERR_DEADLINE for an interrupted read, ERR_TEMPORARILY_UNAVAILABLE for a disk
 * that is full or fails, else ERR_INTERNAL. */
[[gnu::cold]] int conn_fail(struct ctx *c, struct db *d, int rc);

/* Statements kept by text. */
struct statements *statements_new(size_t limit);
void statements_free(struct statements *s);
