/* Searching logged models; see search_logged_models.h. */
#include "service/search_logged_models.h"

#include "search/parse.h"
#include "service/experiments.h"
#include "store/list.h"
#include "store/q_logged_models.h"
#include "store/q_search.h"
#include "store/q_search_registry.h"

enum { DEFAULT_RESULTS = 50, ZERO_MEANS = 100 };

static int read_limit(struct ctx *c, const struct opt_i64 *wanted, int64_t *limit) {
    *limit = wanted->set ? wanted->v : DEFAULT_RESULTS;
    if (*limit == 0)
        *limit = ZERO_MEANS;
    if (*limit > 0)
        return OK;
    return fail_invalid(c, "Invalid value for max_results. It must be a positive integer, but got %ld", (long)*limit);
}

static int read_experiments(struct ctx *c, const struct str_list *ids, struct i64_list *out) {
    struct i64_list asked = {ARENA_ARRAY(c->arena, int64_t, ids->n), 0};
    int err = OK;
    for (; asked.n < ids->n && !err; asked.n++)
        err = experiment_parse_id(c, ids->v[asked.n], &asked.v[asked.n]);
    return err ? err : q_experiments_of_workspace(c, asked, out);
}

static int check_datasets(struct ctx *c, const struct SearchLoggedModelsDataset_list *datasets) {
    for (size_t i = 0; i < datasets->n; i++)
        if (datasets->v[i].dataset_name.n == 0)
            return fail_invalid(c, "`dataset_name` in the `datasets` clause must be specified.");
    return OK;
}

/* ---- order ---------------------------------------------------------------------------------------------- */

/* "metrics.<key>" or the name of an attribute. */
static int read_clause(struct ctx *c, const struct search_schema *schema, const struct SearchLoggedModelsOrderBy *by,
                       struct search_order *out) {
    ptrdiff_t dot = str_chr(by->field_name, '.');
    bool metric = dot >= 0 && str_is(str_sub(by->field_name, 0, (size_t)dot), "metrics");
    if (dot >= 0 && !metric)
        return fail_invalid(c, "Invalid order by field name: %.*s. Only metrics are supported.",
                            STR_FMT(by->field_name));
    out->key = metric ? str_sub(by->field_name, (size_t)dot + 1, by->field_name.n) : by->field_name;
    out->field = search_field(schema, metric ? KIND_METRIC : KIND_ATTRIBUTE, out->key);
    out->desc = by->ascending.set && !by->ascending.v;
    if (out->field && (out->field->use & FIELD_ORDERS))
        return OK;
    return fail(c, ERR_NO_ATTRIBUTE, "Invalid order by field name: %.*s", STR_FMT(by->field_name));
}

static int read_order(struct ctx *c, const struct search_schema *schema,
                      const struct SearchLoggedModelsOrderBy_list *by, struct logged_model_search *s) {
    struct search_order_list *order = ARENA_NEW(c->arena, struct search_order_list);
    struct dataset_ref *datasets = ARENA_ARRAY(c->arena, struct dataset_ref, by->n);
    int err = OK;
    if (by->n > SEARCH_MAX_ORDERS)
        return fail_invalid(c, "Invalid order_by: it has more than %d clauses", SEARCH_MAX_ORDERS);
    order->v = ARENA_ARRAY(c->arena, struct search_order, by->n);
    for (; order->n < by->n && !err; order->n++) {
        datasets[order->n] = (struct dataset_ref){by->v[order->n].dataset_name, by->v[order->n].dataset_digest};
        err = read_clause(c, schema, &by->v[order->n], &order->v[order->n]);
    }
    if (err)
        return err;
    s->orders = datasets;
    sort_build(c, schema, order, &s->sort);
    return OK;
}

/* ---- status --------------------------------------------------------------------------------------------- */

/* The number stored for a status' name in either of its forms; the text as it is when it is none. */
static struct str stored_status(struct ctx *c, struct str name) {
    static const char *const names[] = {"UNSPECIFIED", "PENDING", "READY", "FAILED"};
    int number = enum_value_of(&LoggedModelStatus_enum, name);
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (str_is(name, names[i]))
            number = i;
    return number < 0 ? name : str_fmt(c->arena, "%d", number);
}

/* The database holds numbers, clients speak of names. */
static void translate_status(struct ctx *c, struct search_node *n) {
    if (!n)
        return;
    bool equal = n->cond.op == SEARCH_EQ || n->cond.op == SEARCH_NE;
    if (n->type == NODE_COND && n->cond.field->name && strcmp(n->cond.field->name, "status") == 0 && equal)
        n->cond.value.s = stored_status(c, n->cond.value.s);
    if (n->type != NODE_COND)
        for (struct search_node *child = n->first; child; child = child->next)
            translate_status(c, child);
}

/* ---- the search ----------------------------------------------------------------------------------------- */

static uint64_t fingerprint(const struct SearchLoggedModels *req) {
    uint64_t f = page_fingerprint(0, STR("logged models"));
    for (size_t i = 0; i < req->experiment_ids.n; i++)
        f = page_fingerprint(f, req->experiment_ids.v[i]);
    f = page_fingerprint(f, req->filter);
    for (size_t i = 0; i < req->datasets.n; i++)
        f = page_fingerprint(page_fingerprint(f, req->datasets.v[i].dataset_name), req->datasets.v[i].dataset_digest);
    for (size_t i = 0; i < req->order_by.n; i++) {
        const struct SearchLoggedModelsOrderBy *by = &req->order_by.v[i];
        f = page_fingerprint(f, by->field_name);
        f = page_fingerprint(f, by->ascending.set && !by->ascending.v ? STR("desc") : STR("asc"));
        f = page_fingerprint(page_fingerprint(f, by->dataset_name), by->dataset_digest);
    }
    return f;
}

/* Reads the request into `s`, which is zeroed. */
static int read_search(struct ctx *c, const struct SearchLoggedModels *req, struct logged_model_search *s) {
    const struct search_schema *schema =
        req->datasets.n ? &search_logged_models_on_datasets_schema : &search_logged_models_schema;
    struct search_node *filter;
    int err = check_datasets(c, &req->datasets);
    if (!err)
        err = read_limit(c, &req->max_results, &s->limit);
    if (!err)
        err = search_parse_filter(c, schema, req->filter, &filter);
    if (!err)
        err = read_order(c, schema, &req->order_by, s);
    if (!err)
        err = page_token_read(c, req->page_token, fingerprint(req), s->sort.n, &s->from);
    if (err)
        return err;
    translate_status(c, filter);
    s->filter = filter;
    s->datasets = &req->datasets;
    return read_experiments(c, &req->experiment_ids, &s->experiments);
}

int logged_models_search(struct ctx *c, const struct SearchLoggedModels *req, struct SearchLoggedModelsResponse *res) {
    struct logged_model_search s = {0};
    struct bind *next;
    int err = read_search(c, req, &s);
    if (!err)
        err = q_find_logged_models(c, &s, &res->models, &next);
    if (!err)
        err = q_logged_models_load(c, res->models.v, res->models.n);
    if (!err && next)
        res->next_page_token = page_token_write(c, fingerprint(req), next, s.sort.n);
    return err;
}
