/* Writer: all changes of a SQLite database, many of them in one commit. Used by store.c. */
#pragma once
#include "store/sqlite.h"

struct writer;

/* Called after a commit, with the number of pages the write-ahead log holds now; by the thread that committed. */
typedef void (*writer_log_fn)(void *arg, int pages);

/* Takes over the connection `d` and starts the writer. */
[[nodiscard]] int writer_new(struct ctx *c, struct db *d, writer_log_fn after_commit, void *arg, struct writer **out);

/* Waits for what is queued, stops and closes the connection. No call of writer_run may come later. NULL is ignored. */
void writer_free(struct writer *w);

/* Runs fn(c, arg) inside a transaction and returns after its commit; see store_write. Gives up at `deadline` unless
 * the work has begun. */
[[nodiscard]] int writer_run(struct ctx *c, struct writer *w, store_fn fn, void *arg, int64_t deadline);

/* Runs fn(c, arg) on the connection between two transactions. */
[[nodiscard]] int writer_run_alone(struct ctx *c, struct writer *w, store_fn fn, void *arg);

void writer_stats(const struct writer *w, struct store_stats *out);
