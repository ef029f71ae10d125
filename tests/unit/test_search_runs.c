/* Unit tests of searching in a database: what filters and orders find, pages, the data of runs, the ways to a page. */
#include "suite.h"

#include <stdlib.h>
#include <unistd.h>

#include "search/parse.h"
#include "service/search_experiments.h"
#include "service/search_runs.h"
#include "store/store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* `part` n times, joined. */
static struct str repeat(struct ctx *c, const char *part, const char *between, size_t n) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < n; i++) {
        buf_z(&b, i ? between : "");
        buf_z(&b, part);
    }
    return buf_end(&b);
}

/* ---- in a database ---- */

/* Nine runs named a to i; e and i are deleted, f to i belong to experiment 2. */
static const char *const database[] = {
    "INSERT INTO experiments (experiment_id, name, lifecycle_stage, creation_time, last_update_time, workspace) VALUES"
    " (0, 'Default', 'active', 50, 950, 'default'), (1, 'One', 'active', 100, 900, 'default'), (2, 'two', 'active', "
    "200, 800, 'default'),"
    " (3, 'Two%', 'deleted', 300, 700, 'default'), (4, 'four', 'active', 200, 600, 'default'),"
    " (5, 'hidden', 'active', 500, 500, 'other')",
    "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (1, 'team', 'red'), (2, 'team', 'Blue'), (2, 'x', "
    "'')",
    "INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri,"
    " experiment_id, source_type) VALUES"
    " ('a', 'Alpha', 'bob', 'FINISHED', 10, 20, 'active', 'file:/a', 1, 'UNKNOWN'),"
    " ('b', 'beta', 'Bob', 'FAILED', 11, 19, 'active', 'file:/b', 1, 'UNKNOWN'),"
    " ('c', 'gamma', 'eve', 'RUNNING', 12, NULL, 'active', 'file:/c', 1, 'UNKNOWN'),"
    " ('d', 'Alpha', 'eve', 'FINISHED', 12, 30, 'active', 'file:/d', 1, 'UNKNOWN'),"
    " ('e', 'gone', 'eve', 'FINISHED', 13, 30, 'deleted', 'file:/e', 1, 'UNKNOWN'),"
    " ('f', 'far', 'eve', 'FINISHED', 14, 30, 'active', 'file:/f', 2, 'UNKNOWN'),"
    " ('g', 'g', 'eve', 'KILLED', 9, 30, 'active', 'file:/g', 2, 'UNKNOWN'),"
    " ('h', 'h', 'eve', 'FINISHED', 12, 30, 'active', 'file:/h', 2, 'UNKNOWN'),"
    " ('i', 'i', 'eve', 'FINISHED', 15, 30, 'deleted', 'file:/i', 2, 'UNKNOWN')",
    "INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES"
    " ('a', 'm', 0.5, 1, 0, 0), ('b', 'm', 0, 1, 0, 1), ('c', 'm', -1, 1, 0, 0), ('f', 'm', 2, 1, 0, 0),"
    " ('a', 'k k', 1, 1, 0, 0), ('b', 'k k', 1, 1, 0, 0), ('c', 'k k', 1, 1, 0, 0), ('d', 'k k', 2, 1, 0, 0)",
    "INSERT INTO params (run_uuid, key, value) VALUES ('a', 'p', 'x'), ('b', 'p', 'X'), ('c', 'p', 'x%y'), ('d', 'q', "
    "'x'),"
    " ('f', 'p', 'x'), ('a', 'q', '10'), ('b', 'q', '9')",
    "INSERT INTO tags (run_uuid, key, value) VALUES ('a', 'mlflow.runName', 'Alpha'), ('b', 'mlflow.runName', 'beta'),"
    " ('c', 'mlflow.runName', 'gamma'), ('a', 't', 'x'), ('d', 't', 'y'), ('d', 'mlflow.runName', 'Alpha')",
    "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,"
    " dataset_schema) VALUES ('d1', 1, 'iris', 'one', 'local', 's', ''), ('d2', 1, 'wine', 'two', 'local', 's', '{}')",
    "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) VALUES"
    " ('i1', 'DATASET', 'd1', 'RUN', 'a'), ('i2', 'DATASET', 'd2', 'RUN', 'a'), ('i3', 'DATASET', 'd2', 'RUN', 'b')",
    "INSERT INTO input_tags (input_uuid, name, value) VALUES ('i1', 'mlflow.data.context', 'train'),"
    " ('i3', 'mlflow.data.context', 'Test'), ('i3', 'other', 'train')",
    "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) VALUES"
    " ('i4', 'RUN_OUTPUT', 'a', 'MODEL_OUTPUT', 'm-1', 7), ('i5', 'RUN_INPUT', 'a', 'MODEL_INPUT', 'm-2', 0)",
};

struct fixture {
    struct ctx *c;
    struct store *store;
};

static int fill(struct ctx *c, void *arg) {
    (void)arg;
    int err = OK;
    for (size_t i = 0; !err && i < COUNT(database); i++)
        err = db_run(c, NULL, database[i], "");
    return err;
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->c = test_ctx();
    struct store_options o = {.uri = STR("sqlite:///:memory:"), .create = true};
    int err = store_open(f->c, &o, &f->store);
    err = err ? err : store_write(f->c, f->store, fill, NULL);
    if (err)
        fail_msg("%.*s", STR_FMT(f->c->message));
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

struct run_call {
    struct SearchRuns req;
    struct SearchRunsResponse res;
};

static int call_runs(struct ctx *c, void *arg) {
    struct run_call *call = arg;
    call->res = (struct SearchRunsResponse){0};
    return runs_search(c, &call->req, &call->res);
}

struct experiment_call {
    struct SearchExperiments req;
    struct SearchExperimentsResponse res;
};

static int call_experiments(struct ctx *c, void *arg) {
    struct experiment_call *call = arg;
    call->res = (struct SearchExperimentsResponse){0};
    return experiments_search(c, &call->req, &call->res);
}

/* The ids of a page, run together. */
static struct str run_ids(struct ctx *c, const struct SearchRunsResponse *res) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < res->runs.n; i++)
        buf_str(&b, res->runs.v[i].info->run_id);
    return buf_end(&b);
}

/* Cuts a text at bars: the clauses of an order. */
static struct str_list cut(struct ctx *c, const char *text) {
    struct str rest = str_of(text);
    struct str_list list = {ARENA_ARRAY(c->arena, struct str, 8), 0};
    while (rest.n) {
        ptrdiff_t bar = str_chr(rest, '|');
        size_t n = bar < 0 ? rest.n : (size_t)bar;
        list.v[list.n++] = str_sub(rest, 0, n);
        rest = str_sub(rest, n + 1, SIZE_MAX);
    }
    return list;
}

static struct str experiment_texts[] = {STR("1"), STR("2"), STR("77")};

static const struct {
    const char *filter, *order;
    size_t experiments; /* how many of 1, 2, 77 are searched */
    int view;
    const char *found;
} searches[] = {
    {"", "", 1, VIEW_ACTIVE, "cdba"},
    {"", "", 2, VIEW_ACTIVE, "fcdhbag"},
    {"", "", 3, VIEW_ALL, "ifecdhbag"},
    {"", "", 1, VIEW_DELETED, "e"},
    {"", "", 1, VIEW_ALL, "ecdba"},
    {"", "", 0, VIEW_ALL, ""},
    /* metrics: NaN differs from all numbers and compares with none; a missing one never matches */
    {"metrics.m > -5", "", 1, VIEW_ACTIVE, "ca"},
    {"metrics.m != 0.5", "", 1, VIEW_ACTIVE, "cb"},
    {"metrics.m = 0", "", 1, VIEW_ACTIVE, ""},
    {"metrics.m <= 0", "", 1, VIEW_ACTIVE, "c"},
    {"metrics.`k k` >= 2", "", 1, VIEW_ACTIVE, "d"},
    {"metrics.none != 1", "", 1, VIEW_ACTIVE, ""},
    /* texts: case, patterns, missing */
    {"params.p = 'x'", "", 1, VIEW_ACTIVE, "a"},
    {"params.p != 'x'", "", 1, VIEW_ACTIVE, "cb"},
    {"params.p LIKE 'x%'", "", 1, VIEW_ACTIVE, "ca"},
    {"params.p LIKE 'X%'", "", 1, VIEW_ACTIVE, "b"},
    {"params.p ILIKE 'X%'", "", 1, VIEW_ACTIVE, "cba"},
    {"params.p LIKE '_'", "", 1, VIEW_ACTIVE, "ba"},
    {"params.p IS NULL", "", 1, VIEW_ACTIVE, "d"},
    {"params.p IS NOT NULL", "", 1, VIEW_ACTIVE, "cba"},
    {"tags.t IS NULL AND params.q IS NOT NULL", "", 1, VIEW_ACTIVE, "b"},
    {"tags.t = 'y'", "", 1, VIEW_ACTIVE, "d"},
    /* attributes */
    {"status = 'FINISHED'", "", 1, VIEW_ACTIVE, "da"},
    {"status != 'FINISHED'", "", 1, VIEW_ACTIVE, "cb"},
    {"user_id LIKE 'bo%'", "", 1, VIEW_ACTIVE, "a"},
    {"user_id ILIKE 'bo%'", "", 1, VIEW_ACTIVE, "ba"},
    {"run_name = 'Alpha'", "", 1, VIEW_ACTIVE, "da"},
    {"run_name = 'far'", "", 2, VIEW_ACTIVE, ""}, /* no tag */
    {"`Run name` LIKE '%a%'", "", 1, VIEW_ACTIVE, "cdba"},
    {"artifact_uri LIKE 'file:/%'", "", 1, VIEW_ACTIVE, "cdba"},
    {"run_id = 'b'", "", 1, VIEW_ACTIVE, "b"},
    {"run_id IN ('a', 'd', 'f', 'zz')", "", 1, VIEW_ACTIVE, "da"},
    {"run_id NOT IN ('a', 'd')", "", 1, VIEW_ACTIVE, "cb"},
    {"start_time >= 12", "", 1, VIEW_ACTIVE, "cd"},
    {"created < 10.5", "", 1, VIEW_ACTIVE, "a"},
    {"end_time > 0", "", 1, VIEW_ACTIVE, "dba"},
    /* datasets */
    {"dataset.name = 'wine'", "", 1, VIEW_ACTIVE, "ba"},
    {"dataset.name != 'wine'", "", 1, VIEW_ACTIVE, "a"},
    {"dataset.digest IN ('one')", "", 1, VIEW_ACTIVE, "a"},
    {"dataset.context = 'train'", "", 1, VIEW_ACTIVE, "a"},
    {"dataset.context ILIKE 't%'", "", 1, VIEW_ACTIVE, "ba"},
    {"dataset.name NOT IN ('iris', 'wine')", "", 1, VIEW_ACTIVE, ""},
    /* together */
    {"metrics.m > -5 AND params.p = 'x'", "", 1, VIEW_ACTIVE, "a"},
    {"metrics.m > 1 OR params.q = '9'", "", 1, VIEW_ACTIVE, "b"},
    {"metrics.m > 1 OR params.q = '9' AND tags.t = 'x'", "", 2, VIEW_ACTIVE, "f"},
    {"(metrics.m > 1 OR params.q = '9') AND status = 'FAILED'", "", 2, VIEW_ACTIVE, "b"},
    /* NOT is the complement: of missing pairs and of NULL as well */
    {"NOT params.p = 'x'", "", 1, VIEW_ACTIVE, "cdb"},
    {"NOT metrics.m > -5", "", 1, VIEW_ACTIVE, "db"},
    {"NOT end_time > 0", "", 1, VIEW_ACTIVE, "c"},
    {"NOT (end_time > 0 AND status = 'FINISHED')", "", 1, VIEW_ACTIVE, "cb"},
    {"NOT (params.p IS NULL OR tags.t = 'x')", "", 1, VIEW_ACTIVE, "cb"},
    {"NOT dataset.name = 'wine'", "", 1, VIEW_ACTIVE, "cd"},
    {"NOT NOT run_id = 'a'", "", 1, VIEW_ACTIVE, "a"},
    /* orders: missing values last, NaN before them, ties by start time and id */
    {"", "metrics.m", 1, VIEW_ACTIVE, "cabd"},
    {"", "metrics.m DESC", 1, VIEW_ACTIVE, "acbd"},
    {"", "metrics.`k k` DESC", 1, VIEW_ACTIVE, "dcba"},
    {"", "params.p", 1, VIEW_ACTIVE, "bacd"},
    {"", "params.p DESC", 1, VIEW_ACTIVE, "cabd"},
    {"", "params.q", 1, VIEW_ACTIVE, "abdc"},
    {"", "end_time", 1, VIEW_ACTIVE, "badc"},
    {"", "end_time DESC", 1, VIEW_ACTIVE, "dabc"},
    {"", "start_time", 1, VIEW_ACTIVE, "abcd"},
    {"", "start_time DESC", 2, VIEW_ACTIVE, "fcdhbag"},
    {"", "run_name|run_id DESC", 1, VIEW_ACTIVE, "dabc"},
    {"", "status|metrics.m DESC", 1, VIEW_ACTIVE, "badc"},
    {"metrics.`k k` = 1", "params.q DESC|tags.t", 1, VIEW_ACTIVE, "bac"},
};

static void runs_are_found_in_order(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(searches); i++) {
        struct run_call call = {.req = {.filter = str_of(searches[i].filter),
                                        .order_by = cut(f->c, searches[i].order),
                                        .experiment_ids = {experiment_texts, searches[i].experiments},
                                        .run_view_type = ENUM(searches[i].view)}};
        if (store_read(f->c, f->store, call_runs, &call))
            fail_msg("%s: %.*s", searches[i].filter, STR_FMT(f->c->message));
        struct str got = run_ids(f->c, &call.res);
        if (!str_is(got, searches[i].found))
            fail_msg("%s, %s: found \"%.*s\", expected \"%s\"", searches[i].filter, searches[i].order, STR_FMT(got),
                     searches[i].found);
        assert_null(call.res.next_page_token.p);
    }
}

/* Pages of each size, put together, are the one big page. */
static void pages_are_parts_of_the_whole(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(searches); i++)
        for (int64_t size = 1; size <= 4; size++) {
            struct buf all = BUF_IN(f->c->arena);
            struct run_call call = {.req = {.filter = str_of(searches[i].filter),
                                            .order_by = cut(f->c, searches[i].order),
                                            .experiment_ids = {experiment_texts, searches[i].experiments},
                                            .run_view_type = ENUM(searches[i].view),
                                            .max_results = I64(size)}};
            do {
                if (store_read(f->c, f->store, call_runs, &call))
                    fail_msg("%s: %.*s", searches[i].filter, STR_FMT(f->c->message));
                assert_true((int64_t)call.res.runs.n <= size);
                buf_str(&all, run_ids(f->c, &call.res));
                call.req.page_token = call.res.next_page_token;
            } while (call.res.next_page_token.p);
            struct str got = buf_end(&all);
            if (!str_is(got, searches[i].found))
                fail_msg("%s, %s, pages of %ld: found \"%.*s\"", searches[i].filter, searches[i].order, (long)size,
                         STR_FMT(got));
        }
}

static int add_run(struct ctx *c, void *arg) {
    return db_run(c, NULL,
                  "INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, experiment_id, source_type)"
                  " VALUES (?, 'RUNNING', ?, 'active', 1, 'UNKNOWN')",
                  "si", str_of(arg), (int64_t)(*(const char *)arg == 'y' ? 100 : 1));
}

static void pages_survive_inserts(void **state) {
    struct fixture *f = *state;
    struct run_call call = {.req = {.experiment_ids = {experiment_texts, 1}, .max_results = I64(2)}};
    assert_int_equal(store_read(f->c, f->store, call_runs, &call), OK);
    assert_str(run_ids(f->c, &call.res), "cd");
    assert_int_equal(store_write(f->c, f->store, add_run, "y1"), OK);
    assert_int_equal(store_write(f->c, f->store, add_run, "z1"), OK);
    call.req.page_token = call.res.next_page_token;
    assert_int_equal(store_read(f->c, f->store, call_runs, &call), OK);
    assert_str(run_ids(f->c, &call.res), "ba");
    call.req.page_token = call.res.next_page_token;
    assert_int_equal(store_read(f->c, f->store, call_runs, &call), OK);
    assert_str(run_ids(f->c, &call.res), "z1");
    assert_null(call.res.next_page_token.p);
}

static void runs_come_with_their_data(void **state) {
    struct fixture *f = *state;
    struct run_call call = {.req = {.experiment_ids = {experiment_texts, 1}}};
    assert_int_equal(store_read(f->c, f->store, call_runs, &call), OK);
    const struct Run *a = &call.res.runs.v[3], *b = &call.res.runs.v[2];
    assert_str(a->info->run_id, "a");
    assert_int_equal(a->data->metrics.n, 2);
    assert_str(a->data->metrics.v[0].key, "m");
    assert_true(a->data->metrics.v[0].value.v > 0.4);
    assert_true(b->data->metrics.v[0].value.v != b->data->metrics.v[0].value.v);
    assert_int_equal(a->data->params.n, 2);
    assert_int_equal(a->data->tags.n, 2);
    assert_int_equal(a->inputs->dataset_inputs.n, 2);
    assert_str(a->inputs->dataset_inputs.v[0].dataset->name, "iris");
    assert_null(a->inputs->dataset_inputs.v[0].dataset->schema.p);
    assert_str(a->inputs->dataset_inputs.v[1].dataset->schema, "{}");
    assert_int_equal(a->inputs->dataset_inputs.v[0].tags.n, 1);
    assert_int_equal(a->inputs->dataset_inputs.v[1].tags.n, 0);
    assert_int_equal(b->inputs->dataset_inputs.v[0].tags.n, 2);
    assert_int_equal(a->inputs->model_inputs.n, 0); /* MLflow gives them with the run alone */
    assert_int_equal(a->outputs->model_outputs.n, 1);
    assert_int_equal(a->outputs->model_outputs.v[0].step.v, 7);
    assert_int_equal(call.res.runs.v[1].data->metrics.n, 1);
    assert_int_equal(call.res.runs.v[1].inputs->dataset_inputs.n, 0);
}

static void numbers_of_results_are_checked(void **state) {
    struct fixture *f = *state;
    static const int64_t wrong[] = {0, -1, 50001};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct run_call runs = {.req = {.max_results = I64(wrong[i])}};
        struct experiment_call experiments = {.req = {.max_results = I64(wrong[i])}};
        assert_int_equal(store_read(f->c, f->store, call_runs, &runs), ERR_INVALID_PARAMETER);
        assert_int_equal(store_read(f->c, f->store, call_experiments, &experiments), ERR_INVALID_PARAMETER);
    }
    struct experiment_call without = {0};
    assert_int_equal(store_read(f->c, f->store, call_experiments, &without), ERR_INVALID_PARAMETER);
    struct str x = STR("x");
    struct run_call runs = {.req = {.experiment_ids = {&x, 1}}};
    assert_int_equal(store_read(f->c, f->store, call_runs, &runs), ERR_INVALID_PARAMETER);
}

static const struct {
    const char *filter, *order;
    int view;
    const char *found;
} experiment_searches[] = {
    {"", "", VIEW_ACTIVE, "2410"},
    {"", "name", VIEW_ACTIVE, "0142"},
    {"", "name DESC", VIEW_ALL, "24310"},
    {"", "last_update_time", VIEW_ALL, "43210"},
    {"", "experiment_id", VIEW_ACTIVE, "0124"},
    {"", "creation_time|name", VIEW_ALL, "01423"},
    {"name LIKE 'two%'", "", VIEW_ALL, "2"},
    {"name ILIKE 'TWO%'", "", VIEW_ALL, "32"},
    {"tags.team = 'red'", "", VIEW_ACTIVE, "1"},
    {"tags.team IS NULL", "", VIEW_ACTIVE, "40"},
    {"tags.team != 'red'", "", VIEW_ACTIVE, "2"},
    {"experiment_id IN ('1','4')", "", VIEW_ACTIVE, "41"},
    {"creation_time = 200 AND experiment_id != '2'", "", VIEW_ACTIVE, "4"},
    {"name = 'One' OR name = 'four'", "", VIEW_ACTIVE, "41"},
    {"NOT tags.x IS NOT NULL", "experiment_id", VIEW_ACTIVE, "014"},
};

static void experiments_are_found_in_order(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(experiment_searches); i++)
        for (int64_t size = 1; size <= 5; size++) {
            struct buf all = BUF_IN(f->c->arena);
            struct experiment_call call = {.req = {.filter = str_of(experiment_searches[i].filter),
                                                   .order_by = cut(f->c, experiment_searches[i].order),
                                                   .view_type = ENUM(experiment_searches[i].view),
                                                   .max_results = I64(size)}};
            do {
                if (store_read(f->c, f->store, call_experiments, &call))
                    fail_msg("%s: %.*s", experiment_searches[i].filter, STR_FMT(f->c->message));
                for (size_t k = 0; k < call.res.experiments.n; k++)
                    buf_str(&all, call.res.experiments.v[k].experiment_id);
                call.req.page_token = call.res.next_page_token;
            } while (call.res.next_page_token.p);
            struct str got = buf_end(&all);
            if (!str_is(got, experiment_searches[i].found))
                fail_msg("%s, %s: found \"%.*s\"", experiment_searches[i].filter, experiment_searches[i].order,
                         STR_FMT(got));
        }
}

static void experiments_come_with_their_tags(void **state) {
    struct fixture *f = *state;
    struct experiment_call call = {.req = {.order_by = cut(f->c, "experiment_id"), .max_results = I64(10)}};
    assert_int_equal(store_read(f->c, f->store, call_experiments, &call), OK);
    assert_int_equal(call.res.experiments.v[0].tags.n, 0);
    assert_str(call.res.experiments.v[1].tags.v[0].value, "red");
    assert_int_equal(call.res.experiments.v[2].tags.n, 2);
    assert_str(call.res.experiments.v[2].tags.v[1].key, "x");
}

/* The deepest and longest filters the parser lets through are within what the database takes. */
static void the_largest_filters_run(void **state) {
    struct fixture *f = *state;
    struct ctx *c = f->c;
    struct buf deep = BUF_IN(c->arena);
    const int levels = SEARCH_MAX_DEPTH * 2 / 3; /* a NOT and its parentheses are two */
    for (int i = 0; i < levels; i++)
        buf_z(&deep, i % 2 ? "params.p != 'x' AND (" : "NOT (end_time > 1 OR ");
    buf_z(&deep, "run_id IN ('a')");
    for (int i = 0; i < levels; i++)
        buf_char(&deep, ')');
    struct str filters[] = {str_fmt(c->arena, "params.p LIKE '%s'", repeat(c, "%", "", SEARCH_MAX_PATTERN).p),
                            str_fmt(c->arena, "params.p ILIKE '%s'", repeat(c, "_%", "", SEARCH_MAX_PATTERN / 2).p),
                            repeat(c, "metrics.m > 1", " OR ", SEARCH_MAX_CONDITIONS),
                            repeat(c, "dataset.context != 'x'", " AND ", SEARCH_MAX_CONDITIONS),
                            repeat(c, "(params.p = 'x' AND tags.t != 'y')", " OR ", SEARCH_MAX_CONDITIONS / 2),
                            repeat(c, "NOT (end_time = 1 OR tags.t ILIKE 'y')", " AND ", SEARCH_MAX_CONDITIONS / 2),
                            buf_end(&deep)};
    struct str order[SEARCH_MAX_ORDERS];
    for (int i = 0; i < SEARCH_MAX_ORDERS; i++)
        order[i] = str_fmt(c->arena, "metrics.m%d DESC", i);
    for (size_t i = 0; i < COUNT(filters); i++) {
        struct run_call call = {.req = {.filter = filters[i],
                                        .order_by = {order, SEARCH_MAX_ORDERS},
                                        .experiment_ids = {experiment_texts, 2},
                                        .max_results = I64(1)}};
        for (int page = 0; page < 2; page++) {
            if (store_read(c, f->store, call_runs, &call))
                fail_msg("filter %zu: %.*s", i, STR_FMT(c->message));
            call.req.page_token = call.res.next_page_token;
        }
    }
}

/* ---- a large database: the ways to a page, and indexes on demand ---- */

/* 12000 runs, so many that searches start from pairs; every tenth is in experiment 2. */
static const char *const large_database[] = {
    "INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace) VALUES (1, 'One', 'active', 'default'),"
    " (2, 'two', 'active', 'default')",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999) INSERT INTO runs (run_uuid, "
    "status,"
    " start_time, lifecycle_stage, experiment_id, source_type) SELECT printf('%08x', i * 2654435761 % 4294967296),"
    " 'FINISHED', i, 'active', 1 + (i % 10 = 0), 'UNKNOWN' FROM n",
    "INSERT INTO params (run_uuid, key, value) SELECT run_uuid, 'it''s', start_time % 100 FROM runs",
    "INSERT INTO tags (run_uuid, key, value) SELECT run_uuid, 'mlflow.runName', 'n' || (start_time % 1000) FROM runs",
    "INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) SELECT run_uuid, 'm', start_time % 7, "
    "0, 0,"
    " start_time % 11 = 0 FROM runs WHERE start_time % 3",
};

static int fill_large(struct ctx *c, void *arg) {
    (void)arg;
    int err = OK;
    for (size_t i = 0; !err && i < COUNT(large_database); i++)
        err = db_run(c, NULL, large_database[i], "");
    return err;
}

static int count_indexes(struct ctx *c, void *arg) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT count(*) FROM sqlite_master WHERE name GLOB 'millrace_pair_*'", "");
    err = err ? err : rows_next(c, r);
    if (err < 0)
        return err;
    *(int64_t *)arg = row_i64(r, 0);
    rows_end(r);
    return OK;
}

static const struct {
    const char *filter, *order;
} ways[] = {
    {"params.`it's` = '7'", ""},
    {"params.`it's` = '7' AND metrics.m > 2", "metrics.m DESC"},
    {"metrics.m != 2 AND run_name LIKE 'n1%'", "params.`it's`|metrics.m"},
    {"run_name = 'n77'", ""},
    {"metrics.m = 3", "start_time"},
    {"params.`it's` = '7' AND NOT metrics.m > 2", "run_name"},
};

/* The ids of one way, as the planner goes it or, forced by a needless OR, by the scan of all runs. */
static struct str ids_by(struct fixture *f, size_t way, bool scan, int64_t page) {
    struct buf all = BUF_IN(f->c->arena);
    const char *filter = ways[way].filter;
    struct run_call call = {
        .req = {.filter = scan ? str_fmt(f->c->arena, "(%s) OR (%s)", filter, filter) : str_of(filter),
                .order_by = cut(f->c, ways[way].order),
                .experiment_ids = {experiment_texts, 1},
                .max_results = I64(page)}};
    do {
        if (store_read(f->c, f->store, call_runs, &call))
            fail_msg("%s: %.*s", filter, STR_FMT(f->c->message));
        buf_str(&all, run_ids(f->c, &call.res));
        call.req.page_token = call.res.next_page_token;
    } while (call.res.next_page_token.p);
    return buf_end(&all);
}

static void all_ways_lead_to_the_same_page(void **state) {
    struct fixture f = {.c = test_ctx()};
    char dir[] = "/tmp/millrace-search-XXXXXX";
    int64_t indexes = 0;
    (void)state;
    assert_non_null(mkdtemp(dir));
    struct str path = str_fmt(f.c->arena, "%s/test.db", dir);
    struct store_options o = {.uri = str_fmt(f.c->arena, "sqlite:///%s", path.p), .create = true};
    assert_int_equal(store_open(f.c, &o, &f.store), OK);
    assert_int_equal(store_write(f.c, f.store, fill_large, NULL), OK);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT(ways); i++) {
            struct str expected = ids_by(&f, i, true, 50000);
            if (expected.n < 8)
                fail_msg("%s: finds nothing", ways[i].filter);
            assert_str(ids_by(&f, i, false, 50000), expected.p);
            assert_str(ids_by(&f, i, false, 150), expected.p);
            /* the first round makes the indexes, one after the other; the second uses them */
            for (int wait = 0; round == 0 && indexes == 0 && wait < 500; wait++) {
                usleep(10000);
                assert_int_equal(store_read(f.c, f.store, count_indexes, &indexes), OK);
            }
        }
    assert_int_equal(store_read(f.c, f.store, count_indexes, &indexes), OK);
    assert_in_range(indexes, 1, 2);
    store_close(f.store);
    unlink(path.p);
    rmdir(dir);
    test_ctx_free(f.c);
}

int main(void) {
#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_DATABASE(runs_are_found_in_order),
        WITH_DATABASE(pages_are_parts_of_the_whole),
        WITH_DATABASE(pages_survive_inserts),
        WITH_DATABASE(runs_come_with_their_data),
        WITH_DATABASE(numbers_of_results_are_checked),
        WITH_DATABASE(experiments_are_found_in_order),
        WITH_DATABASE(experiments_come_with_their_tags),
        WITH_DATABASE(the_largest_filters_run),
        cmocka_unit_test(all_ways_lead_to_the_same_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
