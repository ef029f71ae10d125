/* Store: the one way to the database, for services and commands.
 *
 * A store hands out transactions; SQL runs inside them on `c->db`. A read sees one snapshot and never waits for
 * writers. A write is atomic and durable: store_write returns 0 only after the commit has been synced. On SQLite
 * many writes share one commit (writer.c): each is a part of a transaction that the writer thread runs, undone alone
 * when it fails, and answered after the commit. So the function given to store_write may run on another thread, and
 * more than once: it touches nothing but its context, its argument and the database, and starts from the same state
 * each time.
 *
 * SQL text is MLflow's schema (schema/), with `?` for every value; values are bound, never pasted. Statements are
 * prepared once per connection and kept by their text. */
#pragma once
#include <stdarg.h>

#include "base/bind.h"
#include "base/ctx.h"

struct store;

struct store_options {
    struct str uri;       /* MLflow's backend store URI: sqlite:///relative, sqlite:////absolute, sqlite:///:memory: */
    size_t readers;       /* reader connections at most; 0: twice the processors, at least 4 */
    int64_t busy_ms;      /* how long to wait for a database another process holds; 0: 60000 */
    bool create;          /* make an absent or empty database; otherwise that is an error */
};

/* Opens the database, making MLflow's tables when it is empty and `create` is set, and our extra indexes. Refuses a
 * revision other than the newest known (ERR_INVALID_STATE, the message names the command that upgrades). */
[[nodiscard]] int store_open(struct ctx *c, const struct store_options *o, struct store **out);

/* Waits for what is under way, checkpoints and closes. NULL is ignored. */
void store_close(struct store *s);

/* Runs fn(c, arg) inside a transaction, with c->db set. Its error rolls the transaction back and is returned.
 * ERR_TEMPORARILY_UNAVAILABLE: the database stayed locked past the deadline, or is lost. */
typedef int (*store_fn)(struct ctx *c, void *arg);
[[nodiscard]] int store_read(struct ctx *c, struct store *s, store_fn fn, void *arg);
[[nodiscard]] int store_write(struct ctx *c, struct store *s, store_fn fn, void *arg);

/* Figures for /metrics: commits, writes that shared them, microseconds spent in commits. */
struct store_stats {
    uint64_t commits, writes, commit_us;
};
void store_stats(const struct store *s, struct store_stats *out);

/* ---- inside a transaction ------------------------------------------------------------------------------- */

/* What SQLite's refusals become: a broken UNIQUE or PRIMARY KEY is ERR_ALREADY_EXISTS, another constraint (CHECK,
 * NOT NULL, FOREIGN KEY) or a value that is too long ERR_BAD_REQUEST, a full or failing disk
 * ERR_TEMPORARILY_UNAVAILABLE, a read past the deadline ERR_DEADLINE, anything else ERR_INTERNAL. LIKE tells case
 * apart and foreign keys are enforced, as in MLflow's own sessions. */

/* A running query. Owned by the connection; end every one with rows_end. Those left are ended with the transaction. */
struct rows;

/* Starts a query. `types` has one letter per argument: s struct str (absent binds NULL), i int64_t, f double,
 * n nothing (NULL). The strings must live until rows_end. */
[[nodiscard]] int db_query(struct ctx *c, struct rows **out, const char *sql, const char *types, ...);
[[nodiscard]] int db_query_binds(struct ctx *c, struct rows **out, struct str sql, const struct bind *v, size_t n);

/* Runs a statement that gives no rows; `changed`, if not NULL, gets the number of rows it changed. */
[[nodiscard]] int db_run(struct ctx *c, int64_t *changed, const char *sql, const char *types, ...);
[[nodiscard]] int db_run_binds(struct ctx *c, int64_t *changed, struct str sql, const struct bind *v, size_t n);

/* Steps to the next row: 1 there is one, 0 the end, negative an error. */
[[nodiscard]] int rows_next(struct ctx *c, struct rows *r);

/* Columns of the row, counted from 0. A string lives until the next step; row_dup copies it to the arena. NULL gives
 * the absent string, 0 or 0.0. */
struct str row_str(struct rows *r, int col);
struct str row_dup(struct ctx *c, struct rows *r, int col);
int64_t row_i64(struct rows *r, int col);
double row_f64(struct rows *r, int col);
bool row_null(struct rows *r, int col);

/* Gives the statement back. NULL is ignored. */
void rows_end(struct rows *r);

/* Runs a query of at most one row and passes it to `take` (may be NULL); *found tells whether there was one. */
typedef int (*row_fn)(struct ctx *c, struct rows *r, void *arg);
[[nodiscard]] int db_one(struct ctx *c, bool *found, row_fn take, void *arg, const char *sql, const char *types, ...);

/* Does a query give a row? */
[[nodiscard]] int db_exists(struct ctx *c, bool *found, const char *sql, const char *types, ...);
