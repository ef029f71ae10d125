/* Schemas: what may be searched, as data. One per entity; the lexer, parser and SQL generator are the same for all.
 *
 * A schema lists the prefixes a name may carry ("metrics.", "tag.", none for attributes) and the fields: attributes by
 * their names, and kinds of key-value pairs that take any key. A field says which comparators it takes and where its
 * value is found. SQL fragments use `r` for the row of the entity and `@` for the table of the value, which gets an
 * alias of its own wherever the fragment is used; `$` is a row with the id of r, if not r itself. Rules: MLflow,
 * SearchUtils and SearchExperimentsUtils. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum search_op {
    SEARCH_EQ,
    SEARCH_NE,
    SEARCH_LT,
    SEARCH_LE,
    SEARCH_GT,
    SEARCH_GE,
    SEARCH_LIKE,
    SEARCH_ILIKE,
    SEARCH_IN,
    SEARCH_NOT_IN,
    SEARCH_NULL,
    SEARCH_NOT_NULL,
    SEARCH_OPS /* how many there are */
};

/* How a comparator is written. */
extern const char *const search_op_text[SEARCH_OPS];

enum search_kind { KIND_ATTRIBUTE, KIND_METRIC, KIND_PARAM, KIND_TAG, KIND_DATASET, KINDS };

enum search_type {
    TYPE_TEXT,    /* a quoted string */
    TYPE_FLOAT,   /* a number, compared as a double */
    TYPE_NUMBER,  /* a number, whole or not */
    TYPE_INTEGER, /* a whole number */
    TYPE_ID,      /* a whole number, written as a quoted string */
    TYPE_WHOLE,   /* a whole number, quoted or not */
    TYPE_LOOSE    /* a string, quoted or a word or number as it stands */
};

enum field_use {
    FIELD_ORDERS = 1,   /* may stand in order_by */
    FIELD_FILTERS = 2,  /* may stand in a filter */
    FIELD_NOT_NULL = 4, /* needs no rule for NULL in an order */
};

struct search_field {
    enum search_kind kind;
    const char *name; /* NULL: any key */
    enum search_type type;
    unsigned ops;          /* bit n: the search_op n */
    unsigned use;          /* field_use */
    const char *table;     /* "table @", maybe with joins; NULL: the value is a column of the entity */
    const char *key_is;    /* which of its rows have the key, with a `?` for it; NULL: any */
    const char *fixed_key; /* the key, if it is not the one written */
    const char *match;     /* which of its rows belong to r */
    const char *value;     /* "@.value" or "r.column" */
    const char *nan;       /* "@.is_nan": the value stands for NaN; NULL where there are none */
    const char *order;     /* what is sorted by, if it is not `value` */
};

struct search_prefix {
    const char *word;
    enum search_kind kind;
};

/* A column that ends every order, so that it is total. */
struct search_tie {
    const char *column;
    enum search_type type;
    bool desc;
};

struct search_schema {
    const char *noun;                     /* part of the fingerprint of page tokens */
    const struct search_prefix *prefixes; /* up to a NULL word */
    const char *valid_prefixes;           /* for the message that refuses another */
    const struct search_field *fields;    /* up to a NULL value */
    const struct search_tie *ties;        /* up to a NULL column; one whose column is sorted by already is left out */
    const struct search_tie *defaults;    /* the order without order_by, before `ties`; NULL: none */
    bool nulls_last;                      /* in either direction; otherwise as the database sorts them */
    bool orders_once;                     /* two clauses of an order with one field are refused, not just useless */
};

extern const struct search_schema search_runs_schema;
extern const struct search_schema search_experiments_schema;
extern const struct search_schema search_models_schema; /* registered models */
extern const struct search_schema search_versions_schema;
extern const struct search_schema search_logged_models_schema;

/* The same for statements that start with "WITH datasets_asked(name, digest)": metrics count on these alone. */
extern const struct search_schema search_logged_models_on_datasets_schema;

/* The field of a kind and key, or NULL. */
const struct search_field *search_field(const struct search_schema *s, enum search_kind kind, struct str key);

/* The kind a prefix stands for; -1 if the schema has no such prefix. */
int search_prefix_kind(const struct search_schema *s, struct str word);
