/* SQL of searching experiments; see q_search.h. */
#include "store/q_search.h"

#include "store/list.h"
#include "store/q_experiments.h"
#include "store/sort_values.h"

static void experiments_where(struct sql *q, const struct experiment_search *s) {
    sql_add(q, " FROM experiments e JOIN experiments r ON r.experiment_id = e.experiment_id WHERE r.workspace = ?");
    sql_bind(q, BIND_S(q->c->workspace));
    if (s->view != VIEW_ALL) {
        sql_add(q, " AND r.lifecycle_stage = ?");
        sql_bind(q, BIND_S(s->view == VIEW_DELETED ? STR("deleted") : STR("active")));
    }
    if (s->from.values) {
        sql_add(q, " AND ");
        sort_after(q, &s->sort, s->from.values);
    }
    sql_filter_rest(q, s->filter, NULL);
}

int q_find_experiments(struct ctx *c, const struct experiment_search *s, struct experiment_hits *out) {
    enum { COLUMNS = 7 };
    struct sql q = SQL_IN(c);
    struct rows *r;
    struct bind *last = NULL;
    sql_add(&q, "SELECT " EXPERIMENT_COLUMNS);
    sort_columns(&q, &s->sort);
    experiments_where(&q, s);
    sort_order(&q, &s->sort);
    sql_add(&q, " LIMIT ? OFFSET ?");
    sql_bind(&q, BIND_I(s->limit + 1));
    sql_bind(&q, BIND_I(s->from.offset));
    int err = db_query_binds(c, &r, buf_end(&q.text), q.v, q.n);
    if (err)
        return err;
    *out = (struct experiment_hits){0};
    while ((err = rows_next(c, r)) == 1) {
        if ((int64_t)out->list.n == s->limit) {
            out->next = last;
            err = OK;
            break;
        }
        struct Experiment e = {0};
        q_experiment_row(c, r, 0, &e);
        LIST_ADD(c->arena, &out->list, e);
        if ((int64_t)out->list.n == s->limit)
            last = sort_values(c, &s->sort, r, COLUMNS);
    }
    rows_end(r);
    return err;
}

static struct str json_ids(struct ctx *c, struct i64_list ids) {
    struct buf b = BUF_IN(c->arena);
    buf_char(&b, '[');
    for (size_t i = 0; i < ids.n; i++) {
        if (i)
            buf_char(&b, ',');
        buf_int(&b, ids.v[i]);
    }
    buf_char(&b, ']');
    return buf_end(&b);
}

int q_experiments_of_workspace(struct ctx *c, struct i64_list ids, struct i64_list *out) {
    struct rows *r;
    *out = (struct i64_list){0};
    int err = db_query(c, &r,
                       "SELECT experiment_id FROM experiments WHERE experiment_id IN (SELECT value FROM json_each(?))"
                       " AND workspace = ? ORDER BY experiment_id",
                       "ss", json_ids(c, ids), c->workspace);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, row_i64(r, 0));
    rows_end(r);
    return err;
}

int q_experiments_load_tags(struct ctx *c, struct Experiment_list *list) {
    struct buf ids = BUF_IN(c->arena);
    struct rows *r;
    for (size_t i = 0; i < list->n; i++) {
        buf_char(&ids, i ? ',' : '[');
        buf_str(&ids, list->v[i].experiment_id);
    }
    BUF_LIT(&ids, "]");
    if (list->n == 0)
        return OK;
    int err = db_query(c, &r,
                       "SELECT t.experiment_id, t.key, t.value, j.key FROM experiment_tags t JOIN json_each(?) j"
                       " ON j.value = t.experiment_id ORDER BY j.key, t.key",
                       "s", buf_end(&ids));
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct ExperimentTag_list *tags = &list->v[row_i64(r, 3)].tags;
        LIST_ADD(c->arena, tags, (struct ExperimentTag){.key = row_dup(c, r, 1), .value = row_dup(c, r, 2)});
    }
    rows_end(r);
    return err;
}
