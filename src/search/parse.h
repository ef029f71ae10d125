/* Parser of filters and orders, for all entities: text and schema in, tree out. Called by the services. Pure.
 *
 *   filter     = or
 *   or         = and { OR and }
 *   and        = not { [AND] not }        AND binds tighter than OR; MLflow lets it be left out, doubled and trail
 *   not        = NOT not | ( or ) | comparison
 *   comparison = name operator value | name [NOT] IN ( string {, string} [,] ) | name IS [NOT] NULL
 *   order      = name [ASC | DESC]
 *
 * Every failure is ERR_INVALID_PARAMETER, and its message quotes the offending word with its position. */
#pragma once
#include "search/ast.h"

enum {
    SEARCH_MAX_TEXT = 100000,    /* bytes of a filter */
    SEARCH_MAX_CONDITIONS = 400, /* comparisons in a filter */
    SEARCH_MAX_PATTERN = 50000,  /* bytes of a pattern of LIKE: SQLite's limit */
    SEARCH_MAX_DEPTH = 12,       /* parentheses and NOTs in one another */
    SEARCH_MAX_ORDERS = 16       /* clauses of an order */
};

/* Parses a filter; an absent or empty one gives NULL. `text` must outlive the tree. */
[[nodiscard]] int search_parse_filter(struct ctx *c, const struct search_schema *s, struct str text,
                                      struct search_node **out);

/* Parses the clauses of an order. Without any the list is empty. A second clause of one field is refused or left out,
 * as the schema says. */
[[nodiscard]] int search_parse_order(struct ctx *c, const struct search_schema *s, struct str_list clauses,
                                     struct search_order_list *out);
