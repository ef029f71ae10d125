/* Fuzzer of the search grammar: the first byte picks an entity and what the rest is, a filter, an order or a page
 * token. What the parser accepts must have as many bound values as `?` in its SQL, and must run on a database. */
#include <stdlib.h>

#include "api/messages.h"
#include "base/clock.h"
#include "base/log.h"
#include "search/page_token.h"
#include "search/parse.h"
#include "store/q_search.h"
#include "store/q_search_registry.h"
#include "store/store.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCHEMAS = 5 };

static struct store *store;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    struct ctx c = {.arena = arena_new(), .workspace = STR("default"), .deadline = clock_monotonic_ms() + 60000};
    struct store_options o = {.uri = STR("sqlite:///:memory:"), .create = true};
    must(store_open(&c, &o, &store) == OK);
    arena_free(c.arena);
    return 0;
}

struct query {
    const struct search_schema *schema;
    struct search_node *filter;
    struct search_order_list order;
    struct page_token from;
};

/* Values for a page that starts in the middle: numbers, texts and NULL by turns. */
static void start_somewhere(struct ctx *c, struct query *q, const struct sort *sort) {
    q->from.values = ARENA_ARRAY(c->arena, struct bind, sort->n);
    for (size_t i = 0; i < sort->n; i++)
        q->from.values[i] = i % 3 == 0 ? BIND_I(5) : i % 3 == 1 ? BIND_S(STR("x")) : (struct bind){0};
}

static const struct search_schema *const schemas[] = {&search_runs_schema, &search_experiments_schema,
                                                      &search_models_schema, &search_versions_schema,
                                                      &search_logged_models_schema};

static int run_registry(struct ctx *c, const struct query *q, const struct sort *sort) {
    struct registry_search s = {q->filter, false, *sort, q->from, 10};
    struct RegisteredModel_list models = {0};
    struct ModelVersion_list versions = {0};
    struct bind *next;
    return q->schema == &search_models_schema ? q_find_models(c, &s, &models, &next)
                                              : q_find_versions(c, &s, &versions, &next);
}

static int run_logged_models(struct ctx *c, const struct query *q, const struct sort *sort, struct i64_list ids) {
    const struct dataset_ref any[1] = {0};
    const struct SearchLoggedModelsDataset_list none = {0};
    struct logged_model_search s = {ids, q->filter, *sort, any, &none, q->from, 10};
    struct LoggedModel_list models = {0};
    struct bind *next;
    return q_find_logged_models(c, &s, &models, &next);
}

static int run_query(struct ctx *c, void *arg) {
    struct query *q = arg;
    int64_t ids[] = {0, 1};
    struct sort sort;
    sort_build(c, q->schema, &q->order, &sort);
    start_somewhere(c, q, &sort);
    if (q->schema == &search_runs_schema) {
        struct run_search s = {{ids, 2}, VIEW_ALL, q->filter, sort, q->from, 10};
        struct run_hits hits;
        return q_find_runs(c, &s, &hits);
    }
    if (q->schema == &search_experiments_schema) {
        struct experiment_search s = {VIEW_ALL, q->filter, sort, q->from, 10};
        struct experiment_hits hits;
        return q_find_experiments(c, &s, &hits);
    }
    return q->schema == &search_logged_models_schema ? run_logged_models(c, q, &sort, (struct i64_list){ids, 2})
                                                     : run_registry(c, q, &sort);
}

/* Every value is bound: none may end up in the text. */
static void check_bound(struct ctx *c, const struct search_node *filter) {
    struct sql q = SQL_IN(c);
    size_t marks = 0;
    sql_filter(&q, filter);
    for (size_t i = 0; i < q.text.n; i++)
        marks += q.text.p[i] == '?';
    must(marks == q.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct ctx c = {.arena = arena_new(), .workspace = STR("default"), .deadline = clock_monotonic_ms() + 60000};
    struct str text = str_dup(c.arena, (struct str){(const char *)data + 1, size - 1});
    struct query q = {.schema = schemas[data[0] % SCHEMAS]};
    struct page_token token;
    int err = utf8_valid(text) ? OK : ERR_INVALID_PARAMETER; /* the wire lets nothing else through */
    switch (err ? 1 : data[0] / SCHEMAS % 4) {
    case 0: err = search_parse_order(&c, q.schema, (struct str_list){&text, 1}, &q.order); break;
    case 1: err = page_token_read(&c, text, 0, 2, &token) || true; break;
    default:
        err = search_parse_filter(&c, q.schema, text, &q.filter);
        if (!err && q.filter)
            check_bound(&c, q.filter);
    }
    if (!err && store_read(&c, store, run_query, &q))
        must_failed(c.message.p, __FILE__, __LINE__);
    arena_free(c.arena);
    return 0;
}
