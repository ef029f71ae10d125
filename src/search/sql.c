/* SQL of filters and orders; see sql.h. */
#include "search/sql.h"

void sql_add(struct sql *q, const char *text) {
    buf_z(&q->text, text);
}

void sql_bind(struct sql *q, struct bind value) {
    if ((q->n & (q->n - 1)) == 0) /* the room is the next power of two */
        q->v = q->n ? arena_grow(q->c->arena, q->v, q->n * sizeof value, 2 * q->n * sizeof value)
                    : arena_raw(q->c->arena, sizeof value);
    q->v[q->n++] = value;
}

void sql_fragment(struct sql *q, const char *fragment, const char *alias) {
    for (const char *p = fragment; *p; p++)
        if (*p == '@' || *p == '$')
            sql_add(q, *p == '@' ? alias : q->row);
        else
            buf_char(&q->text, *p);
}

/* ---- filters ---- */

static void bound(struct sql *q, const char *text, struct bind value) {
    sql_add(q, text);
    sql_bind(q, value);
}

/* "value op ?" */
static void compare_value(struct sql *q, const struct search_cond *cond, const char *alias) {
    const char *value = cond->field->value;
    if (cond->op == SEARCH_ILIKE) {
        sql_add(q, "lower(");
        sql_fragment(q, value, alias);
        bound(q, ") LIKE lower(?)", cond->value);
        return;
    }
    sql_fragment(q, value, alias);
    sql_add(q, " ");
    sql_add(q, search_op_text[cond->op]);
    bool list = cond->op == SEARCH_IN || cond->op == SEARCH_NOT_IN;
    bound(q, list ? " (SELECT value FROM json_each(?))" : " ?", cond->value);
}

/* The comparison, with MLflow's rule for NaN: it differs from every number and compares with none. */
void sql_compare(struct sql *q, const struct search_cond *cond, const char *alias) {
    const char *nan = cond->field->nan;
    if (!nan) {
        compare_value(q, cond, alias);
        return;
    }
    sql_add(q, "(");
    compare_value(q, cond, alias);
    sql_add(q, cond->op == SEARCH_NE ? " OR " : " AND ");
    sql_fragment(q, nan, alias);
    sql_add(q, cond->op == SEARCH_NE ? " = 1)" : " = 0)");
}

struct str search_pair_key(const struct search_field *f, struct str key) {
    return f->fixed_key ? str_of(f->fixed_key) : key;
}

void sql_key_is(struct sql *q, const struct search_field *f, struct str key, const char *alias) {
    sql_fragment(q, f->key_is, alias);
    sql_bind(q, BIND_S(search_pair_key(f, key)));
}

/* Which rows of the field's table belong to r and the key. */
static void match(struct sql *q, const struct search_field *f, struct str key, const char *alias) {
    if (f->key_is) {
        sql_key_is(q, f, key, alias);
        sql_add(q, " AND ");
    }
    sql_fragment(q, f->match, alias);
}

static void condition(struct sql *q, const struct search_cond *cond, bool negated) {
    const struct search_field *f = cond->field;
    if (!f->table) {
        sql_add(q, negated ? "(" : "");
        sql_compare(q, cond, "r");
        sql_add(q, negated ? ") IS TRUE" : "");
        return;
    }
    sql_add(q, cond->op == SEARCH_NULL ? "NOT EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ");
    sql_fragment(q, f->table, "t");
    sql_add(q, " WHERE ");
    match(q, f, cond->key, "t");
    if (cond->op != SEARCH_NULL && cond->op != SEARCH_NOT_NULL) {
        sql_add(q, " AND ");
        sql_compare(q, cond, "t");
    }
    sql_add(q, ")");
}

static void expression(struct sql *q, const struct search_node *n, bool negated);

static void children(struct sql *q, const struct search_node *n, const char *between, bool negated) {
    for (const struct search_node *child = n->first; child; child = child->next) {
        bool group = child->type == NODE_AND || child->type == NODE_OR;
        sql_add(q, child == n->first ? "" : between);
        sql_add(q, group ? "(" : "");
        expression(q, child, negated);
        sql_add(q, group ? ")" : "");
    }
}

static void expression(struct sql *q, const struct search_node *n, bool negated) {
    switch (n->type) {
    case NODE_AND: children(q, n, " AND ", negated); break;
    case NODE_OR: children(q, n, " OR ", negated); break;
    case NODE_NOT:
        sql_add(q, "NOT (");
        expression(q, n->first, true);
        sql_add(q, ")");
        break;
    case NODE_COND: condition(q, &n->cond, negated); break;
    }
}

void sql_filter(struct sql *q, const struct search_node *n) {
    sql_add(q, "(");
    expression(q, n, false);
    sql_add(q, ")");
}

void sql_filter_rest(struct sql *q, const struct search_node *n, const struct search_node *but) {
    if (!n || n == but)
        return;
    if (n->type != NODE_AND) {
        sql_add(q, " AND ");
        sql_filter(q, n);
        return;
    }
    for (const struct search_node *child = n->first; child; child = child->next)
        if (child != but) {
            sql_add(q, " AND ");
            sql_filter(q, child);
        }
}

/* ---- orders ---- */

static struct str fragment_text(struct ctx *c, const char *fragment, const char *alias) {
    struct sql q = SQL_IN(c);
    sql_fragment(&q, fragment, alias);
    return buf_end(&q.text);
}

static void add_key(struct sort *o, struct str expr, enum bind_type type, bool desc) {
    o->v[o->n++] = (struct sort_key){expr, type, desc};
}

static enum bind_type bind_type_of(enum search_type t) {
    return t == TYPE_TEXT || t == TYPE_LOOSE ? BIND_STR : t == TYPE_FLOAT ? BIND_F64 : BIND_I64;
}

static struct str clause_alias(struct ctx *c, size_t i) {
    return str_fmt(c->arena, "o%zu", i);
}

/* The keys of one clause. NaN and missing values come last in both directions, NaN first of these; a descending order
 * has NULL last by itself. */
static void add_clause(struct ctx *c, const struct search_schema *s, size_t i, struct sort *o) {
    const struct search_order *clause = &o->clauses->v[i];
    const struct search_field *f = clause->field;
    struct str alias = clause_alias(c, i);
    struct str value = fragment_text(c, f->order ? f->order : f->value, alias.p);
    if (s->nulls_last && f->nan)
        add_key(o,
                str_fmt(c->arena, "CASE WHEN %s = 1 THEN 1 WHEN %s IS NULL THEN 2 ELSE 0 END",
                        fragment_text(c, f->nan, alias.p).p, value.p),
                BIND_I64, false);
    else if (s->nulls_last && !clause->desc && !(f->use & FIELD_NOT_NULL))
        add_key(o, str_fmt(c->arena, "(%s IS NULL)", value.p), BIND_I64, false);
    add_key(o, value, bind_type_of(f->type), clause->desc);
}

static void add_ties(const struct search_tie *ties, struct sort *o) {
    for (const struct search_tie *t = ties; t->column; t++) {
        bool there = false;
        for (size_t i = 0; i < o->n; i++)
            there |= str_is(o->v[i].expr, t->column);
        if (!there)
            add_key(o, str_of(t->column), bind_type_of(t->type), t->desc);
    }
}

void sort_build(struct ctx *c, const struct search_schema *s, const struct search_order_list *clauses,
                struct sort *out) {
    enum { TIES = 8 };
    *out = (struct sort){ARENA_ARRAY(c->arena, struct sort_key, 2 * clauses->n + TIES), 0, clauses};
    for (size_t i = 0; i < clauses->n; i++)
        add_clause(c, s, i, out);
    if (clauses->n == 0 && s->defaults)
        add_ties(s->defaults, out);
    add_ties(s->ties, out);
}

void sort_joins(struct sql *q, const struct sort *o) {
    for (size_t i = 0; i < o->clauses->n; i++) {
        const struct search_order *clause = &o->clauses->v[i];
        if (!clause->field->table || clause->field->order)
            continue;
        const char *alias = clause_alias(q->c, i).p;
        sql_add(q, " LEFT JOIN ");
        sql_fragment(q, clause->field->table, alias);
        sql_add(q, " ON ");
        match(q, clause->field, clause->key, alias);
    }
}

void sort_columns(struct sql *q, const struct sort *o) {
    for (size_t i = 0; i < o->n; i++) {
        sql_add(q, ", ");
        buf_str(&q->text, o->v[i].expr);
    }
}

void sort_order(struct sql *q, const struct sort *o) {
    for (size_t i = 0; i < o->n; i++) {
        sql_add(q, i ? ", " : " ORDER BY ");
        buf_str(&q->text, o->v[i].expr);
        sql_add(q, o->v[i].desc ? " DESC" : "");
    }
}

/* Comes the row after `value` by this key? False for every row when value is NULL in a descending order. */
static void key_after(struct sql *q, const struct sort_key *k, const struct bind *value) {
    buf_str(&q->text, k->expr);
    if (value->type == BIND_NULL) {
        sql_add(q, k->desc ? " IS NOT NULL AND 0" : " IS NOT NULL");
        return;
    }
    bound(q, k->desc ? " < ?" : " > ?", *value);
    if (k->desc) {
        sql_add(q, " OR ");
        buf_str(&q->text, k->expr);
        sql_add(q, " IS NULL");
    }
}

void sort_after(struct sql *q, const struct sort *o, const struct bind *values) {
    sql_add(q, "(");
    for (size_t i = 0; i < o->n; i++) {
        sql_add(q, i ? " OR " : "");
        for (size_t k = 0; k < i; k++) {
            buf_str(&q->text, o->v[k].expr);
            bound(q, " IS ? AND ", values[k]);
        }
        sql_add(q, "(");
        key_after(q, &o->v[i], &values[i]);
        sql_add(q, ")");
    }
    sql_add(q, ")");
}
