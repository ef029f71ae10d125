/* Searching the registry; see search_registry.h. */
#include "service/search_registry.h"

#include "search/parse.h"
#include "service/models.h"
#include "service/registry_rules.h"
#include "store/q_search_registry.h"
#include "store/q_versions.h"

enum {
    MODELS_DEFAULT = 100,
    MODELS_MOST = 1000,
    VERSIONS_DEFAULT = 200000,
    VERSIONS_MOST = 200000,
};

/* What both searches ask. */
struct question {
    const struct search_schema *schema;
    struct str filter, page_token;
    const struct str_list *order_by;
    const struct opt_i64 *max_results;
    int64_t most, by_default;
};

/* ---- prompts -------------------------------------------------------------------------------------------- */

static bool is_prompt_condition(const struct search_node *n) {
    return n->type == NODE_COND && n->cond.field->kind == KIND_TAG && str_eq(n->cond.key, PROMPT_TAG);
}

/* The first comparison of the prompt tag, or NULL. */
static const struct search_node *prompt_condition(const struct search_node *n) {
    const struct search_node *found = NULL;
    if (!n || n->type == NODE_COND)
        return n && is_prompt_condition(n) ? n : NULL;
    for (const struct search_node *child = n->first; child && !found; child = child->next)
        found = prompt_condition(child);
    return found;
}

/* MLflow: _is_querying_prompt. */
static bool asks_for_prompts(const struct search_node *filter) {
    const struct search_node *n = prompt_condition(filter);
    if (!n || (n->cond.op != SEARCH_EQ && n->cond.op != SEARCH_NE))
        return false;
    return str_ieq(n->cond.value.s, n->cond.op == SEARCH_EQ ? STR("true") : STR("false"));
}

/* The filter without its comparisons of the prompt tag, which hold for all that is no prompt. MLflow:
 * _update_query_to_exclude_prompts. */
static struct search_node *without_prompt_tag(struct search_node *filter) {
    if (!filter || is_prompt_condition(filter))
        return NULL;
    if (filter->type != NODE_AND)
        return filter;
    struct search_node **at = &filter->first;
    while (*at)
        if (is_prompt_condition(*at))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    return filter->first;
}

/* The conjunction of what is left, or the only thing that is left. */
static struct search_node *hide_prompts(struct search_node *filter) {
    struct search_node *left = without_prompt_tag(filter);
    if (!left || filter->type != NODE_AND)
        return left;
    return left->next ? filter : left;
}

/* ---- both ----------------------------------------------------------------------------------------------- */

static int check_max_results(struct ctx *c, const struct question *q, int64_t *limit) {
    *limit = q->max_results->set ? q->max_results->v : q->by_default;
    if (*limit < 1)
        return fail_invalid(c, "Invalid value for max_results. It must be a positive integer, but got %ld",
                            (long)*limit);
    if (*limit > q->most)
        return fail_invalid(
            c,
            "Invalid value \"%ld\" for parameter 'max_results' supplied:  Hint: Value was of type 'str'."
            " See the API docs for more information about request parameters.",
            (long)*limit);
    return OK;
}

static uint64_t fingerprint(const struct question *q) {
    uint64_t f = page_fingerprint(0, str_of(q->schema->noun));
    f = page_fingerprint(f, q->filter);
    for (size_t i = 0; i < q->order_by->n; i++)
        f = page_fingerprint(f, q->order_by->v[i]);
    return f;
}

/* Reads a request into `s`, which is zeroed. */
static int read_question(struct ctx *c, const struct question *q, struct registry_search *s) {
    struct search_node *filter;
    struct search_order_list *order = ARENA_NEW(c->arena, struct search_order_list);
    int err = check_max_results(c, q, &s->limit);
    if (!err)
        err = search_parse_filter(c, q->schema, q->filter, &filter);
    if (!err)
        err = search_parse_order(c, q->schema, *q->order_by, order);
    if (err)
        return err;
    s->prompts = asks_for_prompts(filter);
    s->filter = s->prompts ? filter : hide_prompts(filter);
    sort_build(c, q->schema, order, &s->sort);
    return page_token_read(c, q->page_token, fingerprint(q), s->sort.n, &s->from);
}

/* ---- operations ----------------------------------------------------------------------------------------- */

int models_search(struct ctx *c, const struct SearchRegisteredModels *req, struct SearchRegisteredModelsResponse *res) {
    struct question q = {&search_models_schema, req->filter, req->page_token, &req->order_by,
                         &req->max_results,     MODELS_MOST, MODELS_DEFAULT};
    struct registry_search s = {0};
    struct bind *next;
    int err = read_question(c, &q, &s);
    if (!err)
        err = q_find_models(c, &s, &res->registered_models, &next);
    for (size_t i = 0; i < res->registered_models.n && !err; i++)
        err = model_load(c, LATEST_BY_STAGE, &res->registered_models.v[i]);
    if (!err && next)
        res->next_page_token = page_token_write(c, fingerprint(&q), next, s.sort.n);
    return err;
}

int models_list(struct ctx *c, const struct ListRegisteredModels *req, struct SearchRegisteredModelsResponse *res) {
    struct SearchRegisteredModels all = {.max_results = req->max_results, .page_token = req->page_token};
    return models_search(c, &all, res);
}

int versions_search(struct ctx *c, const struct SearchModelVersions *req, struct SearchModelVersionsResponse *res) {
    struct question q = {&search_versions_schema, req->filter,   req->page_token, &req->order_by,
                         &req->max_results,       VERSIONS_MOST, VERSIONS_DEFAULT};
    struct registry_search s = {0};
    struct bind *next;
    int err = read_question(c, &q, &s);
    if (!err)
        err = q_find_versions(c, &s, &res->model_versions, &next);
    if (!err)
        err = q_versions_load_tags(c, res->model_versions.v, res->model_versions.n);
    if (!err && next)
        res->next_page_token = page_token_write(c, fingerprint(&q), next, s.sort.n);
    return err;
}
