/* Page tokens; see page_token.h.
 *
 * Layout before base64: one byte version, 8 bytes fingerprint, then per value one byte type and 8 bytes of number, or
 * 4 bytes length and the text; all little-endian. */
#include "search/page_token.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"

enum { VERSION = 1, MAX_TOKEN = 1 << 20 };
static const int64_t MAX_OFFSET = (int64_t)1 << 50;

uint64_t page_fingerprint(uint64_t so_far, struct str part) {
    uint64_t h = so_far ? so_far : 0xCBF29CE484222325u;
    for (size_t i = 0; i < part.n; i++)
        h = (h ^ (unsigned char)part.p[i]) * 0x100000001B3u;
    return (h ^ (0x100 + part.n)) * 0x100000001B3u;
}

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode(struct ctx *c, struct str in) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < in.n; i += 3) {
        size_t n = in.n - i < 3 ? in.n - i : 3;
        unsigned v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < n ? (unsigned char)in.p[i + k] : 0u);
        for (size_t k = 0; k <= n; k++)
            buf_char(&b, digits[v >> (18 - 6 * k) & 63]);
    }
    return buf_end(&b);
}

/* Value of a digit of either alphabet, or -1. */
static int digit(char ch) {
    ch = ch == '+' ? '-' : ch == '/' ? '_' : ch;
    const char *at = ch ? strchr(digits, ch) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool decode(struct ctx *c, struct str in, struct str *out) {
    struct buf b = BUF_IN(c->arena);
    unsigned v = 0;
    int bits = 0;
    while (in.n && in.p[in.n - 1] == '=')
        in.n--;
    for (size_t i = 0; i < in.n; i++) {
        int d = digit(in.p[i]);
        if (d < 0)
            return false;
        v = (v << 6 | (unsigned)d) & 0xFFFF;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        buf_char(&b, (char)(v >> bits & 0xFF));
    }
    *out = buf_end(&b);
    return in.n % 4 != 1;
}

/* ---- our tokens ---- */

static void put_number(struct buf *b, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++)
        buf_char(b, (char)(v >> (8 * i) & 0xFF));
}

static bool take_number(struct str *in, int bytes, uint64_t *out) {
    *out = 0;
    if (in->n < (size_t)bytes)
        return false;
    for (int i = 0; i < bytes; i++)
        *out |= (uint64_t)(unsigned char)in->p[i] << (8 * i);
    *in = str_sub(*in, (size_t)bytes, SIZE_MAX);
    return true;
}

static void put_value(struct buf *b, const struct bind *v) {
    uint64_t number = 0;
    struct str s = {0};
    if (v->type == BIND_STR)
        s = v->s;
    else if (v->type == BIND_I64)
        number = (uint64_t)v->i;
    else if (v->type == BIND_F64)
        memcpy(&number, &v->f, sizeof number);
    buf_char(b, (char)v->type);
    put_number(b, v->type == BIND_STR ? s.n : number, v->type == BIND_STR ? 4 : 8);
    buf_str(b, s);
}

static bool take_value(struct str *in, struct bind *out) {
    uint64_t type, number;
    if (!take_number(in, 1, &type) || type > BIND_F64 || !take_number(in, type == BIND_STR ? 4 : 8, &number))
        return false;
    *out = (struct bind){.type = (enum bind_type)type};
    switch (out->type) {
    case BIND_NULL: return number == 0;
    case BIND_I64: out->i = (int64_t)number; return true;
    case BIND_F64: memcpy(&out->f, &number, sizeof number); return out->f == out->f;
    case BIND_STR: break;
    }
    if (in->n < number)
        return false;
    out->s = str_sub(*in, 0, number);
    *in = str_sub(*in, number, SIZE_MAX);
    return utf8_valid(out->s);
}

struct str page_token_write(struct ctx *c, uint64_t fingerprint, const struct bind *values, size_t n) {
    struct buf b = BUF_IN(c->arena);
    buf_char(&b, VERSION);
    put_number(&b, fingerprint, 8);
    for (size_t i = 0; i < n; i++)
        put_value(&b, &values[i]);
    return encode(c, buf_end(&b));
}

static int read_ours(struct ctx *c, struct str in, uint64_t fingerprint, size_t n, struct page_token *out) {
    uint64_t version, belongs;
    if (!take_number(&in, 1, &version) || !take_number(&in, 8, &belongs) || version != VERSION)
        return fail_invalid(c, "Invalid page token, could not be read");
    if (belongs != fingerprint)
        return fail_invalid(c, "Invalid page token, it belongs to a search with other parameters");
    out->values = ARENA_ARRAY(c->arena, struct bind, n);
    for (size_t i = 0; i < n; i++)
        if (!take_value(&in, &out->values[i]))
            return fail_invalid(c, "Invalid page token, could not be read");
    return in.n ? fail_invalid(c, "Invalid page token, could not be read") : OK;
}

/* ---- MLflow's tokens: {"offset": 100} ---- */

static int read_offset(struct ctx *c, struct str in, struct page_token *out) {
    struct json j;
    struct str key, value;
    bool first = true, ok = false;
    json_start(&j, in, c->arena);
    if (json_enter(&j, '{'))
        while (json_next_key(&j, &first, &key)) {
            bool offset = str_is(key, "offset");
            if (offset && json_peek(&j) == JSON_STRING)
                ok = json_string(&j, &value);
            else if (offset && json_peek(&j) == JSON_NUMBER)
                ok = json_number(&j, &value);
            else if (!json_skip(&j))
                break;
        }
    ok = ok && !j.error && json_at_end(&j) && num_parse_int(value.p, value.n, &out->offset) && out->offset > 0 &&
         out->offset <= MAX_OFFSET;
    return ok ? OK : fail_invalid(c, "Invalid page token, it holds no offset");
}

int page_token_read(struct ctx *c, struct str token, uint64_t fingerprint, size_t n, struct page_token *out) {
    struct str in;
    *out = (struct page_token){0};
    if (token.n == 0)
        return OK;
    if (token.n > MAX_TOKEN || !decode(c, token, &in))
        return fail_invalid(c, "Invalid page token, could not base64-decode");
    if (in.n && in.p[0] == '{')
        return read_offset(c, in, out);
    return read_ours(c, in, fingerprint, n, out);
}
