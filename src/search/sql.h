/* SQL of filters and orders: trees in, text with bound values out. Called by the store's q_search files, which build
 * the statement around it. Every value is bound; what is pasted comes from the schema. */
#pragma once
#include "base/buf.h"
#include "search/ast.h"

/* A statement under construction. */
struct sql {
    struct ctx *c;
    struct buf text;
    struct bind *v;
    size_t n;
    const char *row; /* what stands for `$` */
};

#define SQL_IN(ctx_ptr) ((struct sql){.c = (ctx_ptr), .text = BUF_IN((ctx_ptr)->arena), .row = "r"})

void sql_add(struct sql *q, const char *text);
void sql_bind(struct sql *q, struct bind value);

/* Adds a fragment of a schema, with `alias` for each `@` and q->row for each `$`. */
void sql_fragment(struct sql *q, const char *fragment, const char *alias);

/* Adds an expression that is true for the rows the filter lets through; never NULL inside a NOT. A comparison of a pair
 * that an entity lacks is false, whatever the comparator (MLflow joins the pairs), IS NULL aside. */
void sql_filter(struct sql *q, const struct search_node *n);

/* The same for a top-level conjunction without its member `but`, each with " AND " before it. */
void sql_filter_rest(struct sql *q, const struct search_node *n, const struct search_node *but);

/* The key of a pair: the one written, unless the field stands for a certain one. */
struct str search_pair_key(const struct search_field *f, struct str key);

/* Adds which rows of the field's table have the key. For fields with `key_is`. */
void sql_key_is(struct sql *q, const struct search_field *f, struct str key, const char *alias);

/* Adds "value op ?", and what NaN asks for. Not for IS NULL and IS NOT NULL. */
void sql_compare(struct sql *q, const struct search_cond *cond, const char *alias);

/* ---- orders ---- */

/* One expression of ORDER BY. Several may come from one clause: the rank of missing values, then the value. */
struct sort_key {
    struct str expr;
    enum bind_type type;
    bool desc;
};

struct sort {
    struct sort_key *v;
    size_t n;
    const struct search_order_list *clauses;
};

/* The whole order: clauses, or the schema's default, and its ties. The alias of the i-th clause's table is o<i>. */
void sort_build(struct ctx *c, const struct search_schema *s, const struct search_order_list *clauses,
                struct sort *out);

/* Adds " LEFT JOIN ..." for the clauses on pairs. */
void sort_joins(struct sql *q, const struct sort *o);

/* Adds ", expr" for each key, for the SELECT list. */
void sort_columns(struct sql *q, const struct sort *o);

/* Adds " ORDER BY ...". */
void sort_order(struct sql *q, const struct sort *o);

/* Adds a condition for the rows that come after the one with these values: o->n of them. NULL sorts before all, as it
 * does in SQLite. The condition is flat, since SQLite's parser bounds how deep parentheses nest. */
void sort_after(struct sql *q, const struct sort *o, const struct bind *values);
