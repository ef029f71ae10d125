/* Unit tests of metrics, params and tags on a store in memory: newest values, histories and samples against the plain
 * definition of each, pages while points are added, all-or-nothing batches. */
#include "suite.h"

#include <math.h>
#include <stdlib.h>

#include "service/history_token.h"
#include "service/metrics.h"
#include "service/params_tags.h"
#include "store/q_history.h"

#define RUN STR("0123456789abcdef0123456789abcdef")

struct fixture {
    struct ctx *c;
    struct store *store;
};

#define assert_ok(c, call)                                                                                             \
    do {                                                                                                               \
        int rc_ = (call);                                                                                              \
        if (rc_)                                                                                                       \
            fail_msg("%d: %.*s", rc_, STR_FMT((c)->message));                                                          \
    } while (0)

static int add_run(struct ctx *c, void *arg) {
    int err = db_run(c, NULL,
                     "INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace)"
                     " VALUES (0, 'Default', 'active', 'default') ON CONFLICT DO NOTHING",
                     "");
    if (err)
        return err;
    return db_run(c, NULL,
                  "INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id)"
                  " VALUES (?, 'r', 'RUNNING', 'active', 0)",
                  "s", *(struct str *)arg);
}

/* A store with the run RUN. */
static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->c = test_ctx();
    assert_ok(f->c,
              store_open(f->c, &(struct store_options){.uri = STR("sqlite:///:memory:"), .create = true}, &f->store));
    assert_ok(f->c, store_write(f->c, f->store, add_run, &RUN));
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    test_ctx_free(f->c);
    free(f);
    return 0;
}

/* ---- calling services ----------------------------------------------------------------------------------- */

typedef int (*service)(struct ctx *c, const void *req, void *res);

struct call {
    service serve;
    const void *req;
    void *res;
};

static int run_call(struct ctx *c, void *arg) {
    struct call *call = arg;
    return call->serve(c, call->req, call->res);
}

#define WRITE(f, fn, req)                                                                                              \
    store_write((f)->c, (f)->store, run_call, &(struct call){(service)(void *)(fn), (req), &(struct Empty){0}})
#define READ(f, fn, req, res)                                                                                          \
    store_read((f)->c, (f)->store, run_call, &(struct call){(service)(void *)(fn), (req), (res)})

/* Logs points of key "m" in one batch. */
static void log_points(struct fixture *f, struct str run, const struct point *p, size_t n) {
    struct Metric *v = ARENA_ARRAY(f->c->arena, struct Metric, n);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct Metric){.key = STR("m"),
                               .value = F64(point_value(&p[i])),
                               .timestamp = I64(p[i].timestamp),
                               .step = I64(p[i].step)};
    for (size_t i = 0; i < n; i += 1000) {
        const struct LogBatch b = {.run_id = run, .metrics = {v + i, n - i < 1000 ? n - i : 1000}};
        assert_ok(f->c, WRITE(f, batch_log, &b));
    }
}

static int compare(const void *a, const void *b) {
    return point_cmp(a, b);
}

static int compare_steps(const void *pa, const void *pb) {
    const struct point *a = pa, *b = pb;
    return a->step != b->step ? (a->step < b->step ? -1 : 1) : point_cmp(a, b);
}

/* Sorts and leaves out what is there twice. */
static size_t distinct(struct point *p, size_t n, int (*by)(const void *, const void *)) {
    size_t k = 0;
    qsort(p, n, sizeof *p, by);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by(&p[i], &p[k - 1]))
            p[k++] = p[i];
    return k;
}

static void assert_point(const struct Metric *m, const struct point *p) {
    assert_int_equal(m->timestamp.v, p->timestamp);
    assert_int_equal(m->step.v, p->step);
    assert_int_equal(isnan(m->value.v), p->is_nan);
    if (!p->is_nan)
        assert_true(m->value.v == p->value);
}

/* ---- shapes of histories -------------------------------------------------------------------------------- */

enum shape { RISING, ONE_STEP, FALLING, RESUMED, JITTER, RANDOM, SHAPES };

static struct point shaped(enum shape shape, size_t i, size_t n) {
    int64_t k = (int64_t)i, half = (int64_t)n / 2;
    switch (shape) {
    case RISING: return point_of(sin((double)i), 1000 + k, k);
    case ONE_STEP: return point_of(cos((double)i), 1000 + k / 3, 0);
    case FALLING: return point_of((double)i, 100000 - k, k);
    case RESUMED: return point_of((double)i, 1000 + k, k < half ? k : k - half / 2);
    case JITTER: return point_of((double)i, 1000 + k + (k * 7) % 5, k);
    default: break;
    }
    return point_of(rand() % 9 ? (double)(rand() % 3) : (double)NAN, 1000 + rand() % 40, rand() % 30 - 10);
}

static struct point *make_shape(struct fixture *f, enum shape shape, size_t n) {
    struct point *p = ARENA_ARRAY(f->c->arena, struct point, n);
    for (size_t i = 0; i < n; i++)
        p[i] = shaped(shape, i, n);
    return p;
}

/* Other runs that have the same key at the same times. */
static void add_crowd(struct fixture *f, size_t runs, size_t points) {
    for (size_t i = 0; i < runs; i++) {
        struct str id = str_fmt(f->c->arena, "%016zx", i * 7919);
        assert_ok(f->c, store_write(f->c, f->store, add_run, &id));
        log_points(f, id, make_shape(f, RISING, points), points);
    }
}

/* Reads all pages and compares them with the points, which are in order. */
static void check_pages(struct fixture *f, const struct point *p, size_t n, int64_t page) {
    struct str token = {0};
    size_t at = 0;
    do {
        const struct GetMetricHistory q = {
            .run_id = RUN, .metric_key = STR("m"), .max_results = I64(page), .page_token = token};
        struct GetMetricHistoryResponse r = {0};
        assert_ok(f->c, READ(f, metric_history, &q, &r));
        assert_true(r.metrics.n == (size_t)page || !r.next_page_token.p);
        assert_true(at + r.metrics.n <= n);
        for (size_t i = 0; i < r.metrics.n; i++)
            assert_point(&r.metrics.v[i], &p[at++]);
        token = r.next_page_token;
    } while (token.p);
    assert_int_equal(at, n);
}

static void check_shape(struct fixture *f, enum shape shape) {
    static const int64_t pages[] = {1, 7, 50, 399, 400, 401, 5000};
    struct point *p = make_shape(f, shape, 400);
    log_points(f, RUN, p, 400);
    size_t n = distinct(p, 400, compare);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        check_pages(f, p, n, pages[i]);
    struct GetMetricHistoryResponse r = {0};
    assert_ok(f->c, READ(f, metric_history, (&(struct GetMetricHistory){.run_id = RUN, .metric_key = STR("m")}), &r));
    assert_int_equal(r.metrics.n, n);
    for (size_t i = 0; i < n; i++)
        assert_point(&r.metrics.v[i], &p[i]);
}

static void each_shape(void (*check)(struct fixture *f, enum shape shape), size_t crowd) {
    for (int shape = 0; shape < SHAPES; shape++) {
        void *state;
        set_up(&state);
        add_crowd(state, crowd, 100);
        check(state, (enum shape)shape);
        tear_down(&state);
    }
}

static void pages(void **state) {
    (void)state;
    each_shape(check_shape, 0);
}

static void pages_in_a_crowd(void **state) {
    (void)state;
    each_shape(check_shape, 40);
}

/* The value of points added later; no shape has it. */
#define ADDED 1234.5

/* Points added between two pages: those that were there come exactly once, none twice. */
static void check_growing(struct fixture *f, enum shape shape) {
    struct point *p = make_shape(f, shape, 300);
    log_points(f, RUN, p, 300);
    size_t n = distinct(p, 300, compare), old = 0;
    struct str token = {0};
    do {
        const struct GetMetricHistory q = {
            .run_id = RUN, .metric_key = STR("m"), .max_results = I64(20), .page_token = token};
        struct GetMetricHistoryResponse r = {0};
        assert_ok(f->c, READ(f, metric_history, &q, &r));
        for (size_t i = 0; i < r.metrics.n; i++)
            if (r.metrics.v[i].value.v != ADDED)
                assert_point(&r.metrics.v[i], &p[old++]);
        const struct point more[] = {point_of(ADDED, 1, 5 + (int64_t)old), point_of(ADDED, 1020 + (int64_t)old, -3),
                                     point_of(ADDED, 500000 + (int64_t)old, 500)};
        log_points(f, RUN, more, old < n ? 3 : 0);
        token = r.next_page_token;
    } while (token.p);
    assert_int_equal(old, n);
}

static void pages_while_growing(void **state) {
    (void)state;
    each_shape(check_growing, 0);
    each_shape(check_growing, 40);
}

static void tokens(void **state) {
    static const struct {
        const char *token, *text;
    } bad[] = {
        {"nonsense", "Invalid page token, decoded value=b'\\x9e\\x89\\xecz{\\x1e'"},
        {"abc", "Invalid page token, could not base64-decode"},
        {"e30=", "Invalid page token, parsed value={}"},
        {"eyJvZmZzZXQiOiAwfQ==", "Invalid page token, parsed value={\"offset\": 0}"},
        {"eyJ0aW1lIjogMX0=", "Invalid page token, parsed value={\"time\": 1}"},
        {"eyJvZmZzZXQiOiB7fX0=", "Invalid page token, parsed value={\"offset\": {}}"},
        {"W10=", "Invalid page token, decoded value=b'[]'"},
    };
    struct fixture *f = *state;
    struct point *p = make_shape(f, RISING, 30);
    struct history_cursor at;
    struct GetMetricHistoryResponse r = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(history_token_read(f->c, str_of(bad[i].token), &at), ERR_INVALID_PARAMETER);
        assert_str(f->c->message, bad[i].text);
    }
    log_points(f, RUN, p, 30);
    struct GetMetricHistory q = {
        .run_id = RUN, .metric_key = STR("m"), .max_results = I64(5), .page_token = STR("eyJvZmZzZXQiOiAxMH0=")};
    assert_ok(f->c, READ(f, metric_history, &q, &r));
    assert_int_equal(r.metrics.n, 5);
    assert_point(&r.metrics.v[0], &p[10]);
    q.page_token = r.next_page_token;
    r = (struct GetMetricHistoryResponse){0};
    assert_ok(f->c, READ(f, metric_history, &q, &r));
    assert_point(&r.metrics.v[0], &p[15]);
}

/* ---- samples -------------------------------------------------------------------------------------------- */

/* NTILE(wanted) as the SQL standard has it: the larger tiles come first. */
static size_t tile_of(size_t total, size_t wanted, size_t row) {
    size_t small = total / wanted, large = total % wanted;
    return row < large * (small + 1) ? row / (small + 1) : large + (row - large * (small + 1)) / small;
}

static void sample_positions(void **state) {
    (void)state;
    for (size_t total = 1; total < 130; total++)
        for (size_t wanted = 1; wanted < 140; wanted++) {
            size_t n = 0;
            for (size_t row = 0; row < total; row++) {
                if (row && total > wanted && tile_of(total, wanted, row) == tile_of(total, wanted, row - 1))
                    continue;
                bool last = n + 1 == history_samples(total, wanted);
                assert_int_equal(history_sample(total, wanted, n++), last ? total - 1 : row);
            }
            assert_int_equal(n, history_samples(total, wanted));
        }
}

static void check_samples(struct fixture *f, enum shape shape) {
    struct point *p = make_shape(f, shape, 400);
    struct str ids[] = {RUN};
    log_points(f, RUN, p, 400);
    size_t n = distinct(p, 400, compare_steps);
    for (int64_t wanted = 1; wanted < 420; wanted += wanted < 20 ? 1 : 37) {
        const struct GetMetricHistoryBulkInterval q = {
            .run_ids = {ids, 1}, .metric_key = STR("m"), .max_results = I64(wanted)};
        struct GetMetricHistoryBulkIntervalResponse r = {0};
        assert_ok(f->c, READ(f, metric_history_sampled, &q, &r));
        assert_int_equal(r.metrics.n, history_samples(n, (size_t)wanted));
        for (size_t i = 0; i < r.metrics.n; i++) {
            const struct MetricWithRunId *m = &r.metrics.v[i];
            assert_point(&(struct Metric){.value = m->value, .timestamp = m->timestamp, .step = m->step},
                         &p[history_sample(n, (size_t)wanted, i)]);
        }
    }
}

static void samples(void **state) {
    (void)state;
    each_shape(check_samples, 0);
}

static void samples_of_a_range(void **state) {
    struct fixture *f = *state;
    struct str ids[] = {RUN, STR("none"), RUN};
    struct GetMetricHistoryBulkInterval q = {.run_ids = {ids, 3},
                                             .metric_key = STR("m"),
                                             .max_results = I64(10),
                                             .start_step = I64(10),
                                             .end_step = I64(60)};
    static const int64_t steps[] = {10, 16, 21, 26, 31, 36, 41, 46, 51, 60};
    struct GetMetricHistoryBulkIntervalResponse r = {0};
    log_points(f, RUN, make_shape(f, RISING, 97), 97);
    assert_ok(f->c, READ(f, metric_history_sampled, &q, &r));
    assert_int_equal(r.metrics.n, 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(r.metrics.v[i].step.v, steps[i % 10]);
    q.start_step.set = false;
    assert_int_equal(READ(f, metric_history_sampled, &q, &r), ERR_INVALID_PARAMETER);
    q.start_step = I64(61);
    assert_int_equal(READ(f, metric_history_sampled, &q, &r), ERR_INVALID_PARAMETER);
    assert_str(f->c->message, "end_step must be greater than start_step. Found start_step=61 and end_step=60.");
}

static void bulk(void **state) {
    struct fixture *f = *state;
    struct str ids[] = {RUN, STR("none"), RUN};
    struct GetMetricHistoryBulk q = {.run_id = {ids, 3}, .metric_key = STR("m")};
    struct GetMetricHistoryBulkResponse r = {0};
    log_points(f, RUN, make_shape(f, FALLING, 30), 30);
    assert_ok(f->c, READ(f, metric_history_bulk, &q, &r));
    assert_int_equal(r.metrics.n, 30);
    assert_int_equal(r.metrics.v[0].step.v, 29);
    q.max_results = I64(4);
    assert_ok(f->c, READ(f, metric_history_bulk, &q, &r));
    assert_int_equal(r.metrics.n, 4);
    q.max_results = I64(0);
    assert_ok(f->c, READ(f, metric_history_bulk, &q, &r));
    assert_int_equal(r.metrics.n, 0);
}

/* ---- newest values -------------------------------------------------------------------------------------- */

static int read_newest(struct ctx *c, void *arg) {
    struct rows *r;
    struct point *p = arg;
    int err = db_query(
        c, &r, "SELECT timestamp, step, value, is_nan FROM latest_metrics WHERE run_uuid = ? AND key = 'm'", "s", RUN);
    if (err)
        return err;
    assert_int_equal(rows_next(c, r), 1);
    *p = (struct point){
        .timestamp = row_i64(r, 0), .step = row_i64(r, 1), .value = row_f64(r, 2), .is_nan = row_i64(r, 3) != 0};
    assert_int_equal(rows_next(c, r), 0);
    rows_end(r);
    return OK;
}

/* After each batch of random points, in random order, the newest is that of the plain rule over all so far. */
static void newest_value(void **state) {
    struct fixture *f = *state;
    struct point *p = ARENA_ARRAY(f->c->arena, struct point, 600), newest, got;
    for (size_t i = 0; i < 600; i++)
        p[i] = point_of(rand() % 9   ? rand() % 5 - 2
                        : rand() % 2 ? (double)NAN
                                     : (double)INFINITY,
                        rand() % 8, rand() % 8);
    newest = p[0];
    for (size_t i = 0, n; i < 600; i += n) {
        n = 1 + (size_t)rand() % 4;
        n = i + n > 600 ? 600 - i : n;
        log_points(f, RUN, p + i, n);
        for (size_t k = i; k < i + n; k++)
            if (point_newer(&p[k], &newest))
                newest = p[k];
        assert_ok(f->c, store_read(f->c, f->store, read_newest, &got));
        assert_int_equal(got.step, newest.step);
        assert_int_equal(got.timestamp, newest.timestamp);
        assert_true(got.value == newest.value);
    }
}

static void stored_values(void **state) {
    (void)state;
    assert_true(point_of(INFINITY, 1, 1).value == 1.7976931348623157e308);
    assert_true(point_of(-INFINITY, 1, 1).value == -1.7976931348623157e308);
    struct point nan = point_of(NAN, 1, 1), zero = point_of(0, 1, 1), one = point_of(1, 1, 1);
    assert_true(nan.is_nan && nan.value == 0 && isnan(point_value(&nan)));
    assert_true(point_newer(&one, &nan));
    assert_false(point_newer(&nan, &zero) || point_newer(&zero, &nan));
    assert_true(point_cmp(&zero, &nan) < 0);
}

/* ---- params, tags, batches ------------------------------------------------------------------------------ */

static int count_rows(struct ctx *c, void *arg) {
    struct rows *r;
    int err = db_query(c, &r,
                       "SELECT (SELECT count(*) FROM metrics) + (SELECT count(*) FROM latest_metrics)"
                       " + (SELECT count(*) FROM params) + (SELECT count(*) FROM tags)",
                       "");
    if (err)
        return err;
    err = rows_next(c, r) == 1 ? OK : ERR_INTERNAL;
    *(int64_t *)arg = row_i64(r, 0);
    rows_end(r);
    return err;
}

static void params_never_change(void **state) {
    struct fixture *f = *state;
    struct LogParam q = {.run_id = RUN, .key = STR("p"), .value = STR("old")};
    assert_ok(f->c, WRITE(f, param_log, &q));
    assert_ok(f->c, WRITE(f, param_log, &q));
    q.value = STR("new");
    assert_int_equal(WRITE(f, param_log, &q), ERR_INVALID_PARAMETER);
    assert_str(f->c->message, "Changing param values is not allowed. Param with key='p' was already logged with "
                              "value='old' for run ID='0123456789abcdef0123456789abcdef'. Attempted logging new value "
                              "'new'.");
}

static void batches_are_whole(void **state) {
    struct fixture *f = *state;
    struct Metric metrics[] = {{.key = STR("m"), .value = F64(1), .timestamp = I64(1)},
                               {.key = STR("n"), .value = F64(1), .timestamp = I64(1), .model_id = STR("m-none")}};
    struct Param params[] = {{STR("q"), STR("1")}, {STR("p"), STR("it's")}};
    struct RunTag tags[] = {{STR("t"), STR("1")}, {STR("mlflow.runName"), STR("named")}, {STR("t"), STR("2")}};
    struct LogBatch b = {.run_id = RUN, .metrics = {metrics, 1}, .params = {params, 2}, .tags = {tags, 3}};
    int64_t before, after;
    assert_ok(f->c, WRITE(f, param_log, (&(struct LogParam){.run_id = RUN, .key = STR("p"), .value = STR("old")})));
    assert_ok(f->c, store_read(f->c, f->store, count_rows, &before));
    assert_int_equal(WRITE(f, batch_log, &b), ERR_INVALID_PARAMETER);
    assert_str(f->c->message, "Changing param values is not allowed. Params were already logged='[{'key': 'p', "
                              "'old_value': 'old', 'new_value': \"it's\"}]' for run ID='"
                              "0123456789abcdef0123456789abcdef'.");
    b.params.n = 1;
    b.metrics.n = 2;
    assert_int_equal(WRITE(f, batch_log, &b), ERR_BAD_REQUEST);
    assert_ok(f->c, store_read(f->c, f->store, count_rows, &after));
    assert_int_equal(before, after);
    b.metrics.n = 1;
    assert_ok(f->c, WRITE(f, batch_log, &b));
    assert_ok(f->c, store_read(f->c, f->store, count_rows, &after));
    assert_int_equal(after - before, 5);
}

static int read_name(struct ctx *c, void *arg) {
    struct run_head head;
    int err = q_run_head(c, RUN, &head);
    *(struct str *)arg = head.name;
    return err;
}

static void name_tag(void **state) {
    struct fixture *f = *state;
    struct SetTag q = {.run_id = RUN, .key = STR("mlflow.runName"), .value = STR("new name")};
    struct str name;
    assert_ok(f->c, WRITE(f, run_tag_set, &q));
    q.value = STR("");
    assert_ok(f->c, WRITE(f, run_tag_set, &q));
    assert_ok(f->c, store_read(f->c, f->store, read_name, &name));
    assert_str(name, "new name");
    const struct DeleteTag d = {.run_id = RUN, .key = STR("mlflow.runName")};
    assert_ok(f->c, WRITE(f, run_tag_delete, &d));
    assert_int_equal(WRITE(f, run_tag_delete, &d), ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_values),
        cmocka_unit_test(sample_positions),
        cmocka_unit_test_setup_teardown(newest_value, set_up, tear_down),
        cmocka_unit_test(pages),
        cmocka_unit_test(pages_in_a_crowd),
        cmocka_unit_test(pages_while_growing),
        cmocka_unit_test_setup_teardown(tokens, set_up, tear_down),
        cmocka_unit_test(samples),
        cmocka_unit_test_setup_teardown(samples_of_a_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bulk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(params_never_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(name_tag, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
