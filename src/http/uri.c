/* Percent-decoding and query strings; see uri.h. Called by request.c and route.c for every request. */
#include "http/uri.h"

static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that %XX at p stands for; -1 when it is no such thing, or the NUL byte. */
static int quoted_byte(const char *p, const char *end) {
    if (end - p < 3 || p[0] != '%')
        return -1;
    int high = hex(p[1]), low = hex(p[2]);
    if (high < 0 || low < 0)
        return -1;
    int byte = high * 16 + low;
    return byte ? byte : -1;
}

/* Length of the well-formed UTF-8 sequence at p, or 0. */
static size_t utf8_sequence(const char *p, const char *end) {
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if ((size_t)(end - p) < n || !utf8_valid((struct str){p, n}))
        return 0;
    return n;
}

/* Quotes the bytes that do not form UTF-8. */
static struct str quote_invalid(struct arena *a, struct str s) {
    static const char digits[] = "0123456789ABCDEF";
    struct buf b = BUF_IN(a);
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        size_t n = utf8_sequence(p, end);
        if (n) {
            buf_add(&b, p, n);
            p += n;
            continue;
        }
        unsigned char c = (unsigned char)*p++;
        buf_char(&b, '%');
        buf_char(&b, digits[c >> 4]);
        buf_char(&b, digits[c & 15]);
    }
    return buf_end(&b);
}

static bool is_plain(struct str raw, bool plus) {
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] == '%' || (plus && raw.p[i] == '+') || (unsigned char)raw.p[i] >= 0x80)
            return false;
    return true;
}

struct str uri_decode(struct arena *a, struct str raw, bool plus) {
    if (is_plain(raw, plus))
        return str_dup(a, raw);
    char *out = arena_raw(a, raw.n + 1);
    size_t n = 0;
    for (const char *p = raw.p, *end = raw.p + raw.n; p < end; p++) {
        int byte = quoted_byte(p, end);
        if (byte >= 0)
            p += 2;
        else
            byte = plus && *p == '+' ? ' ' : *p;
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    struct str s = {out, n};
    return utf8_valid(s) ? s : quote_invalid(a, s);
}

static size_t count_parts(struct str query) {
    size_t n = query.n ? 1 : 0;
    for (size_t i = 0; i < query.n; i++)
        n += query.p[i] == '&';
    return n;
}

struct param_list uri_parse_query(struct arena *a, struct str query) {
    struct param_list list = {0};
    size_t room = count_parts(query);
    if (!room)
        return list;
    list.v = ARENA_ARRAY(a, struct param, room);
    while (query.n) {
        ptrdiff_t amp = str_chr(query, '&');
        struct str part = str_sub(query, 0, amp < 0 ? query.n : (size_t)amp);
        query = str_sub(query, part.n + 1, query.n);
        if (!part.n)
            continue;
        ptrdiff_t equal = str_chr(part, '=');
        size_t name_n = equal < 0 ? part.n : (size_t)equal;
        struct param *param = &list.v[list.n++];
        param->name = uri_decode(a, str_sub(part, 0, name_n), true);
        param->value = uri_decode(a, str_sub(part, name_n + 1, part.n), true);
    }
    return list;
}
