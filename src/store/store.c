/* Stores: a place, a writer, a pool of readers and a janitor; see store.h. A database in memory lives in one
 * connection, so there its reads are the writer's work too. */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/janitor.h"
#include "store/migrate.h"

enum { BUSY_MS = 60000, READERS_LEAST = 4, RETRY_US = 1000 };

struct store {
    struct arena *arena; /* the strings of `place` and the statements of late indexes */
    struct store_place place;
    int64_t busy_ms;
    struct writer *writer;
    struct pool *readers; /* NULL: in memory */
    struct janitor *janitor;
};

/* Makes the directories above the file, as MLflow does. */
static int make_parents(struct ctx *c, const struct store_place *place) {
    struct str path = str_dup(c->arena, place->path);
    char *p = (char *)path.p;
    for (size_t i = 1; i < path.n; i++) {
        if (p[i] != '/')
            continue;
        p[i] = 0;
        if (mkdir(p, 0777) && errno != EEXIST)
            return fail(c, ERR_INVALID_STATE, "Cannot make the directory '%s' for the database: %m", p);
        p[i] = '/';
    }
    return 0;
}

static size_t reader_limit(size_t wanted) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors > 0 ? 2 * (size_t)processors : 0;
    return wanted ? wanted : n < READERS_LEAST ? READERS_LEAST : n;
}

/* Opens the database, checks or makes its schema, and starts the writer on it. */
static int start_writer(struct ctx *c, struct store *s, bool create, char ***missing) {
    struct db *d;
    int rc = create && !s->place.memory ? make_parents(c, &s->place) : 0;
    if (!rc)
        rc = conn_open(c, &s->place, ROLE_WRITER, create, s->busy_ms, &d);
    if (rc)
        return rc;
    rc = schema_check(c, d, s->place.uri, create);
    if (!rc)
        rc = schema_missing_indexes(c, d, missing);
    if (!rc)
        rc = writer_new(c, d, janitor_note, s->janitor, &s->writer);
    if (rc)
        conn_close(d);
    return rc;
}

/* store_open with `in` holding the memory that lives as long as the store. */
static int open_parts(struct ctx *in, struct store *s, const struct store_options *o) {
    char **missing;
    int rc = store_place_parse(in, o->uri, &s->place);
    if (rc)
        return rc;
    s->busy_ms = o->busy_ms ? o->busy_ms : s->place.timeout_ms ? s->place.timeout_ms : BUSY_MS;
    s->janitor = janitor_new(&s->place);
    rc = start_writer(in, s, o->create, &missing);
    if (rc || s->place.memory)
        return rc;
    s->readers = pool_new(&s->place, reader_limit(o->readers));
    return janitor_start(in, s->janitor, s->writer, s->readers, missing);
}

int store_open(struct ctx *c, const struct store_options *o, struct store **out) {
    struct store *s = calloc(1, sizeof *s);
    must(s);
    s->arena = arena_new();
    struct ctx in = *c;
    in.arena = s->arena;
    int rc = open_parts(&in, s, o);
    if (rc) {
        rc = fail(c, (enum err)rc, "%.*s", STR_FMT(in.message));
        store_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s) {
    if (!s)
        return;
    janitor_free(s->janitor);
    pool_free(s->readers);
    writer_free(s->writer);
    arena_free(s->arena);
    free(s);
}

/* When to give up: the request's deadline, or the longest wait for others if that comes first. */
static int64_t give_up_at(const struct ctx *c, const struct store *s) {
    int64_t at = clock_monotonic_ms() + s->busy_ms;
    return c->deadline && c->deadline < at ? c->deadline : at;
}

/* Runs fn in one snapshot of `d`. */
static int read_once(struct ctx *c, struct db *d, store_fn fn, void *arg) {
    int rc = conn_step(d, "BEGIN");
    if (rc)
        return conn_fail(c, d, rc);
    c->db = d;
    d->deadline = c->deadline;
    rc = fn(c, arg);
    d->deadline = 0;
    c->db = NULL;
    conn_end_rows(d);
    int end = conn_in_transaction(d) ? conn_step(d, "COMMIT") : SQLITE_OK;
    return rc || !end ? rc : conn_fail(c, d, end);
}

int store_read(struct ctx *c, struct store *s, store_fn fn, void *arg) {
    int64_t deadline = give_up_at(c, s);
    struct db *d;
    if (!s->readers)
        return writer_run(c, s->writer, fn, arg, deadline);
    must(!c->db);
    int rc = pool_take(c, s->readers, deadline, &d);
    if (rc)
        return rc;
    while ((rc = read_once(c, d, fn, arg)) == ERR_RETRY && clock_monotonic_ms() < deadline)
        nanosleep(&(struct timespec){.tv_nsec = RETRY_US * 1000}, NULL);
    if (d->wanted)
        janitor_index(s->janitor, d->wanted);
    d->wanted = NULL;
    pool_give(s->readers, d, rc != ERR_INTERNAL && !conn_in_transaction(d));
    return rc == ERR_RETRY ? fail(c, ERR_TEMPORARILY_UNAVAILABLE, "%.*s", STR_FMT(c->message)) : rc;
}

void db_want_index(struct ctx *c, struct str statement) {
    struct db *d = c->db;
    free(d->wanted);
    d->wanted = strndup(statement.p, statement.n);
    must(d->wanted);
}

int store_write(struct ctx *c, struct store *s, store_fn fn, void *arg) {
    return writer_run(c, s->writer, fn, arg, give_up_at(c, s));
}

void store_stats(const struct store *s, struct store_stats *out) {
    writer_stats(s->writer, out);
}
