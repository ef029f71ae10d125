/* Group commit: the only code that changes the database while the server runs.
 *
 * A request that finds the writer idle runs its work itself, without a change of threads. Those that come meanwhile
 * queue, and the writer thread takes them together: one transaction, one commit, one sync; then all are answered. A
 * request that fails before it changed anything is answered alone. One that fails later has the whole transaction undone
 * and run again with a savepoint around each request, so that its undoing is its own: savepoints cost a copy of every
 * page that a request touches first, which is not worth paying for what hardly ever happens.
 * A batch is what arrived while the last one was synced: it grows with the load and never makes a lone writer wait.
 *
 * Invariants: whoever has set `busy` owns the connection; a job is in the queue while it is JOB_QUEUED, which changes
 * under the lock; nobody touches a job after setting it JOB_DONE; success is reported after the sync, never before. */
#include "store/writer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/wait.h"

enum {
    BATCH_MOST = 512,          /* jobs in one commit */
    BATCH_US = 5000,           /* no job joins a batch older than this */
    QUEUE_MOST = 8192,         /* jobs waiting; beyond it requests are refused */
    LOCK_WAIT_MOST_US = 10000, /* longest pause between two tries for a database another process holds */
    LOCK_LOG_MS = 2000,
    AGAIN_MS = 10000, /* to begin again after an undone transaction */
};

enum { JOB_QUEUED, JOB_TAKEN, JOB_DONE };

/* One request's work; lives on the stack of the thread that waits for it. */
struct job {
    struct ctx *c;
    store_fn fn;
    void *arg;
    struct job *next; /* of the queue, then of the batch */
    int rc;
    bool alone; /* runs outside of a transaction */
    _Atomic uint32_t state;
};

struct writer {
    struct db *db;
    writer_log_fn after_commit;
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *head, **tail;
    size_t queued;
    bool busy, stop;
    int log_pages; /* set by SQLite while committing */
    _Atomic uint64_t commits, writes, commit_us;
};

/* The jobs of one transaction, in the order they ran. */
struct batch {
    struct job *first, **last;
    size_t count;
    int64_t started; /* clock_monotonic_us */
    bool guarded;    /* each job has a savepoint */
    bool broken;     /* the transaction is lost: nothing of it may be reported as done ... */
    struct str why;  /* ... for this reason */
};

/* ---- the queue ------------------------------------------------------------------------------------------- */

static void push(struct writer *w, struct job *j) {
    j->next = NULL;
    *w->tail = j;
    w->tail = &j->next;
    w->queued++;
}

static void push_front(struct writer *w, struct job *j) {
    j->next = w->head;
    if (!w->head)
        w->tail = &j->next;
    w->head = j;
    w->queued++;
}

static void unlink_head(struct writer *w) {
    struct job *j = w->head;
    w->head = j->next;
    if (!w->head)
        w->tail = &w->head;
    w->queued--;
    j->next = NULL;
    atomic_store_explicit(&j->state, JOB_TAKEN, memory_order_relaxed);
}

/* Takes the next job for a transaction; one that runs alone ends the batch. */
static struct job *pop(struct writer *w) {
    pthread_mutex_lock(&w->lock);
    struct job *j = w->head && !w->head->alone ? w->head : NULL;
    if (j)
        unlink_head(w);
    pthread_mutex_unlock(&w->lock);
    return j;
}

/* Takes a job out of the queue unless its work has begun. */
static bool withdraw(struct writer *w, struct job *j) {
    pthread_mutex_lock(&w->lock);
    bool queued = atomic_load_explicit(&j->state, memory_order_relaxed) == JOB_QUEUED;
    if (queued) {
        struct job **at = &w->head;
        while (*at != j)
            at = &(*at)->next;
        *at = j->next;
        if (!*at)
            w->tail = at;
        w->queued--;
    }
    pthread_mutex_unlock(&w->lock);
    return queued;
}

/* Does anybody wait for a transaction? */
static bool anyone_waits(struct writer *w) {
    pthread_mutex_lock(&w->lock);
    bool any = w->head && !w->head->alone;
    pthread_mutex_unlock(&w->lock);
    return any;
}

/* ---- one batch ------------------------------------------------------------------------------------------- */

/* The transaction is lost by SQLite's `rc`. */
static void lose(struct writer *w, struct batch *b, struct job *j, int rc) {
    (void)conn_fail(j->c, w->db, rc);
    b->why = j->c->message;
    b->broken = true;
}

/* Runs a job's function inside the transaction; `b` is broken when SQLite gave up the whole transaction meanwhile. */
static void call_job(struct writer *w, struct batch *b, struct job *j) {
    j->c->db = w->db;
    j->rc = j->fn(j->c, j->arg);
    j->c->db = NULL;
    conn_end_rows(w->db);
    b->broken = !conn_in_transaction(w->db);
    b->why = j->c->message;
    if (j->rc == ERR_RETRY && !b->broken)
        j->rc = fail(j->c, ERR_TEMPORARILY_UNAVAILABLE, "%.*s", STR_FMT(j->c->message));
}

/* Runs a job between a savepoint and its release, so that its failure undoes its own changes alone. */
static void run_guarded(struct writer *w, struct batch *b, struct job *j) {
    struct db *d = w->db;
    int rc = conn_step(d, "SAVEPOINT job");
    if (!rc)
        call_job(w, b, j);
    if (!rc && !b->broken && j->rc)
        rc = conn_step(d, "ROLLBACK TO job");
    if (!rc && !b->broken)
        rc = conn_step(d, "RELEASE job");
    if (rc)
        lose(w, b, j, rc);
}

/* Begins a transaction again after one was undone, though another process may have come in between. */
static int begin_again(struct db *d) {
    int64_t end = clock_monotonic_ms() + AGAIN_MS;
    int rc;
    while (((rc = conn_step(d, "BEGIN IMMEDIATE")) & 0xFF) == SQLITE_BUSY && clock_monotonic_ms() < end)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return rc;
}

/* Undoes the transaction and runs the jobs of the batch once more, now guarded; the rest of the batch will be too. */
static void run_again(struct writer *w, struct batch *b) {
    int rc = conn_step(w->db, "ROLLBACK");
    if (!rc)
        rc = begin_again(w->db);
    b->guarded = true;
    if (rc)
        lose(w, b, b->first, rc);
    for (struct job *j = b->first; j && !b->broken; j = j->next)
        run_guarded(w, b, j);
}

/* Adds a job to the batch and runs it: without a savepoint as long as no job has failed after it changed something. */
static void run_job(struct writer *w, struct batch *b, struct job *j) {
    sqlite3_int64 before = sqlite3_total_changes64(w->db->handle);
    j->next = NULL;
    *b->last = j;
    b->last = &j->next;
    b->count++;
    if (b->guarded) {
        run_guarded(w, b, j);
        return;
    }
    call_job(w, b, j);
    if (j->rc && !b->broken && sqlite3_total_changes64(w->db->handle) != before)
        run_again(w, b);
}

static bool batch_full(const struct batch *b) {
    return b->broken || b->count >= BATCH_MOST || clock_monotonic_us() - b->started >= BATCH_US;
}

/* Fails every job of a batch whose transaction was lost. */
static void fail_batch(struct batch *b) {
    log_error("a transaction of %zu writes was undone: %.*s", b->count, STR_FMT(b->why));
    for (struct job *j = b->first; j; j = j->next)
        j->rc = fail(j->c, ERR_TEMPORARILY_UNAVAILABLE, "The write was not done: %.*s", STR_FMT(b->why));
}

/* Answers every job of the batch. */
static void finish(struct batch *b, const struct job *own) {
    for (struct job *j = b->first, *next; j; j = next) {
        next = j->next;
        atomic_store_explicit(&j->state, JOB_DONE, memory_order_release);
        if (j != own)
            wait_wake(&j->state);
    }
}

/* Commits, or undoes everything when that fails. */
static void commit(struct writer *w, struct batch *b) {
    struct db *d = w->db;
    int64_t start = clock_monotonic_us();
    int rc = b->broken ? SQLITE_ABORT : conn_step(d, "COMMIT");
    if (rc) {
        if (!b->broken)
            lose(w, b, b->first, rc);
        if (conn_in_transaction(d))
            (void)!conn_step(d, "ROLLBACK");
        fail_batch(b);
        return;
    }
    atomic_fetch_add_explicit(&w->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&w->writes, b->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&w->commit_us, (uint64_t)(clock_monotonic_us() - start), memory_order_relaxed);
}

/* Runs `own` (may be NULL) and what is queued in the transaction that has been begun, commits and answers. */
static void run_batch(struct writer *w, struct job *own) {
    struct batch b = {.last = &b.first, .started = clock_monotonic_us()};
    struct job *j = own ? own : pop(w);
    for (; j; j = batch_full(&b) ? NULL : pop(w))
        run_job(w, &b, j);
    if (!b.count) {
        (void)!conn_step(w->db, "ROLLBACK");
        return;
    }
    w->log_pages = 0;
    commit(w, &b);
    if (w->log_pages) /* before the answers: who waits for the last one may close the store */
        w->after_commit(w->arg, w->log_pages);
    finish(&b, own);
}

/* Answers all that wait with the failure to begin, SQLite's `rc`. */
static void refuse_all(struct writer *w, struct job *own, int rc) {
    struct batch b = {.last = &b.first};
    for (struct job *j = own ? own : pop(w); j; j = pop(w)) {
        lose(w, &b, j, rc);
        *b.last = j;
        b.last = &j->next;
        b.count++;
    }
    if (b.count)
        fail_batch(&b);
    finish(&b, own);
}

/* ---- who runs it ----------------------------------------------------------------------------------------- */

/* Gives up the connection; the writer thread goes on if somebody waits. */
static void step_down(struct writer *w, struct job *unfinished) {
    pthread_mutex_lock(&w->lock);
    if (unfinished)
        push_front(w, unfinished);
    w->busy = false;
    if (w->head || w->stop)
        pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

/* Runs a job that wants no transaction. */
static void run_alone(struct writer *w, struct job *j, const struct job *own) {
    struct batch b = {.first = j};
    j->next = NULL;
    j->c->db = w->db;
    j->rc = j->fn(j->c, j->arg);
    j->c->db = NULL;
    conn_end_rows(w->db);
    finish(&b, own);
}

/* Runs the caller's own job at once. False: another process holds the database, the job is queued now. */
static bool lead(struct writer *w, struct job *own) {
    if (own->alone) {
        run_alone(w, own, own);
        step_down(w, NULL);
        return true;
    }
    int rc = conn_step(w->db, "BEGIN IMMEDIATE");
    bool held = (rc & 0xFF) == SQLITE_BUSY;
    if (!rc)
        run_batch(w, own);
    else if (!held)
        refuse_all(w, own, rc);
    step_down(w, held ? own : NULL);
    return !held;
}

/* Begins a transaction, trying until another process lets go; false when nobody waits any more, or all were refused. */
static bool begin_patiently(struct writer *w) {
    int64_t pause_us = 500, started = clock_monotonic_ms();
    bool logged = false;
    int rc;
    while (((rc = conn_step(w->db, "BEGIN IMMEDIATE")) & 0xFF) == SQLITE_BUSY && anyone_waits(w)) {
        if (!logged && clock_monotonic_ms() - started > LOCK_LOG_MS) {
            logged = true;
            log_warning("writes wait: another process holds the database");
        }
        nanosleep(&(struct timespec){.tv_nsec = pause_us * 1000}, NULL);
        pause_us = pause_us * 2 < LOCK_WAIT_MOST_US ? pause_us * 2 : LOCK_WAIT_MOST_US;
    }
    if (rc && (rc & 0xFF) != SQLITE_BUSY)
        refuse_all(w, NULL, rc);
    return rc == 0;
}

/* The writer thread's turn: a transaction, or a job that runs alone. The caller has set `busy` and holds the lock. */
static void take_turn(struct writer *w) {
    struct job *alone = w->head->alone ? w->head : NULL;
    if (alone)
        unlink_head(w);
    pthread_mutex_unlock(&w->lock);
    if (alone)
        run_alone(w, alone, NULL);
    else if (begin_patiently(w))
        run_batch(w, NULL);
    pthread_mutex_lock(&w->lock);
}

static void *writer_thread(void *arg) {
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->busy || (!w->head && !w->stop))
            pthread_cond_wait(&w->work, &w->lock);
        if (!w->head)
            break;
        w->busy = true;
        take_turn(w);
        w->busy = false;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Waits until a queued job is done, or withdraws it at the deadline. */
static int wait_done(struct writer *w, struct job *j, int64_t deadline) {
    uint32_t state;
    while ((state = atomic_load_explicit(&j->state, memory_order_acquire)) != JOB_DONE) {
        if (wait_word(&j->state, state, deadline))
            continue;
        if (withdraw(w, j))
            return fail(j->c, ERR_TEMPORARILY_UNAVAILABLE,
                        "The database stayed locked or busy for too long; the write was not done");
        deadline = INT64_MAX;
    }
    return j->rc;
}

/* Has the job run, by this thread when the writer is idle. */
static int run(struct writer *w, struct job *j, int64_t deadline) {
    must(!j->c->db);
    pthread_mutex_lock(&w->lock);
    bool idle = !w->busy && !w->head, full = w->queued >= QUEUE_MOST;
    if (idle)
        w->busy = true;
    else if (!full)
        push(w, j);
    pthread_mutex_unlock(&w->lock);
    if (idle && lead(w, j))
        return j->rc;
    if (!idle && full)
        return fail(j->c, ERR_TEMPORARILY_UNAVAILABLE, "Too many writes wait for the database");
    return wait_done(w, j, deadline);
}

int writer_run(struct ctx *c, struct writer *w, store_fn fn, void *arg, int64_t deadline) {
    struct job j = {.c = c, .fn = fn, .arg = arg};
    return run(w, &j, deadline);
}

int writer_run_alone(struct ctx *c, struct writer *w, store_fn fn, void *arg) {
    struct job j = {.c = c, .fn = fn, .arg = arg, .alone = true};
    return run(w, &j, INT64_MAX);
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static int note_log_pages(void *arg, sqlite3 *handle, const char *schema, int pages) {
    (void)handle;
    (void)schema;
    ((struct writer *)arg)->log_pages = pages;
    return SQLITE_OK;
}

int writer_new(struct ctx *c, struct db *d, writer_log_fn after_commit, void *arg, struct writer **out) {
    struct writer *w = calloc(1, sizeof *w);
    must(w);
    w->db = d;
    w->after_commit = after_commit;
    w->arg = arg;
    w->tail = &w->head;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    sqlite3_busy_timeout(d->handle, 0);
    sqlite3_wal_hook(d->handle, note_log_pages, w);
    if (pthread_create(&w->thread, NULL, writer_thread, w)) {
        free(w);
        return fail(c, ERR_INTERNAL, "Cannot start the writer thread");
    }
    *out = w;
    return 0;
}

void writer_free(struct writer *w) {
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    must(!w->busy && !w->head);
    /* The last connection removes the log when it closes; when another process uses it too, leave it short. */
    (void)!sqlite3_wal_checkpoint_v2(w->db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    conn_close(w->db);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void writer_stats(const struct writer *w, struct store_stats *out) {
    out->commits = atomic_load_explicit(&w->commits, memory_order_relaxed);
    out->writes = atomic_load_explicit(&w->writes, memory_order_relaxed);
    out->commit_us = atomic_load_explicit(&w->commit_us, memory_order_relaxed);
}
