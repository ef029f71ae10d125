/* The tree of a filter and the list of an order: made by parse.c, turned into SQL by sql.c. Lives in the arena. */
#pragma once
#include "base/bind.h"
#include "base/msg.h"
#include "search/schema.h"

enum node_type { NODE_AND, NODE_OR, NODE_NOT, NODE_COND };

/* field op value */
struct search_cond {
    const struct search_field *field;
    struct str key; /* as written, without quotes */
    enum search_op op;
    struct bind value; /* IN and NOT IN: a JSON array; IS NULL and IS NOT NULL: nothing */
};

/* NODE_AND and NODE_OR have two children or more, none of their own type; NODE_NOT has one. */
struct search_node {
    enum node_type type;
    struct search_node *first, *next;
    struct search_cond cond;
};

struct search_order {
    const struct search_field *field;
    struct str key;
    bool desc;
};

struct search_order_list {
    struct search_order *v;
    size_t n;
};
