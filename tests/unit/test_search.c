/* Unit tests of the search room: the grammar as data, what filters and orders find in a database, page tokens. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "search/page_token.h"
#include "search/parse.h"
#include "search/sql.h"
#include "service/search_experiments.h"
#include "service/search_runs.h"
#include "store/store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the grammar: what is accepted, and as what ---- */

static void show_cond(struct buf *b, const struct search_cond *cond) {
    static const char *const kinds[KINDS] = {"attr", "metric", "param", "tag", "dataset"};
    buf_fmt(b, "%s:%.*s %s", kinds[cond->field->kind], STR_FMT(cond->key), search_op_text[cond->op]);
    if (cond->value.type == BIND_STR)
        buf_fmt(b, " <%.*s>", STR_FMT(cond->value.s));
    else if (cond->value.type == BIND_I64)
        buf_fmt(b, " %ld", (long)cond->value.i);
    else if (cond->value.type == BIND_F64)
        buf_fmt(b, " %g", cond->value.f);
}

/* The tree as text: (and x y), (or x y), (not x), kind:key op value. */
static void show(struct buf *b, const struct search_node *n) {
    static const char *const words[] = {"and", "or", "not"};
    if (n->type == NODE_COND) {
        show_cond(b, &n->cond);
        return;
    }
    buf_fmt(b, "(%s", words[n->type]);
    for (const struct search_node *child = n->first; child; child = child->next) {
        BUF_LIT(b, ", ");
        show(b, child);
    }
    BUF_LIT(b, ")");
}

static const struct {
    const char *filter, *tree;
} run_filters[] = {
    {"metrics.a > 1", "metric:a > 1"},
    {"metric.a>1", "metric:a > 1"},
    {"metrics.a >= -1.5e-3", "metric:a >= -0.0015"},
    {"metrics.a < .5", "metric:a < 0.5"},
    {"metrics.a <= 5.", "metric:a <= 5"},
    {"metrics.a = 1e+16", "metric:a = 1e+16"},
    {"metrics.a != 1E5", "metric:a != 100000"},
    {"metrics.a = 1e999", "metric:a = inf"},
    {"metrics.a.b > 1", "metric:a.b > 1"},
    {"metrics.1a > 1", "metric:1a > 1"},
    {"metrics._a > 1", "metric:_a > 1"},
    {"metrics.`a b` > 1", "metric:a b > 1"},
    {"metrics.\"a b\" > 1", "metric:a b > 1"},
    {"metrics.'a b' > 1", "metric:a b > 1"},
    {"metrics.`a.b/c-d` > 1", "metric:a.b/c-d > 1"},
    {"`metrics`.a > 1", "metric:a > 1"},
    {"metrics.select > 1", "metric:select > 1"},
    {"metrics.in > 1", "metric:in > 1"},
    {"metrics.not > 1 and metrics.or > 1", "(and, metric:not > 1, metric:or > 1)"},
    {"params.a = 'x'", "param:a = <x>"},
    {"param.a = \"x\"", "param:a = <x>"},
    {"parameter.a != 'x'", "param:a != <x>"},
    {"parameters.a != 'x'", "param:a != <x>"},
    {"params.`` = 'x'", "param: = <x>"},
    {"params.a = ''", "param:a = <>"},
    {"params.a = 'it''s'", "param:a = <it''s>"},
    {"params.a = 'a\\'b'", "param:a = <a\\'b>"},
    {"params.a = 'C:\\'", "param:a = <C:\\>"},
    {"params.a = \"it's\"", "param:a = <it's>"},
    {"params.a = 'say \"x\"'", "param:a = <say \"x\">"},
    {"params.a LIKE 'x%'", "param:a LIKE <x%>"},
    {"params.a like 'x%'", "param:a LIKE <x%>"},
    {"params.a iLike 'x_'", "param:a ILIKE <x_>"},
    {"params.a IS NULL", "param:a IS NULL"},
    {"params.a is not null", "param:a IS NOT NULL"},
    {"tags.a is  null", "tag:a IS NULL"},
    {"tag.mlflow.source.name = 'x'", "tag:mlflow.source.name = <x>"},
    {"tags.\xc3\xa9 = '\xc3\xa9'", "tag:\xc3\xa9 = <\xc3\xa9>"},
    {"status = 'FINISHED'", "attr:status = <FINISHED>"},
    {"attribute.status = 'x'", "attr:status = <x>"},
    {"attributes.status = 'x'", "attr:status = <x>"},
    {"attr.status = 'x'", "attr:status = <x>"},
    {"run.status = 'x'", "attr:status = <x>"},
    {"attributes.`status` = 'x'", "attr:status = <x>"},
    {"`status` = 'x'", "attr:status = <x>"},
    {"\"Run Name\" = 'x'", "attr:Run Name = <x>"},
    {"attributes.\"run name\" = 'x'", "attr:run name = <x>"},
    {"run_name LIKE '%x%'", "attr:run_name LIKE <%x%>"},
    {"user_id ILIKE 'x'", "attr:user_id ILIKE <x>"},
    {"artifact_uri != 'x'", "attr:artifact_uri != <x>"},
    {"start_time > 1700000000000", "attr:start_time > 1700000000000"},
    {"start_time > 1.5", "attr:start_time > 1.5"},
    {"end_time <= -1", "attr:end_time <= -1"},
    {"created = 5", "attr:created = 5"},
    {"Created != 5", "attr:Created != 5"},
    {"start_time < 99999999999999999999", "attr:start_time < 1e+20"},
    {"run_id IN ('a','b')", "attr:run_id IN <[\"a\",\"b\"]>"},
    {"run_id in (\"a\", 'b' , )", "attr:run_id IN <[\"a\",\"b\"]>"},
    {"attributes.run_id NOT IN ('a')", "attr:run_id NOT IN <[\"a\"]>"},
    {"run_id not in('it\\'s')", "attr:run_id NOT IN <[\"it's\"]>"},
    {"dataset.name = 'x'", "dataset:name = <x>"},
    {"datasets.digest LIKE 'x'", "dataset:digest LIKE <x>"},
    {"dataset.context IN ('train','test')", "dataset:context IN <[\"train\",\"test\"]>"},
    {" \t\n metrics.a > 1 \r\n", "metric:a > 1"},
    {"metrics.a > 1 AND params.b = 'x'", "(and, metric:a > 1, param:b = <x>)"},
    {"metrics.a > 1 and params.b = 'x' And tags.c = 'y'", "(and, metric:a > 1, param:b = <x>, tag:c = <y>)"},
    {"params.a='x'and params.b='y'", "(and, param:a = <x>, param:b = <y>)"},
    /* MLflow lets AND be left out, doubled, lead and trail */
    {"metrics.a > 1 metrics.b > 2", "(and, metric:a > 1, metric:b > 2)"},
    {"metrics.a > 1 AND", "metric:a > 1"},
    {"AND metrics.a > 1", "metric:a > 1"},
    {"metrics.a > 1 and and metrics.b > 2", "(and, metric:a > 1, metric:b > 2)"},
    /* what MLflow does not have */
    {"metrics.a > 1 OR metrics.b > 2", "(or, metric:a > 1, metric:b > 2)"},
    {"metrics.a > 1 or metrics.b > 2 and metrics.c > 3", "(or, metric:a > 1, (and, metric:b > 2, metric:c > 3))"},
    {"metrics.a > 1 AND metrics.b > 2 OR metrics.c > 3", "(or, (and, metric:a > 1, metric:b > 2), metric:c > 3)"},
    {"(metrics.a > 1 OR metrics.b > 2) AND metrics.c > 3", "(and, (or, metric:a > 1, metric:b > 2), metric:c > 3)"},
    {"(metrics.a > 1)", "metric:a > 1"},
    {"((metrics.a > 1) AND (metrics.b > 2 AND metrics.c > 3))", "(and, metric:a > 1, metric:b > 2, metric:c > 3)"},
    {"(metrics.a > 1 OR (metrics.b > 2 OR metrics.c > 3))", "(or, metric:a > 1, metric:b > 2, metric:c > 3)"},
    {"NOT metrics.a > 1", "(not, metric:a > 1)"},
    {"not not metrics.a > 1", "metric:a > 1"},
    {"NOT (metrics.a > 1 OR params.b = 'x')", "(not, (or, metric:a > 1, param:b = <x>))"},
    {"metrics.a > 1 AND NOT params.b IS NULL", "(and, metric:a > 1, (not, param:b IS NULL))"},
    {"NOT run_id NOT IN ('a')", "(not, attr:run_id NOT IN <[\"a\"]>)"},
    {"NOT metrics.a > 1 AND metrics.b > 1", "(and, (not, metric:a > 1), metric:b > 1)"},
};

static const struct {
    const char *filter, *tree;
} experiment_filters[] = {
    {"name = 'x'", "attr:name = <x>"},
    {"attribute.name LIKE 'x%'", "attr:name LIKE <x%>"},
    {"\"name\" ilike 'x'", "attr:name ILIKE <x>"},
    {"experiment_id = '12'", "attr:experiment_id = 12"},
    {"experiment_id != ' 3 '", "attr:experiment_id != 3"},
    {"experiment_id NOT IN ('1', '2')", "attr:experiment_id NOT IN <[1,2]>"},
    {"creation_time > 5", "attr:creation_time > 5"},
    {"last_update_time <= 5", "attr:last_update_time <= 5"},
    {"tags.a = 'x'", "tag:a = <x>"},
    {"tag.`a b` IS NOT NULL", "tag:a b IS NOT NULL"},
};

/* ---- the grammar: what is refused, and what the message says ---- */

static const struct {
    const char *filter, *message;
} refused_for_runs[] = {
    {" ", "Could not be parsed"},
    {"metrics.a", "at the end"},
    {"metrics.a >", "at the end"},
    {"metrics.a > 'x'", "position 13 of the filter string: ''x''"},
    {"metrics.a > x", "Expected numeric value type for metric. Found x"},
    {"metrics.a > nan", "Found nan"},
    {"metrics.a > +1", "position 13: '+1'"},
    {"metrics.a > 0x1F", "position 13"},
    {"metrics.a > 1and metrics.b > 2", "position 13"},
    {"metrics.a > 1.2.3", "position 13"},
    {"metrics.a == 1", "Invalid comparator '=='"},
    {"metrics.a <> 1", "Invalid comparator '<>'"},
    {"metrics.a => 1", "Invalid comparator '=>'"},
    {"metrics.a ~ 1", "Invalid comparator '~'"},
    {"metrics.a LIKE 1", "Invalid comparator 'LIKE'"},
    {"metrics.a IS NULL", "IS NULL / IS NOT NULL is not supported for 'metric' 'a'"},
    {"metrics.a IN (1)", "Invalid comparator"},
    {"metrics.a/b > 1", "position 10: '/b > 1'"},
    {"metrics.a-b > 1", "position 10"},
    {"metrics. a > 1", "a key is missing at position 9"},
    {"metrics . a > 1", "Invalid attribute key 'metrics'"},
    {"metrics.`a > 1", "position 9"},
    {"metrics.a BETWEEN 1 AND 2", "Invalid comparator 'BETWEEN'"},
    {"Metrics.a > 1", "Invalid entity type 'Metrics'"},
    {"foo.bar = 'x'", "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', "},
    {"\"metrics\".a > 1", "Invalid attribute key 'metrics'"},
    {"1 < metrics.a", "position 1 "},
    {"'a' = 'b'", "position 1 "},
    {"params.a > 'x'", "Invalid comparator '>' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL'}'"},
    {"params.a = 1", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"},
    {"params.a = x", "Use either single or double quotes"},
    {"params.a = `x`", "Use either single or double quotes"},
    {"params.a = params.b", "Use either single or double quotes"},
    {"params.a = ", "at the end"},
    {"params.a = 'x", "a quote that is not closed at position 12"},
    {"params.a = \"x", "a quote that is not closed at position 12"},
    {"params.a NOT LIKE 'x'", "position 14 of the filter string: 'LIKE'"},
    {"params.a RLIKE 'x'", "Invalid comparator 'RLIKE'"},
    {"params.a IN ('a')", "Invalid comparator"},
    {"params.a IS", "Expected NULL after IS"},
    {"params.a IS NOT", "Expected NULL after IS"},
    {"params.a IS 'x'", "Expected NULL after IS"},
    {"params.a = 'x' -- c", "position 16"},
    {"params.a = 'x';", "position 15: ';'"},
    {"params.a = 'x', params.b = 'y'", "position 15 of the filter string: ','"},
    {"tags.a = 'x' & tags.b = 'y'", "position 14: '& tags.b"},
    {"tags.\xc3\xa9 = \xc3\xa9", "position 10 of the filter string: '\xc3\xa9'"},
    {"foo = 'x'", "Invalid attribute key 'foo' specified. Valid keys are '{'run_id', 'artifact_uri'"},
    {"experiment_id = '1'", "Invalid attribute key 'experiment_id'"},
    {"attributes.lifecycle_stage = 'active'", "Invalid attribute key 'lifecycle_stage'"},
    {"dataset.foo = 'x'", "Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'"},
    {"dataset.name > 'x'", "Invalid comparator '>'"},
    {"dataset.name = 1", "Expected a quoted string value for dataset attributes"},
    {"status > 'x'", "Invalid comparator '>'"},
    {"status = 1", "Expected a quoted string value for attributes. Got value 1"},
    {"status IS NULL", "IS NULL / IS NOT NULL is not supported for 'attribute' 'status'"},
    {"status IN ('FINISHED')", "Only ['run_id'] attributes support comparison with a list of quoted string values."},
    {"run_name NOT IN ('a')", "Only ['run_id'] attributes"},
    {"start_time > '1'", "Expected numeric value type for numeric attribute: start_time. Found '1'"},
    {"start_time LIKE '1'", "Invalid comparator 'LIKE'"},
    {"start_time IN (1)", "Invalid comparator"},
    {"run_id IN ()", "expected a non-empty list of string values, but got empty list"},
    {"run_id IN (1, 2)", "expected a quoted string value"},
    {"run_id IN ('a' 'b')", "expected ',' or ')' (at position 16"},
    {"run_id IN ('a'", "at the end"},
    {"run_id IN 'a'", "Expected a list of quoted string values in parentheses after IN"},
    {"run_id IN (,)", "position 12"},
    {"run_id = ('a')", "position 10"},
    {"run_id NOT 'a'", "Expected IN after NOT"},
    {"AND", "at the end"},
    {"OR metrics.a > 1", "position 1"},
    {"metrics.a > 1 OR", "at the end"},
    {"metrics.a > 1 OR OR metrics.b > 1", "position 18"},
    {"metrics.a > 1 AND OR metrics.b > 1", "Expected a comparison after AND (at position 19 of the filter string: 'OR')"},
    {"(metrics.a > 1 AND)", "position 19 of the filter string: ')'"},
    {"(metrics.a > 1", "Expected ')' to close the '(' at position 1"},
    {"metrics.a > 1)", "expected AND, OR or the end (at position 14 of the filter string: ')')"},
    {"()", "position 2"},
    {"NOT", "at the end"},
    {"metrics.a > 1 NOT metrics.b > 1", "position 15 of the filter string: 'NOT'"},
    {"metrics.a > 1 (metrics.b > 1)", "position 15 of the filter string: '('"},
    {"(((((((((((((metrics.a > 1)))))))))))))", "nests deeper than 12"},
};

static const struct {
    const char *filter, *message;
} refused_for_experiments[] = {
    {"metrics.a > 1", "Invalid entity type 'metrics'. Valid values are ('attribute', 'tag', 'tags')"},
    {"attributes.name = 'x'", "Invalid entity type 'attributes'"},
    {"name IN ('a')", "Only ['experiment_id'] attributes"},
    {"name > 'a'", "Invalid comparator '>'"},
    {"experiment_id > '1'", "Invalid comparator '>'"},
    {"experiment_id = 'x'", "Invalid experiment ID 'x'. Experiment ID must be a valid integer."},
    {"experiment_id IN ('1', 'x')", "Invalid experiment ID 'x'"},
    {"experiment_id = 1", "Expected a quoted string value for attributes"},
    {"creation_time > 1.5", "Invalid value for numeric attribute 'creation_time': '1.5'"},
    {"creation_time > '1'", "Expected numeric value type"},
    {"name IS NULL", "IS NULL / IS NOT NULL is not supported"},
    {"tags.a IN ('x')", "Invalid comparator"},
};

static void check_accepted(const struct search_schema *s, const char *filter, const char *tree) {
    struct ctx *c = test_ctx();
    struct search_node *n;
    struct buf b = BUF_IN(c->arena);
    if (search_parse_filter(c, s, str_of(filter), &n))
        fail_msg("%s: %.*s", filter, STR_FMT(c->message));
    show(&b, n);
    assert_str(buf_end(&b), tree);
    test_ctx_free(c);
}

static void check_refused(const struct search_schema *s, const char *filter, const char *message) {
    struct ctx *c = test_ctx();
    struct search_node *n;
    int err = search_parse_filter(c, s, str_of(filter), &n);
    if (!err)
        fail_msg("%s: accepted", filter);
    assert_int_equal(err, ERR_INVALID_PARAMETER);
    assert_true(utf8_valid(c->message));
    if (str_find(c->message, str_of(message)) < 0)
        fail_msg("%s: %.*s", filter, STR_FMT(c->message));
    test_ctx_free(c);
}

static void filters_are_parsed(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(run_filters); i++)
        check_accepted(&search_runs_schema, run_filters[i].filter, run_filters[i].tree);
    for (size_t i = 0; i < COUNT(experiment_filters); i++)
        check_accepted(&search_experiments_schema, experiment_filters[i].filter, experiment_filters[i].tree);
}

static void wrong_filters_are_refused_at_the_word(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(refused_for_runs); i++)
        check_refused(&search_runs_schema, refused_for_runs[i].filter, refused_for_runs[i].message);
    for (size_t i = 0; i < COUNT(refused_for_experiments); i++)
        check_refused(&search_experiments_schema, refused_for_experiments[i].filter,
                      refused_for_experiments[i].message);
}

/* `part` n times, joined. */
static struct str repeat(struct ctx *c, const char *part, const char *between, size_t n) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < n; i++) {
        buf_z(&b, i ? between : "");
        buf_z(&b, part);
    }
    return buf_end(&b);
}

static void filters_are_bounded(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct search_node *n;
    const struct search_schema *s = &search_runs_schema;
    assert_int_equal(search_parse_filter(c, s, (struct str){0}, &n), OK);
    assert_null(n);
    assert_int_equal(search_parse_filter(c, s, repeat(c, "metrics.a > 1", " OR ", SEARCH_MAX_CONDITIONS), &n), OK);
    assert_int_equal(search_parse_filter(c, s, repeat(c, "metrics.a > 1", " OR ", SEARCH_MAX_CONDITIONS + 1), &n),
                     ERR_INVALID_PARAMETER);
    assert_int_equal(search_parse_filter(c, s, repeat(c, " ", "", SEARCH_MAX_TEXT + 1), &n), ERR_INVALID_PARAMETER);
    assert_int_equal(search_parse_filter(c, s, repeat(c, "(", "", 50000), &n), ERR_INVALID_PARAMETER);
    assert_int_equal(search_parse_filter(c, s, repeat(c, "NOT", " ", 20000), &n), ERR_INVALID_PARAMETER);
    assert_int_equal(search_parse_filter(c, s, (struct str){"a\0b", 3}, &n), ERR_INVALID_PARAMETER);
    struct str pattern = repeat(c, "%", "", SEARCH_MAX_PATTERN + 1);
    assert_int_equal(search_parse_filter(c, s, str_fmt(c->arena, "tags.a LIKE '%s'", pattern.p), &n),
                     ERR_INVALID_PARAMETER);
    assert_int_equal(search_parse_filter(c, s, str_fmt(c->arena, "tags.a = '%s'", pattern.p), &n), OK);
    assert_int_equal(search_parse_filter(c, s, str_fmt(c->arena, "tags.a LIKE '%s'", pattern.p + 1), &n), OK);
    test_ctx_free(c);
}

/* ---- orders ---- */

static const struct {
    const char *clause, *sql; /* NULL: refused */
} orders[] = {
    {"start_time", "r.start_time, r.run_uuid"},
    {"attributes.start_time DESC", "r.start_time DESC, r.run_uuid"},
    {"created asc", "r.start_time, r.run_uuid"},
    {"run.end_time", "(r.end_time IS NULL), r.end_time, r.start_time DESC, r.run_uuid"},
    {"end_time desc", "r.end_time DESC, r.start_time DESC, r.run_uuid"},
    {"run_id", "r.run_uuid, r.start_time DESC"},
    {"run_name DESC", "r.name DESC, r.start_time DESC, r.run_uuid"},
    {"params.a DESC", "o0.value DESC, r.start_time DESC, r.run_uuid"},
    {"tags.`a b`", "(o0.value IS NULL), o0.value, r.start_time DESC, r.run_uuid"},
    {"metrics.\"a b\" ASC",
     "CASE WHEN o0.is_nan = 1 THEN 1 WHEN o0.value IS NULL THEN 2 ELSE 0 END, o0.value, r.start_time DESC, r.run_uuid"},
    {"metric.a desc", "CASE WHEN o0.is_nan = 1 THEN 1 WHEN o0.value IS NULL THEN 2 ELSE 0 END, o0.value DESC,"
                      " r.start_time DESC, r.run_uuid"},
    {"", NULL},
    {"metrics.a up", NULL},
    {"metrics.a DESC DESC", NULL},
    {"metrics.a ASC NULLS FIRST", NULL},
    {"metrics.a, metrics.b", NULL},
    {"metrics.a/b", NULL},
    {"'a'", NULL},
    {"foo", NULL},
    {"`Run Name`", NULL},
    {"dataset.name", NULL},
    {"nope.a", NULL},
    {"1", NULL},
};

static void orders_become_total(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct ctx *c = test_ctx();
        struct str clause = str_of(orders[i].clause);
        struct search_order_list list;
        struct sort sort;
        struct sql q = SQL_IN(c);
        int err = search_parse_order(c, &search_runs_schema, (struct str_list){&clause, 1}, &list);
        if (!err != !!orders[i].sql)
            fail_msg("%s: %d %.*s", orders[i].clause, err, STR_FMT(c->message));
        if (!err) {
            sort_build(c, &search_runs_schema, &list, &sort);
            sort_order(&q, &sort);
            assert_str(str_sub(buf_end(&q.text), strlen(" ORDER BY "), SIZE_MAX), orders[i].sql);
        }
        test_ctx_free(c);
    }
}

static void an_order_sorts_once_by_a_field(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct str twice[] = {STR("start_time"), STR("created DESC")}, names[] = {STR("name"), STR("attribute.name DESC")};
    struct str pairs[] = {STR("metrics.a"), STR("metrics.b"), STR("params.a"), STR("tags.a")};
    struct search_order_list list;
    assert_int_equal(search_parse_order(c, &search_runs_schema, (struct str_list){twice, 2}, &list),
                     ERR_INVALID_PARAMETER);
    assert_str(c->message, "`order_by` contains duplicate fields: ['start_time', 'created DESC']");
    assert_int_equal(search_parse_order(c, &search_runs_schema, (struct str_list){pairs, 4}, &list), OK);
    assert_int_equal(list.n, 4);
    assert_int_equal(search_parse_order(c, &search_experiments_schema, (struct str_list){names, 2}, &list), OK);
    assert_int_equal(list.n, 1);
    test_ctx_free(c);
}

/* ---- in a database ---- */

/* Nine runs named a to i; e and i are deleted, f to i belong to experiment 2. */
static const char *const database[] = {
    "INSERT INTO experiments (experiment_id, name, lifecycle_stage, creation_time, last_update_time, workspace) VALUES"
    " (0, 'Default', 'active', 50, 950, 'default'), (1, 'One', 'active', 100, 900, 'default'), (2, 'two', 'active', 200, 800, 'default'),"
    " (3, 'Two%', 'deleted', 300, 700, 'default'), (4, 'four', 'active', 200, 600, 'default'),"
    " (5, 'hidden', 'active', 500, 500, 'other')",
    "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (1, 'team', 'red'), (2, 'team', 'Blue'), (2, 'x', '')",
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
    "INSERT INTO params (run_uuid, key, value) VALUES ('a', 'p', 'x'), ('b', 'p', 'X'), ('c', 'p', 'x%y'), ('d', 'q', 'x'),"
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
    return db_run(c, NULL, "INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, experiment_id, source_type)"
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
    struct str filters[] = {
        str_fmt(c->arena, "params.p LIKE '%s'", repeat(c, "%", "", SEARCH_MAX_PATTERN).p),
        str_fmt(c->arena, "params.p ILIKE '%s'", repeat(c, "_%", "", SEARCH_MAX_PATTERN / 2).p),
        repeat(c, "metrics.m > 1", " OR ", SEARCH_MAX_CONDITIONS),
        repeat(c, "dataset.context != 'x'", " AND ", SEARCH_MAX_CONDITIONS),
        repeat(c, "(params.p = 'x' AND tags.t != 'y')", " OR ", SEARCH_MAX_CONDITIONS / 2),
        repeat(c, "NOT (end_time = 1 OR tags.t ILIKE 'y')", " AND ", SEARCH_MAX_CONDITIONS / 2), buf_end(&deep)};
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
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999) INSERT INTO runs (run_uuid, status,"
    " start_time, lifecycle_stage, experiment_id, source_type) SELECT printf('%08x', i * 2654435761 % 4294967296),"
    " 'FINISHED', i, 'active', 1 + (i % 10 = 0), 'UNKNOWN' FROM n",
    "INSERT INTO params (run_uuid, key, value) SELECT run_uuid, 'it''s', start_time % 100 FROM runs",
    "INSERT INTO tags (run_uuid, key, value) SELECT run_uuid, 'mlflow.runName', 'n' || (start_time % 1000) FROM runs",
    "INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) SELECT run_uuid, 'm', start_time % 7, 0, 0,"
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
    struct run_call call = {.req = {.filter = scan ? str_fmt(f->c->arena, "(%s) OR (%s)", filter, filter) : str_of(filter),
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

/* ---- page tokens ---- */

static void tokens_carry_values(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct bind v[] = {BIND_I(INT64_MIN), BIND_F(0.1), BIND_S(STR("h\xc3\xa9 %'\"")), {0}, BIND_S(STR(""))};
    struct str token = page_token_write(c, 42, v, COUNT(v));
    struct page_token got;
    assert_int_equal(page_token_read(c, token, 42, COUNT(v), &got), OK);
    assert_true(got.values[0].i == INT64_MIN && got.values[1].f == 0.1);
    assert_str(got.values[2].s, "h\xc3\xa9 %'\"");
    assert_int_equal(got.values[3].type, BIND_NULL);
    assert_int_equal(got.values[4].type, BIND_STR);
    assert_int_equal(page_token_read(c, token, 43, COUNT(v), &got), ERR_INVALID_PARAMETER);
    assert_int_equal(page_token_read(c, token, 42, COUNT(v) - 1, &got), ERR_INVALID_PARAMETER);
    assert_int_equal(page_token_read(c, token, 42, COUNT(v) + 1, &got), ERR_INVALID_PARAMETER);
    for (size_t n = 1; n < token.n; n++)
        assert_int_equal(page_token_read(c, str_sub(token, 0, n), 42, COUNT(v), &got), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void tokens_of_mlflow_are_read(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct page_token got;
    assert_int_equal(page_token_read(c, STR(""), 42, 1, &got), OK);
    assert_true(got.offset == 0 && !got.values);
    /* {"offset": 100}, {"offset": "7"} */
    assert_int_equal(page_token_read(c, STR("eyJvZmZzZXQiOiAxMDB9"), 42, 1, &got), OK);
    assert_int_equal(got.offset, 100);
    assert_int_equal(page_token_read(c, STR("eyJvZmZzZXQiOiAiNyJ9"), 42, 1, &got), OK);
    assert_int_equal(got.offset, 7);
    /* {"offset": 0}, {"offset": -1}, {"offset": "x"}, {}, {"offset, {"offset": 1e3} */
    static const char *const wrong[] = {"eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAieCJ9", "e30=",
                                        "eyJvZmZzZXQ=", "eyJvZmZzZXQiOiAxZTN9", "nonsense", "%%%", "A", "=="};
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (page_token_read(c, str_of(wrong[i]), 42, 1, &got) != ERR_INVALID_PARAMETER)
            fail_msg("%s was accepted", wrong[i]);
    test_ctx_free(c);
}

static void fingerprints_tell_queries_apart(void **state) {
    (void)state;
    uint64_t ab = page_fingerprint(page_fingerprint(0, STR("a")), STR("b"));
    assert_true(ab != page_fingerprint(page_fingerprint(0, STR("ab")), STR("")));
    assert_true(ab != page_fingerprint(page_fingerprint(0, STR("")), STR("ab")));
    assert_true(ab != page_fingerprint(page_fingerprint(0, STR("b")), STR("a")));
    assert_true(ab == page_fingerprint(page_fingerprint(0, STR("a")), STR("b")));
}

int main(void) {
#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_parsed),
        cmocka_unit_test(wrong_filters_are_refused_at_the_word),
        cmocka_unit_test(filters_are_bounded),
        cmocka_unit_test(orders_become_total),
        cmocka_unit_test(an_order_sorts_once_by_a_field),
        WITH_DATABASE(runs_are_found_in_order),
        WITH_DATABASE(pages_are_parts_of_the_whole),
        WITH_DATABASE(pages_survive_inserts),
        WITH_DATABASE(runs_come_with_their_data),
        WITH_DATABASE(numbers_of_results_are_checked),
        WITH_DATABASE(experiments_are_found_in_order),
        WITH_DATABASE(experiments_come_with_their_tags),
        WITH_DATABASE(the_largest_filters_run),
        cmocka_unit_test(all_ways_lead_to_the_same_page),
        cmocka_unit_test(tokens_carry_values),
        cmocka_unit_test(tokens_of_mlflow_are_read),
        cmocka_unit_test(fingerprints_tell_queries_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
