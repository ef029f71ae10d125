/* Lexer of filters and orders: cuts a text into words. Pure; used by parse.c alone.
 *
 * What counts as a word follows MLflow, which cuts with sqlparse: a quote inside a string is doubled or escaped by a
 * backslash, and stays in the value as it is written. */
#pragma once
#include "base/ctx.h"

enum token_type {
    TOKEN_END,
    TOKEN_NAME,   /* status, metrics.loss, params.`a b`, `Run Name`; also keywords */
    TOKEN_STRING, /* 'text' */
    TOKEN_QUOTED, /* "text": a string, or a name */
    TOKEN_NUMBER,
    TOKEN_OPERATOR, /* a run of < > = ! ~ */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA
};

struct token {
    enum token_type type;
    struct str text;   /* as written */
    struct str prefix; /* of a name: what stands before the first dot; absent without a dot */
    struct str value;  /* of a name: the key without quotes; of a string: its content */
    bool bare;         /* a name without prefix and quotes: maybe a keyword */
};

struct lexer {
    struct str text, what; /* `what` names the text in messages: "filter string" */
    size_t at;
};

/* Reads the next word. Fails with ERR_INVALID_PARAMETER at what is none. */
[[nodiscard]] int lex_next(struct ctx *c, struct lexer *lx, struct token *out);

/* Position of a part of the text, in characters counted from 1. */
size_t lex_position(const struct lexer *lx, struct str part);
