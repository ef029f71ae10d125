/* Parser of filters and orders; see parse.h. */
#include "search/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"
#include "search/lex.h"

struct parser {
    struct ctx *c;
    const struct search_schema *schema;
    struct lexer lexer;
    struct token now; /* the word that comes next */
    size_t conditions;
};

/* The start of a text, for messages: short, and cut between characters. */
static struct str clip(struct str s) {
    size_t n = s.n < 100 ? s.n : 100;
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    return str_sub(s, 0, n);
}

/* The failures of a parse: `what`, then the word and where it stands. */
[[gnu::format(printf, 3, 4), gnu::cold]] static int refuse(struct parser *p, const struct token *t, const char *fmt,
                                                           ...) {
    va_list ap;
    va_start(ap, fmt);
    char what[2048];
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (t->type == TOKEN_END)
        return fail_invalid(p->c, "%s (at the end of the %.*s)", what, STR_FMT(p->lexer.what));
    struct str word = clip(t->text);
    return fail_invalid(p->c, "%s (at position %zu of the %.*s: '%.*s')", what, lex_position(&p->lexer, t->text),
                        STR_FMT(p->lexer.what), STR_FMT(word));
}

static int advance(struct parser *p) {
    return lex_next(p->c, &p->lexer, &p->now);
}

static bool is_keyword(const struct parser *p, const char *word) {
    return p->now.type == TOKEN_NAME && p->now.bare && str_ieq(p->now.value, str_of(word));
}

static const char *kind_noun(enum search_kind k) {
    static const char *const nouns[KINDS] = {"attribute", "metric", "parameter", "tag", "dataset"};
    return nouns[k];
}

/* ---- names ---- */

/* "'a', 'b'": the names of a kind's fields that have the use. */
static struct str valid_names(struct parser *p, enum search_kind kind, unsigned use) {
    struct buf b = BUF_IN(p->c->arena);
    for (const struct search_field *f = p->schema->fields; f->value; f++)
        if (f->kind == kind && (f->use & use) && f->name)
            buf_fmt(&b, "%s'%s'", b.n ? ", " : "", f->name);
    return buf_end(&b);
}

/* Finds the field that the name `t` means. */
static int resolve(struct parser *p, const struct token *t, unsigned use, const struct search_field **out) {
    int kind = t->prefix.p ? search_prefix_kind(p->schema, t->prefix) : (int)KIND_ATTRIBUTE;
    if (kind < 0)
        return refuse(p, t, "Invalid entity type '%.*s'. Valid values are %s", STR_FMT(clip(t->prefix)),
                      p->schema->valid_prefixes);
    const struct search_field *f = search_field(p->schema, (enum search_kind)kind, t->value);
    if (f && (f->use & use)) {
        *out = f;
        return OK;
    }
    if (kind == KIND_ATTRIBUTE || (kind == KIND_DATASET && !f))
        return refuse(p, t, "Invalid %s key '%.*s' specified. Valid keys are '{%s}'", kind_noun((enum search_kind)kind),
                      STR_FMT(clip(t->value)), valid_names(p, (enum search_kind)kind, use).p);
    return refuse(p, t, "Invalid identifier type '%s'", kind_noun((enum search_kind)kind));
}

/* ---- operators ---- */

static struct str valid_operators(struct parser *p, const struct search_field *f) {
    struct buf b = BUF_IN(p->c->arena);
    for (unsigned op = 0; op < SEARCH_OPS; op++)
        if (f->ops & (1u << op))
            buf_fmt(&b, "%s'%s'", b.n ? ", " : "", search_op_text[op]);
    return buf_end(&b);
}

/* Reads IN, LIKE and ILIKE; `negated` after a NOT. -1: another word. */
static int word_operator(const struct parser *p, bool negated) {
    if (is_keyword(p, "IN"))
        return negated ? SEARCH_NOT_IN : SEARCH_IN;
    if (is_keyword(p, "LIKE") && !negated)
        return SEARCH_LIKE;
    return is_keyword(p, "ILIKE") && !negated ? (int)SEARCH_ILIKE : -1;
}

static int symbol_operator(struct str text) {
    for (int op = SEARCH_EQ; op <= SEARCH_GE; op++)
        if (str_is(text, search_op_text[op]))
            return op;
    return -1;
}

/* The words that join comparisons; none of them starts a value or an operator. */
static bool at_junction(const struct parser *p) {
    return p->now.type == TOKEN_END || p->now.type == TOKEN_CLOSE || is_keyword(p, "AND") || is_keyword(p, "OR");
}

/* IS [NOT] NULL, at IS. */
static int read_null(struct parser *p, enum search_op *op) {
    int err = advance(p);
    bool negated = !err && is_keyword(p, "NOT");
    *op = negated ? SEARCH_NOT_NULL : SEARCH_NULL;
    if (negated)
        err = advance(p);
    if (!err && !is_keyword(p, "NULL"))
        err = refuse(p, &p->now, "Expected NULL after IS");
    return err ? err : advance(p);
}

/* Reads the operator and checks that the field takes it. */
static int read_operator(struct parser *p, const struct token *name, struct search_cond *cond) {
    struct token at = p->now;
    int op = -1, err = OK;
    if (is_keyword(p, "IS")) {
        err = read_null(p, &cond->op);
        op = (int)cond->op;
    } else if (is_keyword(p, "NOT")) {
        err = advance(p);
        op = err ? 0 : word_operator(p, true);
        if (op < 0)
            return refuse(p, &p->now, "Expected IN after NOT; to negate a comparison, NOT stands before it");
        err = err ? err : advance(p);
    } else if (at_junction(p)) {
        return refuse(p, &p->now, "Expected a comparison operator after '%.*s'", STR_FMT(clip(name->text)));
    } else {
        op = at.type == TOKEN_OPERATOR ? symbol_operator(at.text) : word_operator(p, false);
        err = advance(p);
    }
    if (err)
        return err;
    if (op >= SEARCH_NULL && !(cond->field->ops & (1u << op)))
        return refuse(p, &at, "IS NULL / IS NOT NULL is not supported for '%s' '%.*s'", kind_noun(cond->field->kind),
                      STR_FMT(clip(cond->key)));
    if (op < 0 || (!(cond->field->ops & (1u << op)) && op != SEARCH_IN && op != SEARCH_NOT_IN))
        return refuse(p, &at, "Invalid comparator '%.*s' not one of '{%s}'", STR_FMT(clip(at.text)),
                      valid_operators(p, cond->field).p);
    cond->op = (enum search_op)op;
    return OK;
}

/* ---- values ---- */

static bool at_string(const struct parser *p) {
    return p->now.type == TOKEN_STRING || p->now.type == TOKEN_QUOTED;
}

static int refuse_number(struct parser *p, const struct search_cond *cond) {
    struct str found = clip(p->now.text);
    if (cond->field->kind == KIND_ATTRIBUTE)
        return refuse(p, &p->now, "Expected numeric value type for numeric attribute: %.*s. Found %.*s",
                      STR_FMT(clip(cond->key)), STR_FMT(found));
    return refuse(p, &p->now, "Expected numeric value type for %s. Found %.*s", kind_noun(cond->field->kind),
                  STR_FMT(found));
}

static int read_number(struct parser *p, struct search_cond *cond) {
    enum search_type type = cond->field->type;
    bool quoted = type == TYPE_WHOLE && at_string(p);
    struct str text = quoted ? str_trim(p->now.value) : p->now.text;
    int64_t i;
    double d;
    if (p->now.type != TOKEN_NUMBER && !quoted)
        return refuse_number(p, cond);
    if (type != TYPE_FLOAT && num_parse_int(text.p, text.n, &i))
        cond->value = BIND_I(i);
    else if (type == TYPE_INTEGER || type == TYPE_WHOLE)
        return refuse(p, &p->now, "Invalid value for numeric attribute '%.*s': '%.*s'", STR_FMT(clip(cond->key)),
                      STR_FMT(clip(text)));
    else if (num_parse_double(text.p, text.n, &d))
        cond->value = BIND_F(d);
    else
        return refuse_number(p, cond);
    return OK;
}

static int refuse_string(struct parser *p, const struct search_cond *cond) {
    struct str found = clip(p->now.text);
    if (p->now.type == TOKEN_NAME && !at_junction(p))
        return refuse(p, &p->now,
                      "Parameter value is either not quoted or unidentified quote types used for string value %.*s."
                      " Use either single or double quotes.",
                      STR_FMT(found));
    enum search_kind kind = cond->field->kind;
    if (kind == KIND_PARAM || kind == KIND_TAG)
        return refuse(p, &p->now, "Expected a quoted string value for %s (e.g. 'my-value'). Got value %.*s",
                      kind_noun(kind), STR_FMT(found));
    return refuse(p, &p->now, "Expected a quoted string value for %s. Got value %.*s",
                  kind == KIND_DATASET ? "dataset attributes" : "attributes", STR_FMT(found));
}

/* An id in quotes, as a number. */
static int parse_id(struct parser *p, int64_t *id) {
    struct str digits = str_trim(p->now.value);
    if (num_parse_int(digits.p, digits.n, id))
        return OK;
    return refuse(p, &p->now, "Invalid experiment ID '%.*s'. Experiment ID must be a valid integer.",
                  STR_FMT(clip(p->now.value)));
}

static int read_string(struct parser *p, struct search_cond *cond) {
    int64_t id;
    int err = OK;
    if (!at_string(p))
        return refuse_string(p, cond);
    cond->value = BIND_S(p->now.value);
    if (p->now.value.n > SEARCH_MAX_PATTERN && (cond->op == SEARCH_LIKE || cond->op == SEARCH_ILIKE))
        return refuse(p, &p->now, "The pattern is longer than %d bytes", SEARCH_MAX_PATTERN);
    if (cond->field->type == TYPE_ID) {
        err = parse_id(p, &id);
        cond->value = BIND_I(id);
    }
    return err;
}

/* A string of a list is a Python literal in MLflow: a backslash before a quote or a backslash goes. */
static struct str unescape(struct ctx *c, struct str s) {
    if (str_chr(s, '\\') < 0)
        return s;
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '\\' || s.p[i + 1] == '\'' || s.p[i + 1] == '"'))
            i++;
        buf_char(&b, s.p[i]);
    }
    return buf_end(&b);
}

static int read_list_item(struct parser *p, struct search_cond *cond, struct buf *list) {
    int64_t id;
    int err = OK;
    if (!at_string(p))
        return refuse(p, &p->now, "While parsing a list in the query, expected a quoted string value");
    if (list->n > 1)
        buf_char(list, ',');
    if (cond->field->type != TYPE_ID) {
        json_put_string(list, unescape(p->c, p->now.value));
    } else {
        err = parse_id(p, &id);
        if (!err)
            buf_int(list, id);
    }
    return err ? err : advance(p);
}

/* The list of an IN. */
static int read_list(struct parser *p, struct search_cond *cond) {
    struct buf list = BUF_IN(p->c->arena);
    if (p->now.type != TOKEN_OPEN)
        return refuse(p, &p->now, "Expected a list of quoted string values in parentheses after IN");
    int err = advance(p);
    if (!err && p->now.type == TOKEN_CLOSE)
        return refuse(p, &p->now,
                      "While parsing a list in the query, expected a non-empty list of string values,"
                      " but got empty list");
    buf_char(&list, '[');
    while (!err && p->now.type != TOKEN_CLOSE) {
        err = read_list_item(p, cond, &list);
        if (!err && p->now.type == TOKEN_COMMA)
            err = advance(p);
        else if (!err && p->now.type != TOKEN_CLOSE)
            err = refuse(p, &p->now, "While parsing a list in the query, expected ',' or ')'");
    }
    buf_char(&list, ']');
    cond->value = BIND_S(buf_end(&list));
    return err ? err : advance(p);
}

/* Which attributes take a list, in words. */
static int refuse_list(struct parser *p, const struct token *at, const struct search_field *f) {
    struct buf b = BUF_IN(p->c->arena);
    if (f->kind != KIND_ATTRIBUTE || f->type == TYPE_NUMBER || f->type == TYPE_INTEGER)
        return refuse(p, at, "Invalid comparator '%.*s' not one of '{%s}'", STR_FMT(clip(at->text)),
                      valid_operators(p, f).p);
    for (const struct search_field *g = p->schema->fields; g->value; g++)
        if (g->kind == KIND_ATTRIBUTE && (g->ops & (1u << SEARCH_IN)))
            buf_fmt(&b, "%s'%s'", b.n ? ", " : "", g->name);
    return refuse(p, at, "Only [%s] attributes support comparison with a list of quoted string values.", buf_end(&b).p);
}

static int read_value(struct parser *p, struct search_cond *cond) {
    enum search_type type = cond->field->type;
    if (cond->op == SEARCH_IN || cond->op == SEARCH_NOT_IN)
        return cond->field->ops & (1u << cond->op) ? read_list(p, cond) : refuse_list(p, &p->now, cond->field);
    if (cond->op == SEARCH_NULL || cond->op == SEARCH_NOT_NULL)
        return OK;
    bool word = p->now.type == TOKEN_NUMBER || (p->now.type == TOKEN_NAME && !at_junction(p));
    int err = OK;
    if (type == TYPE_LOOSE && word)
        cond->value = BIND_S(p->now.text);
    else if (type == TYPE_TEXT || type == TYPE_ID || type == TYPE_LOOSE)
        err = read_string(p, cond);
    else
        err = read_number(p, cond);
    return err ? err : advance(p);
}

/* ---- the grammar ---- */

static struct search_node *new_node(struct parser *p, enum node_type type) {
    struct search_node *n = ARENA_NEW(p->c->arena, struct search_node);
    n->type = type;
    return n;
}

static int parse_comparison(struct parser *p, struct search_node **out) {
    struct token name = p->now;
    if (name.type != TOKEN_NAME && name.type != TOKEN_QUOTED)
        return refuse(p, &name,
                      "Invalid comparison clause. Expected a name such as metrics.loss, params.`key`,"
                      " tags.key or an attribute");
    if (++p->conditions > SEARCH_MAX_CONDITIONS)
        return refuse(p, &name, "The filter has more than %d comparisons", SEARCH_MAX_CONDITIONS);
    struct search_node *n = *out = new_node(p, NODE_COND);
    int err = resolve(p, &name, FIELD_FILTERS, &n->cond.field);
    n->cond.key = name.value;
    if (!err)
        err = advance(p);
    if (!err)
        err = read_operator(p, &name, &n->cond);
    return err ? err : read_value(p, &n->cond);
}

static int parse_or(struct parser *p, int depth, struct search_node **out);

static int parse_not(struct parser *p, int depth, struct search_node **out) {
    struct token at = p->now;
    bool negated = is_keyword(p, "NOT");
    struct search_node *inner;
    if (!negated && at.type != TOKEN_OPEN)
        return parse_comparison(p, out);
    if (depth == SEARCH_MAX_DEPTH)
        return refuse(p, &at, "The filter nests deeper than %d", SEARCH_MAX_DEPTH);
    int err = advance(p);
    if (!negated) {
        if (!err)
            err = parse_or(p, depth + 1, out);
        if (!err && p->now.type != TOKEN_CLOSE)
            err = refuse(p, &p->now, "Expected ')' to close the '(' at position %zu", lex_position(&p->lexer, at.text));
        return err ? err : advance(p);
    }
    if (!err)
        err = parse_not(p, depth + 1, &inner);
    if (err)
        return err;
    if (inner->type == NODE_NOT) {
        *out = inner->first;
        return OK;
    }
    *out = new_node(p, NODE_NOT);
    (*out)->first = inner;
    return OK;
}

/* Adds a child at the end; children of the same type are taken over, so that chains stay flat. */
static struct search_node **add_child(struct search_node *parent, struct search_node **end, struct search_node *child) {
    *end = child->type == parent->type ? child->first : child;
    while (*end)
        end = &(*end)->next;
    return end;
}

/* A parent of one child is that child. */
static struct search_node *simplify(struct search_node *n) {
    return n->first->next ? n : n->first;
}

static int skip_ands(struct parser *p, bool *any) {
    int err = OK;
    for (*any = false; !err && is_keyword(p, "AND"); *any = true)
        err = advance(p);
    return err;
}

static bool starts_comparison(const struct parser *p) {
    return p->now.type == TOKEN_QUOTED || (p->now.type == TOKEN_NAME && !is_keyword(p, "NOT"));
}

static int parse_and(struct parser *p, int depth, struct search_node **out) {
    struct search_node *all = new_node(p, NODE_AND), **end = &all->first, *child;
    bool joined;
    int err = skip_ands(p, &joined);
    do {
        if (!err)
            err = parse_not(p, depth, &child);
        if (err)
            return err;
        end = add_child(all, end, child);
        err = skip_ands(p, &joined);
        if (!err && joined && p->now.type != TOKEN_END && at_junction(p))
            return refuse(p, &p->now, "Expected a comparison after AND");
    } while (!err && !at_junction(p) && (joined || starts_comparison(p)));
    *out = simplify(all);
    return err;
}

static int parse_or(struct parser *p, int depth, struct search_node **out) {
    struct search_node *any = new_node(p, NODE_OR), **end = &any->first, *child;
    int err = parse_and(p, depth, &child);
    if (!err)
        end = add_child(any, end, child);
    while (!err && is_keyword(p, "OR")) {
        err = advance(p);
        if (!err)
            err = parse_and(p, depth, &child);
        if (!err)
            end = add_child(any, end, child);
    }
    if (!err)
        *out = simplify(any);
    return err;
}

int search_parse_filter(struct ctx *c, const struct search_schema *s, struct str text, struct search_node **out) {
    struct parser p = {.c = c, .schema = s, .lexer = {.text = text, .what = STR("filter string")}};
    *out = NULL;
    if (text.n == 0)
        return OK;
    if (text.n > SEARCH_MAX_TEXT)
        return fail_invalid(c, "Invalid filter string: it is longer than %d bytes", SEARCH_MAX_TEXT);
    if (str_chr(text, '\0') >= 0)
        return fail_invalid(c, "Invalid filter string: it contains a zero byte");
    int err = advance(&p);
    if (!err && p.now.type == TOKEN_END)
        return fail_invalid(c, "Invalid filter '%.*s'. Could not be parsed.", STR_FMT(clip(text)));
    if (!err)
        err = parse_or(&p, 0, out);
    if (!err && p.now.type != TOKEN_END)
        err = refuse(&p, &p.now, "Invalid clause(s) in filter string: expected AND, OR or the end");
    return err;
}

/* ---- orders ---- */

static int parse_order(struct parser *p, struct search_order *out) {
    struct str text = p->lexer.text;
    int err = advance(p);
    struct token name = p->now;
    if (!err && name.type != TOKEN_NAME && name.type != TOKEN_QUOTED)
        return fail_invalid(p->c, "Invalid order_by clause '%.*s'. Could not be parsed.", STR_FMT(clip(text)));
    if (!err)
        err = resolve(p, &name, FIELD_ORDERS, &out->field);
    out->key = name.value;
    if (!err)
        err = advance(p);
    out->desc = !err && is_keyword(p, "DESC");
    if (!err && (out->desc || is_keyword(p, "ASC")))
        err = advance(p);
    if (!err && p->now.type != TOKEN_END)
        err = refuse(p, &p->now, "Invalid ordering key in order_by clause '%.*s'.", STR_FMT(clip(text)));
    return err;
}

/* Do two clauses sort by the same? */
static bool same_order(const struct search_order *a, const struct search_order *b) {
    return strcmp(a->field->value, b->field->value) == 0 && a->field->kind == b->field->kind &&
           (a->field->name || str_eq(a->key, b->key));
}

static int refuse_twice(struct ctx *c, struct str_list clauses) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < clauses.n; i++)
        buf_fmt(&b, "%s'%.*s'", i ? ", " : "", STR_FMT(clip(clauses.v[i])));
    return fail_invalid(c, "`order_by` contains duplicate fields: [%s]", buf_end(&b).p);
}

static bool sorted_before(const struct search_order_list *list, const struct search_order *o) {
    for (size_t i = 0; i < list->n; i++)
        if (same_order(&list->v[i], o))
            return true;
    return false;
}

int search_parse_order(struct ctx *c, const struct search_schema *s, struct str_list clauses,
                       struct search_order_list *out) {
    *out = (struct search_order_list){ARENA_ARRAY(c->arena, struct search_order, clauses.n), 0};
    if (clauses.n > SEARCH_MAX_ORDERS)
        return fail_invalid(c, "Invalid order_by: it has more than %d clauses", SEARCH_MAX_ORDERS);
    for (size_t i = 0; i < clauses.n; i++) {
        struct parser p = {.c = c, .schema = s, .lexer = {.text = clauses.v[i], .what = STR("order_by clause")}};
        if (clauses.v[i].n > SEARCH_MAX_TEXT || str_chr(clauses.v[i], '\0') >= 0)
            return fail_invalid(c, "Invalid order_by clause. Could not be parsed.");
        int err = parse_order(&p, &out->v[out->n]);
        if (err)
            return err;
        if (!sorted_before(out, &out->v[out->n]))
            out->n++;
        else if (s->orders_once)
            return refuse_twice(c, clauses);
    }
    return OK;
}
