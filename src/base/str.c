/* String slices; see str.h. */
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n ? memcmp(a.p, b.p, n) : 0;
    return r ? r : (a.n > b.n) - (a.n < b.n);
}

bool str_ieq(struct str a, struct str b) {
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

ptrdiff_t str_chr(struct str s, char c) {
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    return p ? p - s.p : -1;
}

ptrdiff_t str_find(struct str s, struct str needle) {
    if (needle.n == 0)
        return 0;
    const char *p = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return p ? p - s.p : -1;
}

struct str str_trim(struct str s) {
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_dup(struct arena *a, struct str s) {
    char *p = arena_raw(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (struct str){p, s.n};
}

struct str str_vfmt(struct arena *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    size_t len = n > 0 ? (size_t)n : 0;
    char *p = arena_raw(a, len + 1);
    vsnprintf(p, len + 1, fmt, ap);
    return (struct str){p, len};
}

struct str str_fmt(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct str s = str_vfmt(a, fmt, ap);
    va_end(ap);
    return s;
}

struct str str_lower(struct arena *a, struct str s) {
    char *p = arena_raw(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = lower(s.p[i]);
    p[s.n] = 0;
    return (struct str){p, s.n};
}

size_t utf8_length(struct str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

/* Length of the well-formed sequence at p (1 to 4 bytes), or 0. */
static size_t sequence(const unsigned char *p, size_t left) {
    static const struct {
        unsigned char first, last, low, high, len;
    } forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    if (p[0] < 0x80)
        return 1;
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (p[0] < forms[f].first || p[0] > forms[f].last)
            continue;
        if (left < forms[f].len || p[1] < forms[f].low || p[1] > forms[f].high)
            return 0;
        for (size_t i = 2; i < forms[f].len; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return forms[f].len;
    }
    return 0;
}

bool utf8_valid(struct str s) {
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        uint64_t eight;
        if (s.n - i >= 8 && (memcpy(&eight, p + i, 8), (eight & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        size_t len = sequence(p + i, s.n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}
