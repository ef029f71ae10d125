/* Lexer of filters and orders; see lex.h. */
#include "search/lex.h"

static bool is_space(char ch) {
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static bool is_digit(char ch) {
    return ch >= '0' && ch <= '9';
}

static bool starts_name(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || (unsigned char)ch >= 0x80;
}

static bool is_word(char ch) {
    return starts_name(ch) || is_digit(ch);
}

static bool is_operator(char ch) {
    return ch == '<' || ch == '>' || ch == '=' || ch == '!' || ch == '~';
}

static char peek(const struct lexer *lx, size_t ahead) {
    return lx->at + ahead < lx->text.n ? lx->text.p[lx->at + ahead] : '\0';
}

size_t lex_position(const struct lexer *lx, struct str part) {
    return utf8_length(str_sub(lx->text, 0, (size_t)(part.p - lx->text.p))) + 1;
}

/* Refuses the text from `from` on; shows at most twenty bytes of it, cut between characters. */
static int refuse(struct ctx *c, const struct lexer *lx, size_t from, const char *why) {
    struct str rest = str_sub(lx->text, from, SIZE_MAX);
    size_t n = rest.n < 20 ? rest.n : 20;
    while (n > 0 && n < rest.n && ((unsigned char)rest.p[n] & 0xC0) == 0x80)
        n--;
    return fail_invalid(c, "Invalid %.*s: %s at position %zu: '%.*s'", STR_FMT(lx->what), why, lex_position(lx, rest),
                        (int)n, rest.p);
}

/* Reads a quoted part; at its opening quote. A doubled quote belongs to the content, and one after a backslash too,
 * unless no other quote follows that could end it. Returns false when nothing ends it. */
static bool quoted(struct lexer *lx, struct str *content) {
    const char quote = lx->text.p[lx->at];
    size_t start = lx->at + 1, i = start, escaped = 0;
    for (; i < lx->text.n; i++) {
        if (lx->text.p[i] == '\\' && quote != '`' && i + 1 < lx->text.n && lx->text.p[i + 1] == quote)
            escaped = ++i;
        else if (lx->text.p[i] == quote && i + 1 < lx->text.n && lx->text.p[i + 1] == quote)
            i++;
        else if (lx->text.p[i] == quote)
            break;
    }
    if (i >= lx->text.n) {
        if (!escaped)
            return false;
        i = escaped;
    }
    *content = str_sub(lx->text, start, i - start);
    lx->at = i + 1;
    return true;
}

/* Whether a bare key goes on here: word characters and dots, and a dash or slash between them (MLflow's search of
 * logged models takes those). */
static bool in_key(const struct lexer *lx) {
    char ch = peek(lx, 0);
    return is_word(ch) || ch == '.' || ((ch == '-' || ch == '/') && is_word(peek(lx, 1)));
}

/* The key after the dot of a prefix, quoted or bare. */
static int key(struct ctx *c, struct lexer *lx, struct token *t) {
    size_t start = lx->at;
    char ch = peek(lx, 0);
    if (ch == '`' || ch == '"' || ch == '\'')
        return quoted(lx, &t->value) ? OK : refuse(c, lx, start, "a quote that is not closed");
    while (in_key(lx))
        lx->at++;
    t->value = str_sub(lx->text, start, lx->at - start);
    return t->value.n ? OK : refuse(c, lx, start, "a key is missing");
}

static int name(struct ctx *c, struct lexer *lx, struct token *t) {
    size_t start = lx->at;
    t->type = TOKEN_NAME;
    t->bare = peek(lx, 0) != '`';
    if (t->bare) {
        while (is_word(peek(lx, 0)))
            lx->at++;
        t->value = str_sub(lx->text, start, lx->at - start);
    } else if (!quoted(lx, &t->value)) {
        return refuse(c, lx, start, "a back-tick that is not closed");
    }
    if (peek(lx, 0) != '.')
        return OK;
    lx->at++;
    t->bare = false;
    t->prefix = t->value;
    return key(c, lx, t);
}

static int string(struct ctx *c, struct lexer *lx, struct token *t) {
    size_t start = lx->at;
    t->type = peek(lx, 0) == '"' ? TOKEN_QUOTED : TOKEN_STRING;
    return quoted(lx, &t->value) ? OK : refuse(c, lx, start, "a quote that is not closed");
}

static void digits(struct lexer *lx) {
    while (is_digit(peek(lx, 0)))
        lx->at++;
}

static int number(struct ctx *c, struct lexer *lx, struct token *t) {
    size_t start = lx->at;
    t->type = TOKEN_NUMBER;
    lx->at += peek(lx, 0) == '-';
    digits(lx);
    if (peek(lx, 0) == '.') {
        lx->at++;
        digits(lx);
    }
    char sign = peek(lx, 1);
    if ((peek(lx, 0) == 'e' || peek(lx, 0) == 'E') &&
        (is_digit(sign) || ((sign == '-' || sign == '+') && is_digit(peek(lx, 2))))) {
        lx->at += 2;
        digits(lx);
    }
    return is_word(peek(lx, 0)) || peek(lx, 0) == '.' ? refuse(c, lx, start, "a number that is none") : OK;
}

static bool starts_number(const struct lexer *lx) {
    size_t i = peek(lx, 0) == '-';
    return is_digit(peek(lx, i)) || (peek(lx, i) == '.' && is_digit(peek(lx, i + 1)));
}

static int other(struct ctx *c, struct lexer *lx, struct token *t) {
    size_t start = lx->at;
    switch (peek(lx, 0)) {
    case '(': t->type = TOKEN_OPEN; break;
    case ')': t->type = TOKEN_CLOSE; break;
    case ',': t->type = TOKEN_COMMA; break;
    default:
        if (!is_operator(peek(lx, 0)))
            return refuse(c, lx, start,
                          "an unexpected character (a key with others than letters, digits, '_', '.', '-' and '/'"
                          " stands in back-ticks)");
        while (is_operator(peek(lx, 1)))
            lx->at++;
        t->type = TOKEN_OPERATOR;
    }
    lx->at++;
    return OK;
}

int lex_next(struct ctx *c, struct lexer *lx, struct token *out) {
    while (lx->at < lx->text.n && is_space(lx->text.p[lx->at]))
        lx->at++;
    size_t start = lx->at;
    char ch = peek(lx, 0);
    int err = OK;
    *out = (struct token){.type = TOKEN_END, .text = str_sub(lx->text, start, 0)};
    if (start == lx->text.n)
        return OK;
    if (starts_name(ch) || ch == '`')
        err = name(c, lx, out);
    else if (ch == '\'' || ch == '"')
        err = string(c, lx, out);
    else if (starts_number(lx))
        err = number(c, lx, out);
    else
        err = other(c, lx, out);
    out->text = str_sub(lx->text, start, lx->at - start);
    return err;
}
