/* Queries: binding, stepping and reading rows, and the statements a connection keeps.
 *
 * A statement is prepared once per connection and found again by its text. The least recently used one goes when a
 * connection holds its limit. A statement that is still running when the same text comes again (a query inside the
 * loop over its own rows) gets a second, passing one. Hashing the text costs some 30 ns, a hundredth of the statement
 * itself. */
#include <stdlib.h>

#include "store/sqlite.h"

enum { BUCKETS = 256, LONGEST_KEPT = 16000 };

struct rows {
    sqlite3_stmt *stmt;
    struct db *db;
    size_t length; /* of the text */
    uint64_t hash;
    struct rows *chain;         /* of its bucket */
    struct rows *newer, *older; /* by use */
    struct rows *running_next;  /* of db->running */
    bool running, done, kept;
};

struct statements {
    struct rows *buckets[BUCKETS];
    struct rows *newest, *oldest;
    size_t count, limit;
};

struct statements *statements_new(size_t limit) {
    struct statements *s = calloc(1, sizeof *s);
    must(s);
    s->limit = limit;
    return s;
}

void statements_free(struct statements *s) {
    struct rows *older;
    for (struct rows *r = s->newest; r; r = older) {
        older = r->older;
        sqlite3_finalize(r->stmt);
        free(r);
    }
    free(s);
}

static uint64_t hash_text(struct str s) {
    uint64_t h = s.n * 0x9E3779B97F4A7C15u, word;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        h = (h ^ word) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    word = 0;
    if (s.n > i)
        memcpy(&word, s.p + i, s.n - i);
    h = (h ^ word) * 0xC4CEB9FE1A85EC53u;
    return h ^ (h >> 29);
}

static void list_remove(struct statements *s, struct rows *r) {
    *(r->newer ? &r->newer->older : &s->newest) = r->older;
    *(r->older ? &r->older->newer : &s->oldest) = r->newer;
}

static void list_push(struct statements *s, struct rows *r) {
    r->newer = NULL;
    r->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = r;
    s->newest = r;
}

static struct rows *find(struct statements *s, struct str sql, uint64_t hash) {
    for (struct rows *r = s->buckets[hash % BUCKETS]; r; r = r->chain)
        if (r->hash == hash && r->length == sql.n && !r->running && memcmp(sqlite3_sql(r->stmt), sql.p, sql.n) == 0)
            return r;
    return NULL;
}

static void discard(struct rows *r) {
    sqlite3_finalize(r->stmt);
    free(r);
}

/* Takes a statement out of those kept. */
static void drop(struct statements *s, struct rows *r) {
    struct rows **at = &s->buckets[r->hash % BUCKETS];
    while (*at != r)
        at = &(*at)->chain;
    *at = r->chain;
    list_remove(s, r);
    s->count--;
}

/* Makes room for one more, if an idle statement can go. */
static bool make_room(struct statements *s) {
    if (s->count < s->limit)
        return true;
    struct rows *r = s->oldest;
    while (r && r->running)
        r = r->newer;
    if (!r)
        return false;
    drop(s, r);
    discard(r);
    return true;
}

static void keep(struct statements *s, struct rows *r) {
    r->kept = make_room(s);
    if (!r->kept)
        return;
    r->chain = s->buckets[r->hash % BUCKETS];
    s->buckets[r->hash % BUCKETS] = r;
    list_push(s, r);
    s->count++;
}

static int prepare(struct db *d, struct str sql, uint64_t hash, struct rows **out) {
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v3(d->handle, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc)
        return rc;
    if (!stmt)
        return SQLITE_MISUSE;
    struct rows *r = calloc(1, sizeof *r);
    must(r);
    *r = (struct rows){.stmt = stmt, .db = d, .length = sql.n, .hash = hash};
    if (sql.n <= LONGEST_KEPT) /* a giant filter would hold megabytes, and hardly comes again */
        keep(d->statements, r);
    *out = r;
    return 0;
}

/* The statement of a text, ready to be bound. */
static int statement(struct db *d, struct str sql, struct rows **out) {
    uint64_t hash = hash_text(sql);
    struct rows *r = find(d->statements, sql, hash);
    if (!r) {
        int rc = prepare(d, sql, hash, &r);
        if (rc)
            return rc;
    } else if (d->statements->newest != r) {
        list_remove(d->statements, r);
        list_push(d->statements, r);
    }
    r->running = true;
    r->done = false;
    r->running_next = d->running;
    d->running = r;
    *out = r;
    return 0;
}

void rows_end(struct rows *r) {
    if (!r || !r->running)
        return;
    struct rows **at = &r->db->running;
    while (*at != r)
        at = &(*at)->running_next;
    *at = r->running_next;
    r->running = false;
    if (!r->kept) {
        discard(r);
        return;
    }
    sqlite3_reset(r->stmt);
}

void conn_end_rows(struct db *d) {
    while (d->running)
        rows_end(d->running);
}

int conn_step(struct db *d, const char *sql) {
    struct rows *r;
    int rc = statement(d, str_of(sql), &r);
    if (rc)
        return rc;
    rc = sqlite3_step(r->stmt);
    rows_end(r);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* A failure while working on `r`, which is ended. */
[[gnu::cold]] static int fail_rows(struct ctx *c, struct rows *r, int rc) {
    int err = conn_fail(c, r->db, rc);
    rows_end(r);
    return err;
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct bind *v) {
    switch (v->type) {
    case BIND_STR:
        return v->s.p ? sqlite3_bind_text64(stmt, at, v->s.p, v->s.n, SQLITE_STATIC, SQLITE_UTF8)
                      : sqlite3_bind_null(stmt, at);
    case BIND_I64: return sqlite3_bind_int64(stmt, at, v->i);
    case BIND_F64: return sqlite3_bind_double(stmt, at, v->f);
    case BIND_NULL: break;
    }
    return sqlite3_bind_null(stmt, at);
}

int db_query_binds(struct ctx *c, struct rows **out, struct str sql, const struct bind *v, size_t n) {
    struct db *d = c->db;
    struct rows *r;
    must(d);
    int rc = statement(d, sql, &r);
    if (rc)
        return conn_fail(c, d, rc);
    if ((size_t)sqlite3_bind_parameter_count(r->stmt) != n) {
        rows_end(r);
        return fail(c, ERR_INTERNAL, "A statement was given %zu values, which is not what it takes: %.*s", n,
                    STR_FMT(sql));
    }
    for (size_t i = 0; i < n; i++) {
        rc = bind_one(r->stmt, (int)i + 1, &v[i]);
        if (rc)
            return fail_rows(c, r, rc);
    }
    *out = r;
    return 0;
}

/* Reads the arguments that `types` describes. */
static size_t gather(struct bind *v, size_t room, const char *types, va_list ap) {
    size_t n = strlen(types);
    must(n <= room);
    for (size_t i = 0; i < n; i++)
        switch (types[i]) {
        case 's': v[i] = BIND_S(va_arg(ap, struct str)); break;
        case 'i': v[i] = BIND_I(va_arg(ap, int64_t)); break;
        case 'd': v[i] = BIND_F(va_arg(ap, double)); break;
        case 'n': v[i] = (struct bind){.type = BIND_NULL}; break;
        default: must_failed("a known argument type", __FILE__, __LINE__);
        }
    return n;
}

enum { MOST_ARGUMENTS = 32 };

/* db_query with a started argument list. */
static int query_list(struct ctx *c, struct rows **out, const char *sql, const char *types, va_list ap) {
    struct bind v[MOST_ARGUMENTS];
    size_t n = gather(v, MOST_ARGUMENTS, types, ap);
    return db_query_binds(c, out, str_of(sql), v, n);
}

int db_query(struct ctx *c, struct rows **out, const char *sql, const char *types, ...) {
    va_list ap;
    va_start(ap, types);
    int rc = query_list(c, out, sql, types, ap);
    va_end(ap);
    return rc;
}

int db_run_binds(struct ctx *c, int64_t *changed, struct str sql, const struct bind *v, size_t n) {
    struct rows *r;
    int rc = db_query_binds(c, &r, sql, v, n);
    if (rc)
        return rc;
    while ((rc = sqlite3_step(r->stmt)) == SQLITE_ROW)
        ;
    if (rc != SQLITE_DONE)
        return fail_rows(c, r, rc);
    if (changed)
        *changed = sqlite3_changes64(r->db->handle);
    rows_end(r);
    return 0;
}

int db_run(struct ctx *c, int64_t *changed, const char *sql, const char *types, ...) {
    struct bind v[MOST_ARGUMENTS];
    va_list ap;
    va_start(ap, types);
    size_t n = gather(v, MOST_ARGUMENTS, types, ap);
    va_end(ap);
    return db_run_binds(c, changed, str_of(sql), v, n);
}

int rows_next(struct ctx *c, struct rows *r) {
    if (r->done)
        return 0;
    int rc = sqlite3_step(r->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    r->done = true;
    return rc == SQLITE_DONE ? 0 : conn_fail(c, r->db, rc);
}

struct str row_str(struct rows *r, int col) {
    const char *p = (const char *)sqlite3_column_text(r->stmt, col);
    return (struct str){p, p ? (size_t)sqlite3_column_bytes(r->stmt, col) : 0};
}

struct str row_dup(struct ctx *c, struct rows *r, int col) {
    struct str s = row_str(r, col);
    return s.p ? str_dup(c->arena, s) : s;
}

int64_t row_i64(struct rows *r, int col) {
    return sqlite3_column_int64(r->stmt, col);
}

double row_f64(struct rows *r, int col) {
    return sqlite3_column_double(r->stmt, col);
}

bool row_null(struct rows *r, int col) {
    return sqlite3_column_type(r->stmt, col) == SQLITE_NULL;
}

int db_one(struct ctx *c, bool *found, row_fn take, void *arg, const char *sql, const char *types, ...) {
    struct rows *r;
    va_list ap;
    va_start(ap, types);
    int rc = query_list(c, &r, sql, types, ap);
    va_end(ap);
    if (rc)
        return rc;
    rc = rows_next(c, r);
    if (rc >= 0) {
        *found = rc == 1;
        rc = rc && take ? take(c, r, arg) : 0;
    }
    rows_end(r);
    return rc;
}

int db_exists(struct ctx *c, bool *found, const char *sql, const char *types, ...) {
    struct rows *r;
    va_list ap;
    va_start(ap, types);
    int rc = query_list(c, &r, sql, types, ap);
    va_end(ap);
    if (rc)
        return rc;
    rc = rows_next(c, r);
    rows_end(r);
    if (rc < 0)
        return rc;
    *found = rc == 1;
    return 0;
}
