/* Reader connections; see pool.h. The one used last is handed out first, as its cache is warm; those that are not
 * needed are never opened. */
#include "store/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/wait.h"

struct pool {
    struct store_place place;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t limit, open, idle_count; /* open: at work or idle */
    bool paused;
    struct db *idle[];
};

struct pool *pool_new(const struct store_place *place, size_t limit) {
    struct pool *p = calloc(1, sizeof *p + limit * sizeof *p->idle);
    must(p);
    p->place = *place;
    p->limit = limit;
    pthread_mutex_init(&p->lock, NULL);
    wait_cond_init(&p->changed);
    return p;
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    while (p->idle_count < p->open)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    while (p->idle_count)
        conn_close(p->idle[--p->idle_count]);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Opens one more connection; `open` has been counted up for it. */
static int open_reader(struct ctx *c, struct pool *p, int64_t deadline, struct db **out) {
    int64_t left = deadline - clock_monotonic_ms();
    int rc = conn_open(c, &p->place, ROLE_READER, false, left > 0 ? left : 1, out);
    if (!rc)
        return 0;
    pthread_mutex_lock(&p->lock);
    p->open--;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return fail(c, ERR_TEMPORARILY_UNAVAILABLE, "%.*s", STR_FMT(c->message));
}

int pool_take(struct ctx *c, struct pool *p, int64_t deadline, struct db **out) {
    bool in_time = true;
    pthread_mutex_lock(&p->lock);
    while (in_time && (p->paused || (!p->idle_count && p->open == p->limit)))
        in_time = wait_cond(&p->changed, &p->lock, deadline);
    bool fresh = in_time && !p->idle_count;
    if (fresh)
        p->open++;
    else if (in_time)
        *out = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->lock);
    if (!in_time)
        return fail(c, ERR_TEMPORARILY_UNAVAILABLE, "The database is too busy: no reader became free in time");
    return fresh ? open_reader(c, p, deadline, out) : 0;
}

void pool_give(struct pool *p, struct db *d, bool sound) {
    if (!sound)
        conn_close(d);
    pthread_mutex_lock(&p->lock);
    if (sound)
        p->idle[p->idle_count++] = d;
    else
        p->open--;
    if (p->paused)
        pthread_cond_broadcast(&p->changed);
    else
        pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

bool pool_pause(struct pool *p, int64_t deadline) {
    bool in_time = true;
    pthread_mutex_lock(&p->lock);
    p->paused = true;
    while (in_time && p->idle_count < p->open)
        in_time = wait_cond(&p->changed, &p->lock, deadline);
    pthread_mutex_unlock(&p->lock);
    return in_time;
}

void pool_resume(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    p->paused = false;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}
