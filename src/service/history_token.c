/* Page tokens of histories; see history_token.h. */
#include "service/history_token.h"

#include "base/json.h"
#include "base/num.h"
#include "service/python_text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct str base64_encode(struct ctx *c, struct str s) {
    char *out = arena_raw(c->arena, s.n / 3 * 4 + 5), *o = out;
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t u = 0;
        for (size_t k = 0; k < 3; k++)
            u = u << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            *o++ = i + k > s.n ? '=' : alphabet[u >> (18 - 6 * k) & 63];
    }
    *o = 0;
    return (struct str){out, (size_t)(o - out)};
}

/* Decodes as Python's b64decode does: other characters are passed over, missing padding is a fault. */
static bool base64_decode(struct ctx *c, struct str s, struct str *out) {
    char *p = arena_raw(c->arena, s.n + 1);
    size_t n = 0, quad = 0, pads = 0;
    uint32_t u = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = s.p[i] ? strchr(alphabet, s.p[i]) : NULL;
        if (s.p[i] == '=' && quad >= 2 && quad + ++pads >= 4)
            break;
        if (!at)
            continue;
        pads = 0;
        u = u << 6 | (uint32_t)(at - alphabet);
        if (quad++)
            p[n++] = (char)(u >> (8 - 2 * quad));
        quad &= 3;
    }
    *out = (struct str){p, n};
    return quad == 0 || quad + pads >= 4;
}

struct str history_token(struct ctx *c, const struct history_cursor *at) {
    struct buf b = BUF_IN(c->arena);
    buf_fmt(&b, "{\"time\":%ld,\"step\":%ld", (long)at->last.timestamp, (long)at->last.step);
    if (at->mode == HISTORY_BY_STEP) {
        buf_fmt(&b, ",\"row\":%ld}", (long)at->row);
    } else {
        BUF_LIT(&b, ",\"value\":");
        buf_double(&b, at->last.value);
        buf_fmt(&b, ",\"nan\":%d,\"total\":%ld}", at->last.is_nan, (long)at->total);
    }
    return base64_encode(c, buf_end(&b));
}

/* The numbers a token may hold, and which were there. */
struct token {
    int64_t offset, time, step, row, nan, total;
    double value;
    unsigned seen;
};

enum { OFFSET = 1, TIME = 2, STEP = 4, ROW = 8, NAN_MARK = 16, VALUE = 32, TOTAL = 64 };

/* More points than any history has. */
#define MAX_TOTAL ((int64_t)1 << 40)

static bool read_member(struct json *j, struct str key, struct token *t) {
    const struct {
        const char *name;
        int64_t *to;
        unsigned bit;
    } whole[] = {{"offset", &t->offset, OFFSET}, {"time", &t->time, TIME},   {"step", &t->step, STEP},
                 {"row", &t->row, ROW},          {"nan", &t->nan, NAN_MARK}, {"total", &t->total, TOTAL}};
    struct str text;
    if (json_peek(j) == JSON_STRING   ? !json_string(j, &text)
        : json_peek(j) == JSON_NUMBER ? !json_number(j, &text)
                                      : true)
        return false;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (str_is(key, whole[i].name)) {
            t->seen |= whole[i].bit;
            return num_parse_int(text.p, text.n, whole[i].to);
        }
    if (str_is(key, "value")) {
        t->seen |= VALUE;
        return num_parse_double(text.p, text.n, &t->value);
    }
    return true;
}

static bool read_members(struct json *j, struct token *t) {
    struct str key;
    bool first = true;
    if (!json_enter(j, '{'))
        return false;
    while (json_next_key(j, &first, &key))
        if (!read_member(j, key, t))
            return false;
    return json_at_end(j);
}

static bool to_cursor(const struct token *t, struct history_cursor *at) {
    *at = (struct history_cursor){.offset = t->offset, .row = t->row, .total = t->total};
    at->last = (struct point){.timestamp = t->time, .step = t->step, .value = t->value, .is_nan = t->nan != 0};
    if (t->seen == OFFSET && t->offset > 0)
        at->mode = HISTORY_OFFSET;
    else if (t->seen == (TIME | STEP | ROW))
        at->mode = HISTORY_BY_STEP;
    else if (t->seen == (TIME | STEP | NAN_MARK | VALUE | TOTAL) && t->total >= 0 && t->total < MAX_TOTAL)
        at->mode = HISTORY_BY_TIME;
    return at->mode != HISTORY_START;
}

/* repr() of bytes */
static int fail_decoded(struct ctx *c, struct str bytes) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char ch = (unsigned char)bytes.p[i];
        if (ch == '\\' || ch == '\'')
            buf_fmt(&b, "\\%c", ch);
        else if (ch >= 0x20 && ch < 0x7f)
            buf_char(&b, (char)ch);
        else
            buf_fmt(&b, "\\x%02x", ch);
    }
    struct str text = buf_end(&b);
    return fail_invalid(c, "Invalid page token, decoded value=b'%.*s'", STR_FMT(text));
}

int history_token_read(struct ctx *c, struct str token, struct history_cursor *at) {
    struct token t = {0};
    struct str text;
    struct json j;
    *at = (struct history_cursor){.mode = HISTORY_START};
    if (token.n == 0)
        return OK;
    if (!base64_decode(c, token, &text))
        return fail_invalid(c, "Invalid page token, could not base64-decode");
    json_start(&j, text, c->arena);
    if (json_peek(&j) != JSON_OBJECT || !json_skip(&j) || !json_at_end(&j))
        return fail_decoded(c, text);
    json_start(&j, text, c->arena);
    if (read_members(&j, &t) && to_cursor(&t, at))
        return OK;
    return fail_invalid(c, "Invalid page token, parsed value=%.*s", STR_FMT(text));
}
