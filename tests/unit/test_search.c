/* Unit tests of the search room: the grammar as data, orders, page tokens. What they find: test_search_runs.c. */
#include "suite.h"

#include "search/page_token.h"
#include "search/parse.h"
#include "search/sql.h"

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
    {"metrics.a:b > 1", "position 10: ':b > 1'"},
    {"metrics.a- > 1", "position 10"},
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
    {"metrics.a > 1 AND OR metrics.b > 1",
     "Expected a comparison after AND (at position 19 of the filter string: 'OR')"},
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
    {"metrics.a:b", NULL},
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
    static const char *const wrong[] = {"eyJvZmZzZXQiOiAwfQ==",
                                        "eyJvZmZzZXQiOiAtMX0=",
                                        "eyJvZmZzZXQiOiAieCJ9",
                                        "e30=",
                                        "eyJvZmZzZXQ=",
                                        "eyJvZmZzZXQiOiAxZTN9",
                                        "nonsense",
                                        "%%%",
                                        "A",
                                        "=="};
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_parsed),
        cmocka_unit_test(wrong_filters_are_refused_at_the_word),
        cmocka_unit_test(filters_are_bounded),
        cmocka_unit_test(orders_become_total),
        cmocka_unit_test(an_order_sorts_once_by_a_field),
        cmocka_unit_test(tokens_carry_values),
        cmocka_unit_test(tokens_of_mlflow_are_read),
        cmocka_unit_test(fingerprints_tell_queries_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
