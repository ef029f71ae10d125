/* Texts as Python writes them; see python_text.h. */
#include "service/python_text.h"

#include <math.h>

uint32_t utf8_next(struct str s, size_t *at) {
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    static const unsigned char lead[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t u = p[0] & lead[more];
    for (size_t i = 1; i <= more && *at + i < s.n; i++)
        u = u << 6 | (p[i] & 0x3f);
    *at += more + 1;
    return u;
}

/* Code points that repr() escapes: controls, and the blanks and marks that print as nothing. */
static bool invisible(uint32_t u) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x7f, 0xa0},     {0xad, 0xad},     {0x600, 0x605},   {0x61c, 0x61c},      {0x6dd, 0x6dd},   {0x70f, 0x70f},
        {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f},    {0x205f, 0x206f}, {0x3000, 0x3000},
        {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0x10ffff},
    };
    if (u < 0x20)
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (u >= ranges[i].first && u <= ranges[i].last)
            return true;
    return false;
}

static void put_hidden(struct buf *b, uint32_t u) {
    switch (u) {
    case '\n': BUF_LIT(b, "\\n"); break;
    case '\r': BUF_LIT(b, "\\r"); break;
    case '\t': BUF_LIT(b, "\\t"); break;
    default: buf_fmt(b, u < 0x100 ? "\\x%02x" : u < 0x10000 ? "\\u%04x" : "\\U%08x", u); break;
    }
}

void python_put_repr(struct buf *b, struct str s) {
    char quote = str_chr(s, '\'') >= 0 && str_chr(s, '"') < 0 ? '"' : '\'';
    buf_char(b, quote);
    for (size_t i = 0, from = 0; i < s.n; from = i) {
        uint32_t u = utf8_next(s, &i);
        if (invisible(u)) {
            put_hidden(b, u);
            continue;
        }
        if (u == '\\' || u == (uint32_t)quote)
            buf_char(b, '\\');
        buf_add(b, s.p + from, i - from);
    }
    buf_char(b, quote);
}

static void put_json_char(struct buf *b, uint32_t u) {
    switch (u) {
    case '"': BUF_LIT(b, "\\\""); return;
    case '\\': BUF_LIT(b, "\\\\"); return;
    case '\n': BUF_LIT(b, "\\n"); return;
    case '\r': BUF_LIT(b, "\\r"); return;
    case '\t': BUF_LIT(b, "\\t"); return;
    case '\b': BUF_LIT(b, "\\b"); return;
    case '\f': BUF_LIT(b, "\\f"); return;
    default: break;
    }
    if (u >= 0x20 && u < 0x7f)
        buf_char(b, (char)u);
    else if (u < 0x10000)
        buf_fmt(b, "\\u%04x", u);
    else
        buf_fmt(b, "\\u%04x\\u%04x", 0xd800 + ((u - 0x10000) >> 10), 0xdc00 + ((u - 0x10000) & 0x3ff));
}

void python_put_json(struct buf *b, struct str s) {
    buf_char(b, '"');
    for (size_t i = 0; i < s.n;)
        put_json_char(b, utf8_next(s, &i));
    buf_char(b, '"');
}

/* Copies the string that starts at raw[at], with what is beyond ASCII escaped; returns where it ends. */
static size_t put_raw_string(struct buf *b, struct str raw, size_t at) {
    buf_char(b, raw.p[at++]);
    while (at < raw.n && raw.p[at] != '"') {
        size_t from = at;
        uint32_t u = utf8_next(raw, &at);
        if (u == '\\' && at < raw.n)
            at++;
        if (u < 0x80)
            buf_add(b, raw.p + from, at - from);
        else
            put_json_char(b, u);
    }
    buf_char(b, '"');
    return at + 1;
}

void python_put_dumps(struct buf *b, struct str raw) {
    for (size_t i = 0; i < raw.n;) {
        char c = raw.p[i];
        if (c == '"') {
            i = put_raw_string(b, raw, i);
            continue;
        }
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            buf_char(b, c);
        if (c == ',' || c == ':')
            buf_char(b, ' ');
        i++;
    }
}

void python_put_float(struct buf *b, double v) {
    if (isnan(v))
        BUF_LIT(b, "nan");
    else if (isinf(v))
        buf_z(b, v > 0 ? "inf" : "-inf");
    else
        buf_double(b, v);
}
