/* Checkpoints and late indexes; see janitor.h.
 *
 * The log must go back to the database file before it grows too long, without holding up commits. So a connection of
 * the janitor copies the bulk while writers go on, then the writer copies the few pages that came meanwhile between
 * two transactions: only a log that has been copied entirely starts again from its beginning. A reader that still
 * looks at the log prevents that; when it has happened, new readers wait for a moment, the longer the log is. A reader
 * that outlasts this is left alone until the log has doubled. */
#include "store/janitor.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/wait.h"

enum {
    LOG_PAGES = 2000,       /* 8 MB: time for a checkpoint */
    LOG_LONG_PAGES = 4000,  /* 16 MB: the last try was in vain, readers wait for this one */
    PAGES_PER_WAIT_MS = 40, /* readers wait 100 ms for a log of 16 MB, and so on ... */
    READERS_WAIT_MOST_MS = 2000,
    KEEPER_WAIT_MS = 1000,
    INDEX_WAIT_MS = 2000,
};

struct janitor {
    struct store_place place;
    struct writer *writer;
    struct pool *pool;
    char **indexes;
    struct db *keeper;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    int pages;             /* of the log, when it is long enough to matter */
    char *wanted;          /* an index to be made, or being made */
    _Atomic int threshold; /* pages from which it matters */
};

struct janitor *janitor_new(const struct store_place *place) {
    struct janitor *j = calloc(1, sizeof *j);
    must(j);
    j->place = *place;
    j->threshold = LOG_PAGES;
    pthread_mutex_init(&j->lock, NULL);
    wait_cond_init(&j->changed);
    return j;
}

void janitor_note(void *janitor, int pages) {
    struct janitor *j = janitor;
    int threshold = atomic_load_explicit(&j->threshold, memory_order_relaxed);
    if (pages < threshold && (pages >= LOG_PAGES || threshold == LOG_PAGES))
        return;
    pthread_mutex_lock(&j->lock);
    if (pages < LOG_PAGES) /* it has started again */
        atomic_store_explicit(&j->threshold, LOG_PAGES, memory_order_relaxed);
    else if (!j->pages) {
        j->pages = pages;
        pthread_cond_signal(&j->changed);
    }
    pthread_mutex_unlock(&j->lock);
}

/* One checkpoint on the writer's connection, between two transactions. */
static int checkpoint_here(struct ctx *c, void *arg) {
    const int *mode = arg;
    return sqlite3_wal_checkpoint_v2(c->db->handle, NULL, *mode, NULL, NULL);
}

/* Copies the bulk of the log while writers go on. */
static int copy_bulk(struct ctx *c, struct janitor *j) {
    if (!j->keeper) {
        int rc = conn_open(c, &j->place, ROLE_KEEPER, false, KEEPER_WAIT_MS, &j->keeper);
        if (rc) {
            log_warning("no checkpoint: %.*s", STR_FMT(c->message));
            return rc;
        }
    }
    int rc = sqlite3_wal_checkpoint_v2(j->keeper->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc && (rc & 0xFF) != SQLITE_BUSY)
        log_warning("a checkpoint failed: %s", sqlite3_errmsg(j->keeper->handle));
    return rc;
}

/* Copies the rest between two transactions; for a `hard` one, without readers. False: the log cannot start again. */
static bool copy_rest(struct ctx *c, struct janitor *j, bool hard, int pages) {
    int mode = hard ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    int wait = pages / PAGES_PER_WAIT_MS;
    if (hard)
        (void)pool_pause(j->pool, clock_monotonic_ms() + (wait < READERS_WAIT_MOST_MS ? wait : READERS_WAIT_MOST_MS));
    int rc = writer_run_alone(c, j->writer, checkpoint_here, &mode);
    if (hard)
        pool_resume(j->pool);
    return rc == SQLITE_OK;
}

/* Gives the length at which the log is due again, unless it starts anew before. */
static int checkpoint(struct ctx *c, struct janitor *j, int pages) {
    int64_t start = clock_monotonic_us();
    bool hard = pages >= LOG_LONG_PAGES;
    bool done = copy_bulk(c, j) == 0 && copy_rest(c, j, hard, pages);
    log_debug("checkpoint of %d pages%s: %s, %ld us", pages, hard ? " with readers waiting" : "",
              done ? "done" : "not complete", (long)(clock_monotonic_us() - start));
    return hard && !done ? 2 * pages : pages + LOG_PAGES;
}

static bool stopping(struct janitor *j) {
    pthread_mutex_lock(&j->lock);
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return stop;
}

static int run_index(struct ctx *c, void *arg) {
    return db_run(c, NULL, arg, "");
}

/* Makes one index, trying as long as another process holds the database. A failure is only logged: it costs speed. */
static void make_index(struct ctx *c, struct janitor *j, char *statement) {
    int64_t start = clock_monotonic_ms();
    int rc;
    do {
        arena_reset(c->arena);
        rc = writer_run(c, j->writer, run_index, statement, clock_monotonic_ms() + INDEX_WAIT_MS);
    } while (rc == ERR_TEMPORARILY_UNAVAILABLE && !stopping(j));
    if (rc)
        log_warning("an index was not made (%s): %.*s", statement, STR_FMT(c->message));
    else
        log_info("made an index in %ld ms: %s", (long)(clock_monotonic_ms() - start), statement);
}

void janitor_index(struct janitor *j, char *statement) {
    pthread_mutex_lock(&j->lock);
    if (j->wanted)
        free(statement);
    else {
        j->wanted = statement;
        pthread_cond_signal(&j->changed);
    }
    pthread_mutex_unlock(&j->lock);
}

static void make_wanted_index(struct ctx *c, struct janitor *j) {
    make_index(c, j, j->wanted);
    pthread_mutex_lock(&j->lock);
    free(j->wanted);
    j->wanted = NULL;
    pthread_mutex_unlock(&j->lock);
}

/* Waits for a log that is too long, or an index that is wanted; false: stop. */
static bool wait_for_work(struct janitor *j, int *pages, bool *index) {
    pthread_mutex_lock(&j->lock);
    while (!j->pages && !j->wanted && !j->stop)
        pthread_cond_wait(&j->changed, &j->lock);
    *pages = j->pages;
    *index = j->wanted;
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return !stop;
}

/* Waits for a log of `pages` from now on. */
static void rest(struct janitor *j, int pages) {
    pthread_mutex_lock(&j->lock);
    j->pages = 0;
    atomic_store_explicit(&j->threshold, pages, memory_order_relaxed);
    pthread_mutex_unlock(&j->lock);
}

static void *janitor_thread(void *arg) {
    struct janitor *j = arg;
    struct arena *arena = arena_new();
    struct ctx c = {.arena = arena};
    for (char **s = j->indexes; *s && !stopping(j); s++)
        make_index(&c, j, *s);
    int pages;
    bool index;
    while (wait_for_work(j, &pages, &index)) {
        if (index)
            make_wanted_index(&c, j);
        if (pages)
            rest(j, checkpoint(&c, j, pages));
        arena_reset(arena);
    }
    arena_free(arena);
    return NULL;
}

int janitor_start(struct ctx *c, struct janitor *j, struct writer *w, struct pool *p, char **indexes) {
    j->writer = w;
    j->pool = p;
    j->indexes = indexes;
    j->started = pthread_create(&j->thread, NULL, janitor_thread, j) == 0;
    return j->started ? 0 : fail(c, ERR_INTERNAL, "Cannot start the thread for checkpoints");
}

void janitor_free(struct janitor *j) {
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_signal(&j->changed);
    pthread_mutex_unlock(&j->lock);
    if (j->started)
        pthread_join(j->thread, NULL);
    conn_close(j->keeper);
    free(j->wanted);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->lock);
    free(j);
}
