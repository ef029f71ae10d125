/* JSON pull parser and writers; see json.h. */
#include "base/json.h"

#include <math.h>

#include "base/arena.h"
#include "base/num.h"

enum { MAX_DEPTH = 100 };

static bool fault(struct json *j, const char *what) {
    if (!j->error)
        j->error = what;
    return false;
}

static void skip_space(struct json *j) {
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
}

void json_start(struct json *j, struct str text, struct arena *a) {
    *j = (struct json){.start = text.p, .p = text.p, .end = text.p + text.n, .arena = a};
    if (!utf8_valid(text))
        fault(j, "invalid UTF-8");
}

enum json_type json_peek(struct json *j) {
    skip_space(j);
    if (j->error || j->p == j->end)
        return JSON_ERROR;
    switch (*j->p) {
    case '"': return JSON_STRING;
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case 't': return JSON_TRUE;
    case 'f': return JSON_FALSE;
    case 'n': return JSON_NULL;
    case 'N': case 'I': case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': return JSON_NUMBER;
    default: return JSON_ERROR;
    }
}

static bool word(struct json *j, const char *w, size_t n) {
    if ((size_t)(j->end - j->p) < n || memcmp(j->p, w, n) != 0)
        return fault(j, "unexpected word");
    j->p += n;
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex4(struct json *j, unsigned *out) {
    if (j->end - j->p < 4)
        return fault(j, "short \\u escape");
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(*j->p++);
        if (d < 0)
            return fault(j, "bad \\u escape");
        *out = *out << 4 | (unsigned)d;
    }
    return true;
}

static char *put_utf8(char *o, unsigned u) {
    if (u < 0x80) {
        *o++ = (char)u;
    } else if (u < 0x800) {
        *o++ = (char)(0xC0 | u >> 6);
        *o++ = (char)(0x80 | (u & 0x3F));
    } else if (u < 0x10000) {
        *o++ = (char)(0xE0 | u >> 12);
        *o++ = (char)(0x80 | (u >> 6 & 0x3F));
        *o++ = (char)(0x80 | (u & 0x3F));
    } else {
        *o++ = (char)(0xF0 | u >> 18);
        *o++ = (char)(0x80 | (u >> 12 & 0x3F));
        *o++ = (char)(0x80 | (u >> 6 & 0x3F));
        *o++ = (char)(0x80 | (u & 0x3F));
    }
    return o;
}

/* The code point after "\u", surrogate pairs joined. */
static bool escaped_code_point(struct json *j, unsigned *u) {
    unsigned low;
    if (!hex4(j, u))
        return false;
    if (*u >= 0xDC00 && *u <= 0xDFFF)
        return fault(j, "lone surrogate");
    if (*u < 0xD800 || *u > 0xDBFF)
        return true;
    if (j->end - j->p < 6 || j->p[0] != '\\' || j->p[1] != 'u')
        return fault(j, "lone surrogate");
    j->p += 2;
    if (!hex4(j, &low))
        return false;
    if (low < 0xDC00 || low > 0xDFFF)
        return fault(j, "lone surrogate");
    *u = 0x10000 + ((*u - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool unescape(struct json *j, char **o) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = *j->p++;
    if (c == 'u') {
        unsigned u;
        if (!escaped_code_point(j, &u))
            return false;
        *o = put_utf8(*o, u);
        return true;
    }
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return fault(j, "bad escape");
    *(*o)++ = to[at - from];
    return true;
}

/* Finds the closing quote of a string whose opening quote is behind p; tells whether there are escapes. */
static const char *string_end(struct json *j, bool *escapes) {
    const char *p = j->p;
    for (; p < j->end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20) {
            fault(j, "control character in string");
            return NULL;
        }
        if (*p == '\\') {
            *escapes = true;
            p++;
        }
    }
    if (p >= j->end) {
        fault(j, "unterminated string");
        return NULL;
    }
    return p;
}

bool json_string(struct json *j, struct str *out) {
    bool escapes = false;
    if (json_peek(j) != JSON_STRING)
        return fault(j, "expected a string");
    j->p++;
    const char *end = string_end(j, &escapes);
    if (!end)
        return false;
    if (!escapes) {
        *out = str_dup(j->arena, (struct str){j->p, (size_t)(end - j->p)});
        j->p = end + 1;
        return true;
    }
    char *o = arena_raw(j->arena, (size_t)(end - j->p) + 1), *first = o;
    while (*j->p != '"') {
        if (*j->p != '\\')
            *o++ = *j->p++;
        else if (j->p++, !unescape(j, &o))
            return false;
    }
    j->p++;
    *o = 0;
    *out = (struct str){first, (size_t)(o - first)};
    return true;
}

static void digits(struct json *j) {
    while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
        j->p++;
}

/* One or more digits. */
static bool some_digits(struct json *j) {
    const char *from = j->p;
    digits(j);
    return j->p > from || fault(j, "expected a digit");
}

static bool plain_number(struct json *j) {
    if (j->p < j->end && *j->p == '0')
        j->p++;
    else if (!some_digits(j))
        return false;
    if (j->p < j->end && *j->p == '.') {
        j->p++;
        if (!some_digits(j))
            return false;
    }
    if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
            j->p++;
        return some_digits(j);
    }
    return true;
}

bool json_number(struct json *j, struct str *out) {
    if (json_peek(j) != JSON_NUMBER)
        return fault(j, "expected a number");
    const char *from = j->p;
    bool ok;
    if (*j->p == '-')
        j->p++;
    if (j->p < j->end && *j->p == 'N' && j->p == from)
        ok = word(j, "NaN", 3);
    else if (j->p < j->end && *j->p == 'I')
        ok = word(j, "Infinity", 8);
    else
        ok = plain_number(j);
    *out = (struct str){from, (size_t)(j->p - from)};
    return ok;
}

bool json_enter(struct json *j, char bracket) {
    skip_space(j);
    if (j->error || j->p == j->end || *j->p != bracket)
        return fault(j, "expected an object or array");
    if (++j->depth > MAX_DEPTH)
        return fault(j, "nested too deeply");
    j->p++;
    return true;
}

/* Steps over a comma, or out of the closing bracket (false). */
static bool next_member(struct json *j, bool *first, char close) {
    skip_space(j);
    if (j->error)
        return false;
    if (j->p == j->end)
        return fault(j, "unexpected end");
    if (*j->p == close) {
        j->p++;
        j->depth--;
        return false;
    }
    if (*first) {
        *first = false;
        return true;
    }
    if (*j->p != ',')
        return fault(j, "expected a comma");
    j->p++;
    skip_space(j);
    if (j->p < j->end && *j->p == close)
        return fault(j, "trailing comma");
    return true;
}

bool json_next_key(struct json *j, bool *first, struct str *key) {
    if (!next_member(j, first, '}') || !json_string(j, key))
        return false;
    skip_space(j);
    if (j->p == j->end || *j->p != ':')
        return fault(j, "expected a colon");
    j->p++;
    return true;
}

bool json_next_item(struct json *j, bool *first) {
    return next_member(j, first, ']');
}

static bool skip_container(struct json *j, char open) {
    bool first = true;
    struct str key;
    if (!json_enter(j, open))
        return false;
    while (open == '{' ? json_next_key(j, &first, &key) : json_next_item(j, &first))
        if (!json_skip(j))
            return false;
    return !j->error;
}

bool json_skip(struct json *j) {
    struct str ignored;
    switch (json_peek(j)) {
    case JSON_STRING: return json_string(j, &ignored);
    case JSON_NUMBER: return json_number(j, &ignored);
    case JSON_TRUE: return word(j, "true", 4);
    case JSON_FALSE: return word(j, "false", 5);
    case JSON_NULL: return word(j, "null", 4);
    case JSON_OBJECT: return skip_container(j, '{');
    case JSON_ARRAY: return skip_container(j, '[');
    case JSON_ERROR: break;
    }
    return fault(j, j->p == j->end ? "unexpected end" : "unexpected character");
}

bool json_raw(struct json *j, struct str *out) {
    skip_space(j);
    const char *from = j->p;
    if (!json_skip(j))
        return false;
    *out = (struct str){from, (size_t)(j->p - from)};
    return true;
}

bool json_at_end(struct json *j) {
    skip_space(j);
    return !j->error && j->p == j->end;
}

static void put_escape(struct buf *b, unsigned char c) {
    switch (c) {
    case '"': BUF_LIT(b, "\\\""); break;
    case '\\': BUF_LIT(b, "\\\\"); break;
    case '\n': BUF_LIT(b, "\\n"); break;
    case '\r': BUF_LIT(b, "\\r"); break;
    case '\t': BUF_LIT(b, "\\t"); break;
    default: buf_fmt(b, "\\u%04x", c); break;
    }
}

void json_put_string(struct buf *b, struct str s) {
    buf_reserve(b, s.n + 2);
    buf_char(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(b, s.p + from, i - from);
        put_escape(b, c);
        from = i + 1;
    }
    buf_add(b, s.p + from, s.n - from);
    buf_char(b, '"');
}

void json_put_double(struct buf *b, double v) {
    if (isnan(v))
        BUF_LIT(b, "\"NaN\"");
    else if (isinf(v))
        buf_z(b, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        buf_double(b, v);
}

const char *json_python_type(struct str raw) {
    if (raw.n == 0)
        return "NoneType";
    switch (raw.p[0]) {
    case '"': return "str";
    case '{': return "dict";
    case '[': return "list";
    case 't': case 'f': return "bool";
    case 'n': return "NoneType";
    default: break;
    }
    for (size_t i = 0; i < raw.n; i++)
        if (strchr(".eENI", raw.p[i]))
            return "float";
    return "int";
}

void json_put_compact(struct buf *b, struct str raw) {
    bool in_string = false;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (!in_string && (c == ' ' || c == '\n' || c == '\t' || c == '\r'))
            continue;
        if (c == '"')
            in_string = !in_string;
        buf_char(b, c);
        if (in_string && c == '\\' && i + 1 < raw.n)
            buf_char(b, raw.p[++i]);
    }
}
