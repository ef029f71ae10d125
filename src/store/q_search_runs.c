/* SQL of searching runs; see q_search.h.
 *
 * Four ways to the same page:
 * - newest: the index on (experiment, stage, start time) gives the rows in order; stops when the page is full.
 * - newest of several experiments: the newest of each, sorted together.
 * - from a pair: starts from the rows of one metric, param or tag that the filter demands.
 * - scan: all runs of the experiments, one by one. */
#include "store/q_search.h"

#include "store/list.h"
#include "store/pair_index.h"
#include "store/q_run_data.h"
#include "store/sort_values.h"

enum {
    FEW_RUNS = 5000,       /* so many are scanned without further thought */
    COUNT_UP_TO = 10000,   /* bound of the counts that choose the way */
    INDEX_UP_TO = 2000000, /* runs of a database in which an index is made on demand: its making holds up writes */
    HEAD = 2000,           /* how many of the newest are tried before all are searched */
};

/* ---- pieces ---- */

static bool one_scope(const struct run_search *s) {
    return s->experiments.n == 1 && s->view != VIEW_ALL;
}

static struct str stage(const struct run_search *s) {
    return s->view == VIEW_DELETED ? STR("deleted") : STR("active");
}

/* Which runs are searched at all. */
static void scope(struct sql *q, const struct run_search *s) {
    if (s->experiments.n == 1) {
        sql_add(q, "r.experiment_id = ?");
        sql_bind(q, BIND_I(s->experiments.v[0]));
    } else {
        sql_add(q, "r.experiment_id IN (SELECT value FROM json_each(?))");
        sql_bind(q, BIND_S(q_json_ids(q->c, s->experiments)));
    }
    if (s->view == VIEW_ALL)
        return;
    sql_add(q, " AND r.lifecycle_stage = ?");
    sql_bind(q, BIND_S(stage(s)));
}

/* Where the page starts, when a token says so. */
static void start(struct sql *q, const struct run_search *s) {
    if (!s->from.values)
        return;
    sql_add(q, " AND ");
    sort_after(q, &s->sort, s->from.values);
}

/* One row more than the page holds tells that another page follows. */
static void limit(struct sql *q, const struct run_search *s) {
    sql_add(q, " LIMIT ? OFFSET ?");
    sql_bind(q, BIND_I(s->limit + 1));
    sql_bind(q, BIND_I(s->from.offset));
}

static void select_ids(struct sql *q, const struct run_search *s) {
    sql_add(q, "SELECT r.run_uuid");
    sort_columns(q, &s->sort);
    sql_add(q, " FROM ");
}

/* Runs the statement and takes the page from its rows. */
static int collect(struct sql *q, const struct run_search *s, struct run_hits *out) {
    struct ctx *c = q->c;
    struct rows *r;
    struct bind *last = NULL;
    int err = db_query_binds(c, &r, buf_end(&q->text), q->v, q->n);
    if (err)
        return err;
    *out = (struct run_hits){0};
    while ((err = rows_next(c, r)) == 1) {
        if ((int64_t)out->ids.n == s->limit) {
            out->next = last;
            err = OK;
            break;
        }
        LIST_ADD(c->arena, &out->ids, row_dup(c, r, 0));
        if ((int64_t)out->ids.n == s->limit)
            last = sort_values(c, &s->sort, r, 1);
    }
    rows_end(r);
    return err;
}

/* ---- newest ---- */

/* Is the order that of the index: start_time DESC, run_uuid? */
static bool newest_first(const struct sort *o) {
    return o->n == 2 && o->v[0].desc && str_is(o->v[0].expr, "r.start_time") && str_is(o->v[1].expr, "r.run_uuid");
}

/* The start as a range that the index understands; sort_after() alone is none to SQLite. */
static void start_newest(struct sql *q, const struct run_search *s) {
    if (s->from.values && s->from.values[0].type == BIND_I64) {
        sql_add(q, " AND r.start_time <= ?");
        sql_bind(q, s->from.values[0]);
    }
    start(q, s);
}

static int find_newest(struct ctx *c, const struct run_search *s, struct run_hits *out) {
    struct sql q = SQL_IN(c);
    select_ids(&q, s);
    sql_add(&q, "runs r WHERE ");
    scope(&q, s);
    start_newest(&q, s);
    sql_filter_rest(&q, s->filter, NULL);
    sort_order(&q, &s->sort);
    limit(&q, s);
    return collect(&q, s, out);
}

/* The page, if the newest runs alone fill it: a filter that lets many through need not be searched for. */
static int find_in_head(struct ctx *c, const struct run_search *s, struct run_hits *out) {
    struct sql q = SQL_IN(c);
    select_ids(&q, s);
    sql_add(&q, "(SELECT * FROM runs r WHERE ");
    scope(&q, s);
    start_newest(&q, s);
    sort_order(&q, &s->sort);
    sql_add(&q, " LIMIT ?) r WHERE ");
    sql_bind(&q, BIND_I(HEAD));
    sql_filter(&q, s->filter);
    sort_order(&q, &s->sort);
    limit(&q, s);
    return collect(&q, s, out);
}

/* The newest of each experiment and stage, then the newest of these. */
static int find_newest_of_several(struct ctx *c, const struct run_search *s, struct run_hits *out) {
    struct sql q = SQL_IN(c);
    select_ids(&q, s);
    sql_add(&q, "json_each(?) e CROSS JOIN json_each(?) g CROSS JOIN runs r ON r.run_uuid IN (SELECT r.run_uuid"
                " FROM runs r WHERE r.experiment_id = e.value AND r.lifecycle_stage = g.value");
    sql_bind(&q, BIND_S(q_json_ids(c, s->experiments)));
    sql_bind(&q, BIND_S(s->view == VIEW_ALL       ? STR("[\"active\",\"deleted\"]")
                        : s->view == VIEW_DELETED ? STR("[\"deleted\"]")
                                                  : STR("[\"active\"]")));
    start_newest(&q, s);
    sql_filter_rest(&q, s->filter, NULL);
    sort_order(&q, &s->sort);
    sql_add(&q, " LIMIT ?)");
    sql_bind(&q, BIND_I(s->limit + 1 + s->from.offset));
    sort_order(&q, &s->sort);
    limit(&q, s);
    return collect(&q, s, out);
}

/* ---- from a pair, and the scan ---- */

/* Where a search starts: the condition, NULL for all runs, and the index of its values, if there is one. */
struct source {
    const struct search_node *node;
    struct pair_index index;
};

static void add_source(struct sql *q, const struct source *from) {
    const struct search_cond *cond = &from->node->cond;
    sql_fragment(q, cond->field->table, "d");
    if (from->index.name.p) {
        sql_add(q, " INDEXED BY ");
        sql_add(q, from->index.name.p);
    }
    sql_add(q, " CROSS JOIN runs r ON ");
    sql_fragment(q, cond->field->match, "d");
    q->row = "d"; /* other pairs are looked at before the run is */
}

static void source_matches(struct sql *q, const struct source *from) {
    const struct search_cond *cond = &from->node->cond;
    if (from->index.name.p) {
        sql_add(q, "d.\"key\" = ");
        sql_add(q, from->index.literal.p);
    } else {
        sql_key_is(q, cond->field, cond->key, "d");
    }
    sql_add(q, " AND ");
    sql_compare(q, cond, "d");
    sql_add(q, " AND ");
}

static int find_from(struct ctx *c, const struct run_search *s, const struct source *from, struct run_hits *out) {
    struct sql q = SQL_IN(c);
    select_ids(&q, s);
    if (from->node)
        add_source(&q, from);
    else
        sql_add(&q, "runs r");
    sort_joins(&q, &s->sort);
    sql_add(&q, " WHERE ");
    if (from->node)
        source_matches(&q, from);
    scope(&q, s);
    start(&q, s);
    sql_filter_rest(&q, s->filter, from->node);
    sort_order(&q, &s->sort);
    limit(&q, s);
    return collect(&q, s, out);
}

/* ---- the choice ---- */

static int take_count(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return OK;
}

/* Counts the rows of "FROM ..." in q, up to `most`. */
static int count_some(struct sql *q, int64_t most, int64_t *out) {
    struct rows *r;
    struct str from = buf_end(&q->text);
    struct str text = str_fmt(q->c->arena, "SELECT count(*) FROM (SELECT 1%.*s LIMIT ?)", STR_FMT(from));
    sql_bind(q, BIND_I(most));
    int err = db_query_binds(q->c, &r, text, q->v, q->n);
    if (err)
        return err;
    err = rows_next(q->c, r);
    if (err == 1)
        err = take_count(q->c, r, out);
    rows_end(r);
    return err;
}

static int count_runs(struct ctx *c, const struct run_search *s, int64_t most, int64_t *out) {
    struct sql q = SQL_IN(c);
    sql_add(&q, " FROM runs r WHERE ");
    scope(&q, s);
    return count_some(&q, most, out);
}

static int count_pairs(struct ctx *c, const struct search_cond *cond, int64_t most, int64_t *out) {
    struct sql q = SQL_IN(c);
    sql_add(&q, " FROM ");
    sql_fragment(&q, cond->field->table, "d");
    sql_add(&q, " WHERE ");
    sql_key_is(&q, cond->field, cond->key, "d");
    return count_some(&q, most, out);
}

/* Can a statement start from the rows of this condition? Each run has one at most. */
static bool can_start(const struct search_node *n) {
    return n->type == NODE_COND && n->cond.field->key_is && n->cond.op != SEARCH_NULL && n->cond.op != SEARCH_NOT_NULL;
}

/* The condition with the fewest rows, if they are fewer than `runs`; with `any`, of the many the first that compares
 * for equality, or else the first. */
static int choose_start(struct ctx *c, const struct run_search *s, int64_t runs, bool any,
                        const struct search_node **out) {
    const struct search_node *n = s->filter;
    int64_t fewest = any ? runs + 1 : runs, rows;
    for (n = n && n->type == NODE_AND ? n->first : n; n; n = n->next) {
        if (!can_start(n))
            continue;
        int err = count_pairs(c, &n->cond, runs, &rows);
        if (err)
            return err;
        bool better = *out && rows == fewest && n->cond.op == SEARCH_EQ && (*out)->cond.op != SEARCH_EQ;
        if (rows < fewest || better) {
            fewest = rows;
            *out = n;
        }
    }
    return OK;
}

/* Looks for the index of the pairs the search starts from, and asks for one when it is missed. */
static int find_index(struct ctx *c, struct source *from, bool may_ask) {
    const struct search_field *f = from->node->cond.field;
    const char *table = f->kind == KIND_PARAM    ? "params"
                        : f->kind == KIND_METRIC ? NULL
                                                 : "tags"; /* a run's name is one */
    if (!table)
        return OK;
    struct str key = search_pair_key(f, from->node->cond.key);
    int err = pair_index_find(c, table, key, &from->index);
    return err || from->index.name.p || !may_ask ? err : pair_index_want(c, table, key);
}

/* Chooses the condition to start from; none: better so. To start from is worth it when its rows are fewer than the
 * runs of the scope, or when the scope is a good part of all there is. */
static int plan(struct ctx *c, const struct run_search *s, struct source *from) {
    int64_t all = 0, runs;
    bool found;
    *from = (struct source){0};
    int err = db_one(c, &found, take_count, &all, "SELECT max(rowid) FROM runs", "");
    if (err || all < FEW_RUNS)
        return err;
    int64_t most = all / 10 > COUNT_UP_TO ? all / 10 : COUNT_UP_TO;
    err = count_runs(c, s, most, &runs);
    if (err || runs < FEW_RUNS)
        return err;
    err = choose_start(c, s, runs, runs == most, &from->node);
    return err || !from->node ? err : find_index(c, from, runs == most && all < INDEX_UP_TO);
}

int q_find_runs(struct ctx *c, const struct run_search *s, struct run_hits *out) {
    struct source from;
    bool newest = newest_first(&s->sort);
    *out = (struct run_hits){0};
    if (s->experiments.n == 0)
        return OK;
    if (newest && !s->filter)
        return one_scope(s) ? find_newest(c, s, out) : find_newest_of_several(c, s, out);
    int err = plan(c, s, &from);
    if (err)
        return err;
    if (from.node && newest && one_scope(s)) {
        err = find_in_head(c, s, out);
        if (err || out->next)
            return err;
    }
    if (from.node || !newest)
        return find_from(c, s, &from, out);
    return one_scope(s) ? find_newest(c, s, out) : find_newest_of_several(c, s, out);
}
