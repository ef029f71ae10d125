/* Janitor: what is done behind the requests: checkpoints of the write-ahead log, and indexes that an existing database
 * lacks. Used by store.c. */
#pragma once
#include "store/pool.h"
#include "store/writer.h"

struct janitor;

/* A janitor for the database of `place`, which is copied. It does nothing until janitor_start. */
struct janitor *janitor_new(const struct store_place *place);

/* Tells that the log holds `pages` now. A writer_log_fn. */
void janitor_note(void *janitor, int pages);

/* Starts the thread, which first makes `indexes` (statements, NULL at the end; they must live as long as it). */
[[nodiscard]] int janitor_start(struct ctx *c, struct janitor *j, struct writer *w, struct pool *p, char **indexes);

/* Has the thread make an index by this malloc'ed statement, which it frees. One at a time: while it is at one, others
 * are dropped. */
void janitor_index(struct janitor *j, char *statement);

/* Stops the thread and frees everything. NULL is ignored. */
void janitor_free(struct janitor *j);
