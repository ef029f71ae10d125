/* SQL of searching registered models and model versions; see q_search_registry.h. */
#include "store/q_search_registry.h"

#include "store/list.h"
#include "store/q_models.h"
#include "store/q_versions.h"
#include "store/sort_values.h"

#define SCOPE " WHERE r.workspace = ?"

/* Which rows have no prompt tag; for versions one prompt version hides all of its name, as in MLflow. */
#define NO_PROMPT(tags)                                                                                                \
    " AND NOT EXISTS (SELECT 1 FROM " tags " p WHERE p.workspace = r.workspace AND p.name = r.name"                    \
    " AND p.key = 'mlflow.prompt.is_prompt' AND p.value = 'true')"

/* The start of the page as a range that the index of the newest versions understands. Models have another default
 * order: theirs starts with a name. */
static void start_in_index(struct sql *q, const struct registry_search *s) {
    if (!s->from.values || s->sort.clauses->n > 0 || s->from.values[0].type != BIND_I64)
        return;
    sql_add(q, " AND r.last_updated_time <= ?");
    sql_bind(q, s->from.values[0]);
}

/* Ends a statement behind its tables: `scope` with a `?` for the workspace, filter, start of the page, order, limit. */
static void finish(struct sql *q, const struct registry_search *s, const char *scope, const char *always,
                   const char *no_prompt) {
    sql_add(q, scope);
    sql_bind(q, BIND_S(q->c->workspace));
    sql_add(q, always);
    if (!s->prompts)
        sql_add(q, no_prompt);
    if (s->from.values) {
        start_in_index(q, s);
        sql_add(q, " AND ");
        sort_after(q, &s->sort, s->from.values);
    }
    sql_filter_rest(q, s->filter, NULL);
    sort_order(q, &s->sort);
    sql_add(q, " LIMIT ? OFFSET ?");
    sql_bind(q, BIND_I(s->limit + 1));
    sql_bind(q, BIND_I(s->from.offset));
}

int q_find_models(struct ctx *c, const struct registry_search *s, struct RegisteredModel_list *out,
                  struct bind **next) {
    enum { COLUMNS = 4 };
    struct sql q = SQL_IN(c);
    struct bind *last = NULL;
    struct rows *r;
    *next = NULL;
    sql_add(&q, "SELECT " MODEL_COLUMNS("r"));
    sort_columns(&q, &s->sort);
    sql_add(&q, " FROM registered_models r");
    finish(&q, s, SCOPE, "", NO_PROMPT("registered_model_tags"));
    int err = db_query_binds(c, &r, buf_end(&q.text), q.v, q.n);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1 && (int64_t)out->n < s->limit) {
        struct RegisteredModel m = {0};
        q_model_row(c, r, 0, &m);
        LIST_ADD(c->arena, out, m);
        if ((int64_t)out->n == s->limit)
            last = sort_values(c, &s->sort, r, COLUMNS);
    }
    rows_end(r);
    if (err == 1)
        *next = last;
    return err < 0 ? err : OK;
}

/* Does the filter demand a name or a run, which have indexes? */
static bool asks_for_few(const struct search_node *n) {
    for (n = n && n->type == NODE_AND ? n->first : n; n; n = n->next) {
        const char *name = n->type == NODE_COND ? n->cond.field->name : NULL;
        bool equal = name && (n->cond.op == SEARCH_EQ || n->cond.op == SEARCH_IN);
        if (equal && (strcmp(name, "name") == 0 || strcmp(name, "run_id") == 0))
            return true;
    }
    return false;
}

/* How the rows are found: in the order in which they changed last, from an index that knows no workspace and with
 * coalesce to hide the one that does; or all that match, sorted afterwards. */
static const char *scope_of_versions(const struct registry_search *s) {
    return s->sort.clauses->n > 0 || asks_for_few(s->filter) ? SCOPE : " WHERE coalesce(r.workspace, '') = ?";
}

int q_find_versions(struct ctx *c, const struct registry_search *s, struct ModelVersion_list *out, struct bind **next) {
    enum { COLUMNS = 12 };
    struct sql q = SQL_IN(c);
    struct bind *last = NULL;
    struct rows *r;
    *next = NULL;
    sql_add(&q, "SELECT " VERSION_COLUMNS("r"));
    sort_columns(&q, &s->sort);
    sql_add(&q, " FROM model_versions r");
    finish(&q, s, scope_of_versions(s), " AND " VERSION_LIVE("r"), NO_PROMPT("model_version_tags"));
    int err = db_query_binds(c, &r, buf_end(&q.text), q.v, q.n);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1 && (int64_t)out->n < s->limit) {
        struct ModelVersion v = {0};
        q_version_row(c, r, 0, &v);
        LIST_ADD(c->arena, out, v);
        if ((int64_t)out->n == s->limit)
            last = sort_values(c, &s->sort, r, COLUMNS);
    }
    rows_end(r);
    if (err == 1)
        *next = last;
    return err < 0 ? err : OK;
}
