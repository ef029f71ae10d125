/* SQL of searching registered models and model versions; see q_search_registry.h. */
#include "store/q_search_registry.h"

#include "store/list.h"
#include "store/q_models.h"
#include "store/q_versions.h"
#include "store/sort_values.h"

/* Which rows have no prompt tag; for versions one prompt version hides all of its name, as in MLflow. */
#define NO_PROMPT(tags)                                                                                  \
    " AND NOT EXISTS (SELECT 1 FROM " tags " p WHERE p.workspace = r.workspace AND p.name = r.name"       \
    " AND p.key = 'mlflow.prompt.is_prompt' AND p.value = 'true')"

/* Ends a statement that stands at its first condition: filter, start of the page, order and limit. */
static void finish(struct sql *q, const struct registry_search *s, const char *always, const char *no_prompt) {
    sql_add(q, " WHERE r.workspace = ?");
    sql_bind(q, BIND_S(q->c->workspace));
    sql_add(q, always);
    if (!s->prompts)
        sql_add(q, no_prompt);
    if (s->from.values) {
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
    finish(&q, s, "", NO_PROMPT("registered_model_tags"));
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

int q_find_versions(struct ctx *c, const struct registry_search *s, struct ModelVersion_list *out,
                    struct bind **next) {
    enum { COLUMNS = 12 };
    struct sql q = SQL_IN(c);
    struct bind *last = NULL;
    struct rows *r;
    *next = NULL;
    sql_add(&q, "SELECT " VERSION_COLUMNS("r"));
    sort_columns(&q, &s->sort);
    sql_add(&q, " FROM model_versions r");
    finish(&q, s, " AND " VERSION_LIVE("r"), NO_PROMPT("model_version_tags"));
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
