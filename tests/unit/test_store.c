/* Unit tests of the store room: URIs, values, transactions, group commit, other processes, full disks, schema. */
#include "suite.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "store/migrate.h"
#include "store/uri.h"

/* A directory of its own for each test, and a store in it. */
struct fixture {
    struct ctx *c;
    struct store *store;
    char dir[64];
    struct str uri, path;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->c = test_ctx();
    snprintf(f->dir, sizeof f->dir, "/tmp/millrace-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->path = str_fmt(f->c->arena, "%s/test.db", f->dir);
    f->uri = str_fmt(f->c->arena, "sqlite:///%s", f->path.p);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm", "test.db-journal", "other"};
    struct fixture *f = *state;
    store_close(f->store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(str_fmt(f->c->arena, "%s/%s", f->dir, names[i]).p);
    rmdir(f->dir);
    test_ctx_free(f->c);
    free(f);
    return 0;
}

#define assert_ok(c, call)                                                                                             \
    do {                                                                                                               \
        int rc_ = (call);                                                                                              \
        if (rc_)                                                                                                       \
            fail_msg("%d: %.*s", rc_, STR_FMT((c)->message));                                                          \
    } while (0)

static void open_store(struct fixture *f) {
    assert_ok(f->c, store_open(f->c, &(struct store_options){.uri = f->uri, .create = true}, &f->store));
}

static void reopen(struct fixture *f) {
    store_close(f->store);
    f->store = NULL;
    open_store(f);
}

/* One statement in a write of its own. */
static int run_text(struct ctx *c, void *arg) {
    return db_run(c, NULL, arg, "");
}

static int write_sql(struct fixture *f, char *sql) {
    return store_write(f->c, f->store, run_text, sql);
}

struct number {
    const char *sql;
    int64_t value;
};

static int take_number(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return 0;
}

static int read_number(struct ctx *c, void *arg) {
    struct number *n = arg;
    bool found = false;
    int rc = db_one(c, &found, take_number, &n->value, n->sql, "");
    return rc;
}

static int64_t number(struct fixture *f, const char *sql) {
    struct number n = {.sql = sql, .value = -1};
    assert_ok(f->c, store_read(f->c, f->store, read_number, &n));
    return n.value;
}

/* ---- URIs ------------------------------------------------------------------------------------------------ */

static void uris_are_read_as_sqlalchemy_does(void **state) {
    static const struct {
        const char *uri, *file;
        bool memory, native;
        int64_t timeout_ms;
    } cases[] = {
        {"sqlite:///mlflow.db", "mlflow.db", false, false, 0},
        {"sqlite:////srv/ml/flow.db", "/srv/ml/flow.db", false, false, 0},
        {"sqlite+pysqlite:///x.db", "x.db", false, false, 0},
        {"sqlite:///a%20b%2Fc.db", "a b/c.db", false, false, 0},
        {"sqlite:///100%.db", "100%.db", false, false, 0},
        {"sqlite:///a+b.db", "a+b.db", false, false, 0},
        {"sqlite://", ":memory:", true, false, 0},
        {"sqlite:///", ":memory:", true, false, 0},
        {"sqlite:///:memory:", ":memory:", true, false, 0},
        {"sqlite:///x.db?timeout=2.5&check_same_thread=false", "x.db", false, false, 2500},
        {"sqlite:///x.db?mode=ro", "x.db", false, false, 0},
        {"sqlite:///file:x.db?mode=ro&uri=true", "file:x.db?mode=ro", false, true, 0},
        {"sqlite:///file:y?mode=memory&cache=shared&uri=true", "file:y?mode=memory&cache=shared", true, true, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_place p;
        assert_ok(f->c, store_place_parse(f->c, str_of(cases[i].uri), &p));
        assert_str(p.file, cases[i].file);
        assert_int_equal(p.memory, cases[i].memory);
        assert_int_equal(p.native, cases[i].native);
        assert_int_equal(p.timeout_ms, cases[i].timeout_ms);
    }
}

static void bad_uris_are_refused_with_one_line(void **state) {
    static const char *const cases[] = {"",
                                        "mlruns",
                                        "/srv/mlruns",
                                        "postgresql://h/d",
                                        "http://x",
                                        "sqlite:x.db",
                                        "sqlite://host/x.db",
                                        "mysql+pymysql://h/d",
                                        "sqlite",
                                        "sqlite:///a%00b",
                                        "sqlite:///x?timeout=soon",
                                        "sqlite:///x?uri=maybe"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *s;
        assert_int_equal(store_open(f->c, &(struct store_options){.uri = str_of(cases[i])}, &s), ERR_INVALID_PARAMETER);
        assert_true(f->c->message.n > 0);
        assert_int_equal(str_chr(f->c->message, '\n'), -1);
    }
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static void new_databases_have_the_newest_schema(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_int_equal(number(f, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"), 65);
    assert_int_equal(number(f, "SELECT count(*) FROM alembic_version WHERE version_num = '" SCHEMA_REVISION "'"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces WHERE name = 'default'"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM experiments"), 0);
    assert_ok(f->c, store_ensure_default_experiment(f->c, f->store, STR("mlflow-artifacts:/0")));
    assert_ok(f->c, store_ensure_default_experiment(f->c, f->store, STR("elsewhere/0")));
    reopen(f);
    assert_int_equal(number(f, "SELECT count(*) FROM experiments WHERE experiment_id = 0 AND name = 'Default'"
                               " AND artifact_location = 'mlflow-artifacts:/0'"),
                     1);
    assert_ok(f->c, store_upgrade(f->c, f->uri));
}

static void upgrade_makes_the_tables_of_an_empty_database(void **state) {
    struct fixture *f = *state;
    assert_ok(f->c, store_upgrade(f->c, f->uri));
    assert_ok(f->c, store_open(f->c, &(struct store_options){.uri = f->uri}, &f->store));
}

static void databases_in_memory_work(void **state) {
    struct fixture *f = *state;
    f->uri = STR("sqlite:///:memory:");
    open_store(f);
    assert_ok(f->c, store_ensure_default_experiment(f->c, f->store, STR("x/0")));
    assert_int_equal(number(f, "SELECT count(*) FROM experiments"), 1);
}

static void parents_are_made(void **state) {
    struct fixture *f = *state;
    struct str dir = str_fmt(f->c->arena, "%s/a/b", f->dir);
    f->uri = str_fmt(f->c->arena, "sqlite:///%s/c.db", dir.p);
    open_store(f);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(str_fmt(f->c->arena, "%s/c.db", dir.p).p), 0);
    assert_int_equal(rmdir(dir.p), 0);
    assert_int_equal(rmdir(str_fmt(f->c->arena, "%s/a", f->dir).p), 0);
}

static void assert_refused(struct fixture *f, bool create, const char *part) {
    struct store *s = NULL;
    assert_int_equal(store_open(f->c, &(struct store_options){.uri = f->uri, .create = create}, &s), ERR_INVALID_STATE);
    if (str_find(f->c->message, str_of(part)) < 0)
        fail_msg("got \"%.*s\", expected \"%s\" in it", STR_FMT(f->c->message), part);
    assert_int_equal(str_chr(f->c->message, '\n'), -1);
    assert_null(s);
}

static void what_cannot_be_opened_is_named(void **state) {
    struct fixture *f = *state;
    assert_refused(f, false, "does not exist");
    FILE *text = fopen(f->path.p, "w");
    for (int i = 0; i < 200; i++)
        fputs("this is no database at all\n", text);
    fclose(text);
    assert_refused(f, true, "not a SQLite database");
    f->uri = str_fmt(f->c->arena, "sqlite:///%s", f->dir);
    assert_refused(f, true, "is a directory");
    f->uri = STR("sqlite:////proc/none/here.db");
    assert_refused(f, true, "/proc/none");
}

/* Changes a closed database with SQLite itself. */
static void alter(struct fixture *f, const char *sql) {
    sqlite3 *h;
    assert_int_equal(sqlite3_open(f->path.p, &h), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
}

static void other_revisions_are_refused(void **state) {
    struct fixture *f = *state;
    open_store(f);
    store_close(f->store);
    f->store = NULL;
    alter(f, "UPDATE alembic_version SET version_num = '75868b020152'");
    assert_refused(f, true, "out of date (revision 75868b020152");
    assert_refused(f, true, "millrace db upgrade sqlite:///");
    assert_int_equal(store_upgrade(f->c, f->uri), ERR_INVALID_STATE);
    assert_true(str_find(f->c->message, STR("75868b020152")) > 0);
    alter(f, "UPDATE alembic_version SET version_num = 'ffffffffffff'");
    assert_refused(f, true, "revision ffffffffffff, which this version does not know");
    alter(f, "DROP TABLE alembic_version");
    assert_refused(f, true, "belongs to another program");
}

static void a_database_without_tables_is_not_made_unasked(void **state) {
    struct fixture *f = *state;
    alter(f, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
    assert_refused(f, false, "is empty");
    open_store(f);
    assert_int_equal(number(f, "SELECT count(*) FROM alembic_version"), 1);
}

static void missing_indexes_come_later(void **state) {
    struct fixture *f = *state;
    open_store(f);
    int64_t all = number(f, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'millrace~_%' ESCAPE '~'");
    assert_true(all > 0);
    store_close(f->store);
    f->store = NULL;
    struct store_stats stats;
    open_store(f);
    usleep(50000);
    store_stats(f->store, &stats);
    assert_int_equal(stats.writes, 0); /* none is missing */
    store_close(f->store);
    f->store = NULL;
    alter(f, "DROP INDEX millrace_runs_newest; DROP INDEX millrace_logged_models_newest");
    open_store(f);
    int64_t until = clock_monotonic_ms() + 10000, now = 0;
    while (now < all && clock_monotonic_ms() < until)
        now = number(f, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'millrace~_%' ESCAPE '~'");
    assert_int_equal(now, all);
}

static void the_log_is_gone_after_closing(void **state) {
    struct fixture *f = *state;
    struct stat st;
    struct str wal = str_fmt(f->c->arena, "%s-wal", f->path.p);
    open_store(f);
    assert_int_equal(stat(wal.p, &st), 0);
    store_close(f->store);
    f->store = NULL;
    assert_true(stat(wal.p, &st) != 0 || st.st_size == 0);
}

/* ---- values ---------------------------------------------------------------------------------------------- */

static int write_values(struct ctx *c, void *arg) {
    (void)arg;
    int rc = db_run(c, NULL, "CREATE TABLE v (id INTEGER PRIMARY KEY, s TEXT, i BIGINT, d FLOAT)", "");
    const char *sql = "INSERT INTO v (id, s, i, d) VALUES (?, ?, ?, ?)";
    int64_t one = 1, two = 2, three = 3;
    if (!rc)
        rc = db_run(c, NULL, sql, "isid", one, (struct str){"a\0b", 3}, INT64_MIN, -INFINITY);
    if (!rc)
        rc = db_run(c, NULL, sql, "isid", two, STR(""), INT64_MAX, 0.1);
    return rc ? rc : db_run(c, NULL, sql, "isnn", three, (struct str){0});
}

static int read_values(struct ctx *c, void *arg) {
    struct rows *r;
    (void)arg;
    assert_ok(c, db_query(c, &r, "SELECT s, i, d FROM v ORDER BY id", ""));
    assert_int_equal(rows_next(c, r), 1);
    assert_int_equal(row_str(r, 0).n, 3);
    assert_memory_equal(row_dup(c, r, 0).p, "a\0b", 4);
    assert_true(row_i64(r, 1) == INT64_MIN && row_f64(r, 2) == -INFINITY);
    assert_int_equal(rows_next(c, r), 1);
    assert_non_null(row_str(r, 0).p);
    assert_non_null(row_dup(c, r, 0).p);
    assert_int_equal(row_str(r, 0).n, 0);
    assert_false(row_null(r, 0));
    assert_true(row_i64(r, 1) == INT64_MAX && row_f64(r, 2) == 0.1);
    assert_int_equal(rows_next(c, r), 1);
    assert_null(row_str(r, 0).p);
    assert_null(row_dup(c, r, 0).p);
    assert_true(row_null(r, 1) && row_i64(r, 1) == 0 && row_f64(r, 2) == 0.0);
    assert_int_equal(rows_next(c, r), 0);
    assert_int_equal(rows_next(c, r), 0);
    rows_end(r);
    rows_end(NULL);
    return 0;
}

static void values_come_back_as_they_went(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_ok(f->c, store_write(f->c, f->store, write_values, NULL));
    assert_ok(f->c, store_read(f->c, f->store, read_values, NULL));
}

static int nested_queries(struct ctx *c, void *arg) {
    struct rows *outer, *inner;
    const char *sql = "SELECT value FROM json_each('[1,2,3]') WHERE value > ?";
    int64_t *sum = arg, none = 0;
    int rc = db_query(c, &outer, sql, "i", none);
    while (!rc && rows_next(c, outer) == 1) {
        rc = db_query(c, &inner, sql, "i", row_i64(outer, 0)); /* the same text while it runs */
        while (!rc && rows_next(c, inner) == 1)
            *sum += row_i64(inner, 0);
        rows_end(inner);
    }
    return rc; /* `outer` is left to the store */
}

static void queries_may_nest_and_be_left(void **state) {
    struct fixture *f = *state;
    int64_t sum = 0;
    open_store(f);
    assert_ok(f->c, store_read(f->c, f->store, nested_queries, &sum));
    assert_int_equal(sum, 2 + 3 + 3);
    sum = 0;
    assert_ok(f->c, store_write(f->c, f->store, nested_queries, &sum));
    assert_int_equal(sum, 8);
}

static int many_texts(struct ctx *c, void *arg) {
    for (int i = 0; i < 1000; i++) {
        struct str sql = str_fmt(c->arena, "SELECT ? + %d", i % 600);
        struct bind v = BIND_I(1);
        struct rows *r;
        int rc = db_query_binds(c, &r, sql, &v, 1);
        if (rc)
            return rc;
        assert_int_equal(rows_next(c, r), 1);
        *(int64_t *)arg += row_i64(r, 0) == 1 + i % 600;
        rows_end(r);
    }
    return 0;
}

static void more_statements_than_are_kept(void **state) {
    struct fixture *f = *state;
    int64_t right = 0;
    open_store(f);
    assert_ok(f->c, store_read(f->c, f->store, many_texts, &right));
    assert_int_equal(right, 1000);
    right = 0;
    assert_ok(f->c, store_write(f->c, f->store, many_texts, &right));
    assert_int_equal(right, 1000);
}

static int wrong_count(struct ctx *c, void *arg) {
    (void)arg;
    bool found;
    return db_exists(c, &found, "SELECT 1 WHERE ? = ?", "s", STR("x"));
}

static int wrong_sql(struct ctx *c, void *arg) {
    (void)arg;
    return db_run(c, NULL, "SELEKT", "");
}

static int write_in_read(struct ctx *c, void *arg) {
    (void)arg;
    return db_run(c, NULL, "DELETE FROM runs", "");
}

static void mistakes_are_errors(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_int_equal(store_read(f->c, f->store, wrong_count, NULL), ERR_INTERNAL);
    assert_int_equal(store_write(f->c, f->store, wrong_sql, NULL), ERR_INTERNAL);
    assert_true(store_read(f->c, f->store, write_in_read, NULL) < 0);
    assert_int_equal(number(f, "SELECT 7"), 7);
}

static int endless(struct ctx *c, void *arg) {
    struct number n = {.sql = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"};
    (void)arg;
    return read_number(c, &n);
}

static void reads_end_at_the_deadline(void **state) {
    struct fixture *f = *state;
    open_store(f);
    f->c->deadline = clock_monotonic_ms() + 150;
    assert_int_equal(store_read(f->c, f->store, endless, NULL), ERR_DEADLINE);
    assert_in_range(clock_monotonic_ms() - f->c->deadline, 0, 5000);
    f->c->deadline = 0;
    assert_int_equal(number(f, "SELECT 7"), 7);
}

/* ---- transactions ---------------------------------------------------------------------------------------- */

static int insert_then_fail(struct ctx *c, void *arg) {
    (void)arg;
    int rc = db_run(c, NULL, "INSERT INTO workspaces (name) VALUES ('half')", "");
    return rc ? rc : fail(c, ERR_NOT_FOUND, "no such thing");
}

static void a_failed_write_leaves_nothing(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_int_equal(store_write(f->c, f->store, insert_then_fail, NULL), ERR_NOT_FOUND);
    assert_str(f->c->message, "no such thing");
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 1);
    assert_int_equal(write_sql(f, "INSERT INTO workspaces (name) VALUES ('default')"), ERR_ALREADY_EXISTS);
    assert_int_equal(write_sql(f, "INSERT INTO workspaces (name) VALUES (NULL)"), ERR_BAD_REQUEST);
    assert_int_equal(write_sql(f, "INSERT INTO runs (run_uuid, status) VALUES ('r', 'LOST')"), ERR_BAD_REQUEST);
    assert_int_equal(write_sql(f, "INSERT INTO params VALUES ('k', 'v', 'no such run')"), ERR_BAD_REQUEST);
}

static void deletes_cascade(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_ok(f->c, write_sql(f, "INSERT INTO webhooks (webhook_id, name, url) VALUES ('w', 'n', 'u')"));
    assert_ok(f->c, write_sql(f, "INSERT INTO webhook_events VALUES ('w', 'e', 'a')"));
    assert_ok(f->c, write_sql(f, "DELETE FROM webhooks"));
    assert_int_equal(number(f, "SELECT count(*) FROM webhook_events"), 0);
}

static int two_looks(struct ctx *c, void *arg) {
    struct fixture *f = arg;
    struct number n = {.sql = "SELECT count(*) FROM workspaces"};
    struct ctx *other = test_ctx();
    int rc = read_number(c, &n);
    int64_t before = n.value;
    assert_int_equal(store_write(other, f->store, run_text, "INSERT INTO workspaces (name) VALUES ('new')"), 0);
    test_ctx_free(other);
    if (!rc)
        rc = read_number(c, &n);
    assert_int_equal(n.value, before);
    return rc;
}

static void a_read_sees_one_snapshot(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_ok(f->c, store_read(f->c, f->store, two_looks, f));
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 2);
}

enum { THREADS = 16, WRITES = 200 };

struct crowd {
    struct fixture *f;
    int id;
    int failed;
};

struct member {
    int id, n;
};

/* Inserts a row; every fifth write fails after that. */
static int crowd_write(struct ctx *c, void *arg) {
    const struct member *m = arg;
    int rc = db_run(c, NULL, "INSERT INTO workspaces (name, description) VALUES (?, 'crowd')", "s",
                    str_fmt(c->arena, "w%d-%d", m->id, m->n));
    return rc || m->n % 5 ? rc : fail(c, ERR_INVALID_PARAMETER, "refused %d-%d", m->id, m->n);
}

static void *crowd_thread(void *arg) {
    struct crowd *crowd = arg;
    struct ctx *c = test_ctx();
    for (int n = 0; n < WRITES; n++) {
        struct member m = {crowd->id, n};
        int rc = store_write(c, crowd->f->store, crowd_write, &m);
        char expected[40];
        snprintf(expected, sizeof expected, "refused %d-%d", m.id, m.n);
        if (n % 5 ? rc != 0 : rc != ERR_INVALID_PARAMETER || !str_is(c->message, expected))
            crowd->failed++;
    }
    test_ctx_free(c);
    return NULL;
}

static void crowd_writes(struct fixture *f) {
    pthread_t threads[THREADS];
    struct crowd crowd[THREADS];
    struct store_stats before, after;
    store_stats(f->store, &before);
    for (int i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){f, i, 0};
        pthread_create(&threads[i], NULL, crowd_thread, &crowd[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowd[i].failed, 0);
    }
    store_stats(f->store, &after);
    assert_int_equal(after.writes - before.writes, THREADS * WRITES);
    assert_true(after.commits > before.commits && after.commits - before.commits <= THREADS * WRITES);
}

static void many_writers_share_commits_but_not_errors(void **state) {
    struct fixture *f = *state;
    open_store(f);
    crowd_writes(f);
    const char *count = "SELECT count(*) FROM workspaces WHERE description = 'crowd'";
    assert_int_equal(number(f, count), THREADS * WRITES * 4 / 5);
    reopen(f);
    assert_int_equal(number(f, count), THREADS * WRITES * 4 / 5);
}

static void many_writers_in_memory(void **state) {
    struct fixture *f = *state;
    f->uri = STR("sqlite://");
    open_store(f);
    crowd_writes(f);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 1 + THREADS * WRITES * 4 / 5);
}

/* ---- other processes, full disks -------------------------------------------------------------------------- */

/* Forks a process that holds the database for `ms`; returns when it does. */
static pid_t hold(struct fixture *f, int ms) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *h;
        int rc = sqlite3_open(f->path.p, &h);
        rc = rc ? rc : sqlite3_exec(h, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
        byte = (char)rc;
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        usleep((useconds_t)ms * 1000);
        rc = sqlite3_exec(h, "INSERT INTO workspaces (name) VALUES ('theirs'); COMMIT", NULL, NULL, NULL);
        _exit(rc ? 1 : 0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, SQLITE_OK);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void assert_child_ended_well(pid_t pid) {
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void writes_wait_for_another_process(void **state) {
    struct fixture *f = *state;
    open_store(f);
    pid_t pid = hold(f, 1000);
    int64_t start = clock_monotonic_ms();
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 1); /* reads do not wait */
    assert_true(clock_monotonic_ms() - start < 500);
    assert_ok(f->c, write_sql(f, "INSERT INTO workspaces (name) VALUES ('ours')"));
    assert_in_range(clock_monotonic_ms() - start, 500, 5000);
    assert_child_ended_well(pid);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 3);
}

static void writes_give_up_at_their_deadline(void **state) {
    struct fixture *f = *state;
    open_store(f);
    pid_t pid = hold(f, 1500);
    int64_t start = clock_monotonic_ms();
    f->c->deadline = start + 300;
    assert_int_equal(write_sql(f, "INSERT INTO workspaces (name) VALUES ('late')"), ERR_TEMPORARILY_UNAVAILABLE);
    assert_in_range(clock_monotonic_ms() - start, 290, 1300);
    f->c->deadline = 0;
    assert_ok(f->c, write_sql(f, "INSERT INTO workspaces (name) VALUES ('ours')"));
    assert_child_ended_well(pid);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces WHERE name = 'late'"), 0);
}

static int write_much(struct ctx *c, void *arg) {
    (void)arg;
    return db_run(
        c, NULL, "INSERT INTO workspaces (name, description) VALUES (hex(randomblob(30)), hex(zeroblob(3000000)))", "");
}

static void a_full_database_refuses_and_goes_on(void **state) {
    struct fixture *f = *state;
    open_store(f);
    assert_ok(f->c, write_sql(f, "PRAGMA max_page_count=600"));
    assert_int_equal(store_write(f->c, f->store, write_much, NULL), ERR_TEMPORARILY_UNAVAILABLE);
    assert_true(str_find(f->c->message, STR("disk is full")) > 0);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 1);
    assert_ok(f->c, write_sql(f, "INSERT INTO workspaces (name) VALUES ('small')"));
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 2);
}

/* The log cannot grow past the limit on files: the commit itself fails. */
static void a_failed_commit_fails_its_writes(void **state) {
    struct fixture *f = *state;
    struct rlimit old, small;
    open_store(f);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 3 << 20;
    setrlimit(RLIMIT_FSIZE, &small);
    int rc = store_write(f->c, f->store, write_much, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, ERR_TEMPORARILY_UNAVAILABLE);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 1);
    assert_ok(f->c, store_write(f->c, f->store, write_much, NULL));
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 2);
    reopen(f);
    assert_int_equal(number(f, "SELECT count(*) FROM workspaces"), 2);
}

/* More than the writer's cache holds: pages go to the log before the commit, and are read back from there. */
static int write_past_the_cache(struct ctx *c, void *arg) {
    struct number sum = {.sql = "SELECT sum(length(description)) FROM workspaces WHERE name LIKE 'big%'"};
    int rc = 0;
    for (int i = 0; i < 50 && !rc; i++)
        rc = db_run(c, NULL, "INSERT INTO workspaces (name, description) VALUES (?, hex(zeroblob(200000)))", "s",
                    str_fmt(c->arena, "big%d", i));
    if (!rc)
        rc = read_number(c, &sum);
    if (rc)
        return rc;
    assert_int_equal(sum.value, 50 * 400000);
    return *(bool *)arg ? fail(c, ERR_INVALID_PARAMETER, "no") : 0;
}

static void large_writes_spill_and_roll_back(void **state) {
    struct fixture *f = *state;
    bool refuse = true;
    const char *count = "SELECT count(*) FROM workspaces";
    open_store(f);
    assert_int_equal(store_write(f->c, f->store, write_past_the_cache, &refuse), ERR_INVALID_PARAMETER);
    assert_int_equal(number(f, count), 1);
    assert_ok(f->c, write_sql(f, "INSERT INTO workspaces (name) VALUES ('between')"));
    refuse = false;
    assert_ok(f->c, store_write(f->c, f->store, write_past_the_cache, &refuse));
    assert_int_equal(number(f, count), 52);
    assert_int_equal(number(f, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    reopen(f);
    assert_int_equal(number(f, count), 52);
    assert_int_equal(number(f, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* A process that is killed while many write: everything it reported is there. */
static void killed_servers_lose_nothing(void **state) {
    struct fixture *f = *state;
    int report[2];
    assert_int_equal(pipe(report), 0);
    pid_t pid = fork();
    if (pid == 0) {
        open_store(f);
        for (int n = 1;; n++) {
            struct member m = {99, n * 5 + 1};
            if (store_write(f->c, f->store, crowd_write, &m) || write(report[1], &n, sizeof n) != sizeof n)
                _exit(1);
        }
    }
    close(report[1]);
    int n = 0, last = 0;
    assert_int_equal(read(report[0], &last, sizeof last), sizeof last);
    usleep(200000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    while (read(report[0], &n, sizeof n) == sizeof n)
        last = n;
    close(report[0]);
    assert_true(last > 0);
    open_store(f);
    assert_in_range(number(f, "SELECT count(*) FROM workspaces WHERE description = 'crowd'"), last, last + 1);
}

static int page_of_text(struct ctx *c, void *arg) {
    int64_t *n = arg;
    return db_run(c, NULL, "INSERT INTO workspaces (name, description) VALUES (?, hex(zeroblob(40000)))", "s",
                  str_fmt(c->arena, "%d", (int)++*n));
}

struct reader {
    struct fixture *f;
    atomic_bool stop;
};

static void *reading_thread(void *arg) {
    struct reader *reader = arg;
    struct ctx *c = test_ctx();
    struct number n = {.sql = "SELECT count(*) FROM workspaces"};
    while (!atomic_load(&reader->stop) && !store_read(c, reader->f->store, read_number, &n))
        ;
    test_ctx_free(c);
    return NULL;
}

/* The log starts again under constant writing, although there is always somebody reading. */
static void the_log_stays_bounded(void **state) {
    struct fixture *f = *state;
    struct reader reader = {.f = f};
    pthread_t threads[2];
    struct stat st;
    int64_t n = 0, largest = 0;
    struct str wal = str_fmt(f->c->arena, "%s-wal", f->path.p);
    open_store(f);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, reading_thread, &reader);
    for (int i = 0; i < 1500; i++) {
        assert_ok(f->c, store_write(f->c, f->store, page_of_text, &n));
        assert_int_equal(stat(wal.p, &st), 0);
        largest = st.st_size > largest ? st.st_size : largest;
    }
    atomic_store(&reader.stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(largest, 1, 60 << 20); /* of 120 MB written */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(uris_are_read_as_sqlalchemy_does),
        TEST(bad_uris_are_refused_with_one_line),
        TEST(new_databases_have_the_newest_schema),
        TEST(upgrade_makes_the_tables_of_an_empty_database),
        TEST(databases_in_memory_work),
        TEST(parents_are_made),
        TEST(what_cannot_be_opened_is_named),
        TEST(other_revisions_are_refused),
        TEST(a_database_without_tables_is_not_made_unasked),
        TEST(missing_indexes_come_later),
        TEST(the_log_is_gone_after_closing),
        TEST(values_come_back_as_they_went),
        TEST(queries_may_nest_and_be_left),
        TEST(more_statements_than_are_kept),
        TEST(mistakes_are_errors),
        TEST(reads_end_at_the_deadline),
        TEST(a_failed_write_leaves_nothing),
        TEST(deletes_cascade),
        TEST(a_read_sees_one_snapshot),
        TEST(many_writers_share_commits_but_not_errors),
        TEST(many_writers_in_memory),
        TEST(writes_wait_for_another_process),
        TEST(writes_give_up_at_their_deadline),
        TEST(a_full_database_refuses_and_goes_on),
        TEST(a_failed_commit_fails_its_writes),
        TEST(large_writes_spill_and_roll_back),
        TEST(killed_servers_lose_nothing),
        TEST(the_log_stays_bounded),
    };
    log_setup(LOG_ERROR + 1, LOG_TEXT);
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
