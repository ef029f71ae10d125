/* SQL of searching logged models; see q_search_registry.h.
 *
 * Three ways to the same page:
 * - scan: the models of the experiments, with the latest value of each metric that is sorted by. What a filter demands
 *   of metrics is looked up for all models at once.
 * - newest: the same for the newest few alone, where each is asked for its metrics. They come out of an index in order.
 *   Taken when they fill the page.
 * - ranked: sorted by one metric, the page starts from the best values of that metric, and looks at the models of these
 *   alone. Taken when they fill the page and nothing that was left out could belong to it. */
#include "store/q_search_registry.h"

#include "store/list.h"
#include "store/q_logged_models.h"
#include "store/q_run_data.h"
#include "store/sort_values.h"

enum {
    COLUMNS = 10,
    RANKED = 4,      /* how many pages of the best values are looked at ... */
    RANKED_MORE = 8, /* ... and how many times more when that did not fill the page, */
    MANY = 2000,     /* unless they were many already */
    HEAD = 500,      /* how many of the newest models are looked at */
};

/* ---- pieces ---- */

/* The table of datasets that the schema's metric field speaks of: one row per dataset asked for. */
static void with_datasets(struct sql *q, const struct logged_model_search *s) {
    if (s->datasets->n == 0)
        return;
    sql_add(q, "WITH datasets_asked(name, digest) AS MATERIALIZED (VALUES ");
    for (size_t i = 0; i < s->datasets->n; i++) {
        struct str digest = s->datasets->v[i].dataset_digest;
        sql_add(q, i ? ", (?, ?)" : "(?, ?)");
        sql_bind(q, BIND_S(s->datasets->v[i].dataset_name));
        sql_bind(q, digest.n ? BIND_S(digest) : (struct bind){0});
    }
    sql_add(q, ") ");
}

static void scope(struct sql *q, const struct logged_model_search *s, const char *alias) {
    sql_fragment(q,
                 s->experiments.n == 1 ? "@.experiment_id = ?" : "@.experiment_id IN (SELECT value FROM json_each(?))",
                 alias);
    sql_bind(q, s->experiments.n == 1 ? BIND_I(s->experiments.v[0]) : BIND_S(q_json_ids(q->c, s->experiments)));
    sql_fragment(q, " AND @.lifecycle_stage = 'active'", alias);
}

static bool has_metric_filter(const struct search_node *n) {
    if (!n || n->type == NODE_COND)
        return n && n->cond.field->kind == KIND_METRIC;
    for (const struct search_node *child = n->first; child; child = child->next)
        if (has_metric_filter(child))
            return true;
    return false;
}

/* " AND (...)": is the metric on one of the datasets asked for? */
static void on_datasets(struct sql *q, const struct logged_model_search *s, const char *alias) {
    for (size_t i = 0; i < s->datasets->n; i++) {
        const struct SearchLoggedModelsDataset *d = &s->datasets->v[i];
        sql_fragment(q, i ? " OR @.dataset_name = ?" : " AND (@.dataset_name = ?", alias);
        sql_bind(q, BIND_S(d->dataset_name));
        if (d->dataset_digest.n == 0)
            continue;
        sql_fragment(q, " AND @.dataset_digest = ?", alias);
        sql_bind(q, BIND_S(d->dataset_digest));
    }
    sql_add(q, s->datasets->n ? ")" : "");
}

/* A comparison of a metric, looked up for all models at once. */
static void metric_at_once(struct sql *q, const struct logged_model_search *s, const struct search_cond *cond) {
    sql_add(q, " AND r.model_id IN (SELECT t.model_id FROM logged_model_metrics t WHERE t.metric_name = ? AND ");
    sql_bind(q, BIND_S(cond->key));
    sql_compare(q, cond, "t");
    on_datasets(q, s, "t");
    sql_add(q, ")");
}

static void filter(struct sql *q, const struct logged_model_search *s, bool at_once) {
    const struct search_node *n = s->filter;
    if (!at_once) {
        sql_filter_rest(q, n, NULL);
        return;
    }
    for (n = n && n->type == NODE_AND ? n->first : n; n; n = n->next)
        if (n->type == NODE_COND && n->cond.field->kind == KIND_METRIC) {
            metric_at_once(q, s, &n->cond);
        } else {
            sql_add(q, " AND ");
            sql_filter(q, n);
        }
}

/* Start of the page, the datasets and the filter. Datasets without a filter on metrics ask for models that have any
 * metric on them. */
static void conditions(struct sql *q, const struct logged_model_search *s, bool at_once) {
    if (s->from.values) {
        sql_add(q, " AND ");
        sort_after(q, &s->sort, s->from.values);
    }
    if (s->datasets->n && !has_metric_filter(s->filter)) {
        sql_add(q, " AND EXISTS (SELECT 1 FROM logged_model_metrics t WHERE t.model_id = r.model_id");
        on_datasets(q, s, "t");
        sql_add(q, ")");
    }
    filter(q, s, at_once);
}

static void finish(struct sql *q, const struct logged_model_search *s) {
    sort_order(q, &s->sort);
    sql_add(q, " LIMIT ? OFFSET ?");
    sql_bind(q, BIND_I(s->limit + 1));
    sql_bind(q, BIND_I(s->from.offset));
}

/* " AND ..." for the dataset a clause is about. */
static void of_dataset(struct sql *q, const struct dataset_ref *d, const char *alias) {
    if (d->name.n) {
        sql_fragment(q, " AND @.dataset_name = ?", alias);
        sql_bind(q, BIND_S(d->name));
    }
    if (d->digest.n) {
        sql_fragment(q, " AND @.dataset_digest = ?", alias);
        sql_bind(q, BIND_S(d->digest));
    }
}

/* The value that took the last place among those looked at, in a column behind the sort keys; not there when all
 * values were looked at. */
struct worst {
    double value;
    bool there;
};

/* Runs the statement and takes the page from its rows; `worst` is for the ranked way alone. */
static int collect(struct sql *q, const struct logged_model_search *s, struct LoggedModel_list *out, struct bind **next,
                   struct worst *worst) {
    struct ctx *c = q->c;
    struct bind *last = NULL;
    struct rows *r;
    *out = (struct LoggedModel_list){0};
    *next = NULL;
    int err = db_query_binds(c, &r, buf_end(&q->text), q->v, q->n);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1 && (int64_t)out->n < s->limit) {
        struct LoggedModel m = {0};
        q_logged_model_row(c, r, 0, &m);
        LIST_ADD(c->arena, out, m);
        if ((int64_t)out->n == s->limit)
            last = sort_values(c, &s->sort, r, COLUMNS);
        if (worst)
            *worst = (struct worst){row_f64(r, COLUMNS + (int)s->sort.n), !row_null(r, COLUMNS + (int)s->sort.n)};
    }
    rows_end(r);
    if (err == 1)
        *next = last;
    return err < 0 ? err : OK;
}

static void select_page(struct sql *q, const struct logged_model_search *s) {
    sql_add(q, "SELECT " LOGGED_MODEL_COLUMNS("r"));
    sort_columns(q, &s->sort);
}

/* ---- scan ---- */

/* ", (the latest value) AS o<i>" for each metric that is sorted by. */
static bool add_latest(struct sql *q, const struct logged_model_search *s) {
    bool any = false;
    for (size_t i = 0; i < s->sort.clauses->n; i++) {
        const struct search_order *clause = &s->sort.clauses->v[i];
        if (clause->field->kind != KIND_METRIC)
            continue;
        any = true;
        sql_add(q, ", (SELECT m.metric_value FROM logged_model_metrics m WHERE m.model_id = l.model_id"
                   " AND m.metric_name = ?");
        sql_bind(q, BIND_S(clause->key));
        of_dataset(q, &s->orders[i], "m");
        sql_add(q, str_fmt(q->c->arena,
                           " ORDER BY m.metric_timestamp_ms DESC, m.metric_step DESC, m.run_id LIMIT 1)"
                           " AS o%zu",
                           i)
                       .p);
    }
    return any;
}

/* With metrics the inner select is computed once per model: its limit keeps it from being merged into the outer one. */
static int find_by_scan(struct ctx *c, const struct logged_model_search *s, struct LoggedModel_list *out,
                        struct bind **next) {
    struct sql q = SQL_IN(c), latest = SQL_IN(c);
    with_datasets(&q, s);
    select_page(&q, s);
    if (add_latest(&latest, s)) {
        sql_add(&q, " FROM (SELECT l.*");
        add_latest(&q, s);
        sql_add(&q, " FROM logged_models l WHERE ");
        scope(&q, s, "l");
        sql_add(&q, " LIMIT -1) r WHERE 1 = 1");
    } else {
        sql_add(&q, " FROM logged_models r WHERE ");
        scope(&q, s, "r");
    }
    conditions(&q, s, true);
    finish(&q, s);
    return collect(&q, s, out, next, NULL);
}

/* ---- newest ---- */

/* Is the order that of the index, of one experiment? */
static bool can_take_newest(const struct logged_model_search *s) {
    return s->experiments.n == 1 && s->filter && s->sort.clauses->n == 0;
}

static int find_in_head(struct ctx *c, const struct logged_model_search *s, struct LoggedModel_list *out,
                        struct bind **next) {
    struct sql q = SQL_IN(c);
    with_datasets(&q, s);
    select_page(&q, s);
    sql_add(&q, " FROM (SELECT * FROM logged_models r WHERE ");
    scope(&q, s, "r");
    if (s->from.values) {
        sql_add(&q, " AND r.creation_timestamp_ms <= ?");
        sql_bind(&q, s->from.values[0]);
    }
    sort_order(&q, &s->sort);
    sql_add(&q, " LIMIT ?) r WHERE 1 = 1");
    sql_bind(&q, BIND_I(HEAD));
    conditions(&q, s, false);
    finish(&q, s);
    return collect(&q, s, out, next, NULL);
}

/* ---- ranked ---- */

/* Is the first clause a metric, and not the start of a page among the models without it? */
static bool can_rank(const struct logged_model_search *s) {
    const struct search_order_list *clauses = s->sort.clauses;
    if (clauses->n == 0 || clauses->v[0].field->kind != KIND_METRIC || s->from.offset > 0)
        return false;
    for (size_t i = 1; i < clauses->n; i++)
        if (clauses->v[i].field->kind == KIND_METRIC)
            return false;
    return !s->from.values || s->from.values[clauses->v[0].desc ? 0 : 1].type == BIND_F64;
}

/* "best": the rows with the best values of the metric, the page's start first. */
static void add_best(struct sql *q, const struct logged_model_search *s, int64_t most) {
    const struct search_order *clause = &s->sort.clauses->v[0];
    sql_add(q, s->datasets->n ? ", " : "WITH ");
    sql_add(q, "best AS MATERIALIZED (SELECT m.model_id, m.metric_value AS v, m.metric_timestamp_ms AS t,"
               " m.metric_step AS s, m.run_id AS u FROM logged_model_metrics m WHERE m.metric_name = ?");
    sql_bind(q, BIND_S(clause->key));
    of_dataset(q, &s->orders[0], "m");
    sql_add(q, " AND m.metric_value IS NOT NULL");
    if (s->from.values) {
        sql_add(q, clause->desc ? " AND m.metric_value <= ?" : " AND m.metric_value >= ?");
        sql_bind(q, s->from.values[clause->desc ? 0 : 1]);
    }
    sql_add(q, clause->desc ? " ORDER BY m.metric_value DESC LIMIT ?) " : " ORDER BY m.metric_value LIMIT ?) ");
    sql_bind(q, BIND_I(most));
}

/* " AND NOT EXISTS ...": is the value of "best" the latest of its model? */
static void add_is_latest(struct sql *q, const struct logged_model_search *s) {
    sql_add(q, " AND NOT EXISTS (SELECT 1 FROM logged_model_metrics n WHERE n.model_id = b.model_id"
               " AND n.metric_name = ?");
    sql_bind(q, BIND_S(s->sort.clauses->v[0].key));
    of_dataset(q, &s->orders[0], "n");
    sql_add(q, " AND n.metric_timestamp_ms >= b.t AND (n.metric_timestamp_ms > b.t OR n.metric_step > b.s"
               " OR n.metric_step = b.s AND n.run_id < b.u))");
}

/* Tries the page among the `most` best values; *full is false when it has to be found in another way. */
static int find_ranked(struct ctx *c, const struct logged_model_search *s, int64_t most, struct LoggedModel_list *out,
                       struct bind **next, bool *full) {
    const struct search_order *clause = &s->sort.clauses->v[0];
    struct sql q = SQL_IN(c);
    struct worst worst = {0};
    with_datasets(&q, s);
    add_best(&q, s, most);
    select_page(&q, s);
    sql_add(&q, ", (SELECT v FROM best LIMIT 1 OFFSET ?) FROM (SELECT l.*, b.v AS o0 FROM best b"
                " CROSS JOIN logged_models l ON l.model_id = b.model_id WHERE ");
    sql_bind(&q, BIND_I(most - 1));
    scope(&q, s, "l");
    add_is_latest(&q, s);
    sql_add(&q, ") r WHERE 1 = 1");
    conditions(&q, s, false);
    finish(&q, s);
    int err = collect(&q, s, out, next, &worst);
    *full = false;
    if (err || !*next)
        return err;
    double last = (*next)[clause->desc ? 0 : 1].f;
    *full = !worst.there || (clause->desc ? last > worst.value : last < worst.value);
    return OK;
}

int q_find_logged_models(struct ctx *c, const struct logged_model_search *s, struct LoggedModel_list *out,
                         struct bind **next) {
    bool full = false;
    *out = (struct LoggedModel_list){0};
    *next = NULL;
    if (s->experiments.n == 0)
        return OK;
    if (can_rank(s)) {
        int64_t few = RANKED * (s->limit + 1);
        int err = find_ranked(c, s, few, out, next, &full);
        if (!err && !full && few < MANY)
            err = find_ranked(c, s, RANKED_MORE * few, out, next, &full);
        if (err || full)
            return err;
    } else if (can_take_newest(s)) {
        int err = find_in_head(c, s, out, next);
        if (err || *next)
            return err;
    }
    return find_by_scan(c, s, out, next);
}
