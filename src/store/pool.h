/* Pool: reader connections, opened when first needed and kept. Used by store.c (reads) and janitor.c (pauses). */
#pragma once
#include "store/sqlite.h"

struct pool;

/* A pool of at most `limit` connections to `place`. `place` is copied; its strings must outlive the pool. */
struct pool *pool_new(const struct store_place *place, size_t limit);

/* Waits for the connections in use, and closes all. No pool_take may come later. NULL is ignored. */
void pool_free(struct pool *p);

/* Takes a connection, waiting for one until `deadline` (clock_monotonic_ms). ERR_TEMPORARILY_UNAVAILABLE: none came
 * free. Give it back with pool_give. */
[[nodiscard]] int pool_take(struct ctx *c, struct pool *p, int64_t deadline, struct db **out);

/* Gives a connection back; one that failed (`sound` false) is closed, so that the next is fresh. */
void pool_give(struct pool *p, struct db *d, bool sound);

/* Keeps new readers waiting until pool_resume, and waits for those at work, at most until `deadline`. True: no reader
 * has a snapshot now. Called in pairs with pool_resume, by one thread. */
bool pool_pause(struct pool *p, int64_t deadline);
void pool_resume(struct pool *p);
