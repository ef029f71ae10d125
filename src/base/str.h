/* Strings: a slice with a length, never owned by itself.
 *
 * `p` of a slice made by this module or by the codec is followed by a NUL byte, so it can be given to a C
 * function that wants one; a slice cut out of another need not be. An absent string has p == NULL; an empty one
 * does not. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arena;

struct str {
    const char *p;
    size_t n;
};

/* A literal as a slice, and the two arguments of "%.*s". */
#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

/* The slice of a NUL-terminated string; NULL gives the absent string. */
static inline struct str str_of(const char *z) {
    return (struct str){z, z ? strlen(z) : 0};
}

/* The string, or the empty one where it is absent. */
static inline struct str str_or_empty(struct str s) {
    return s.p ? s : STR("");
}

/* Same bytes? Absent equals empty. */
static inline bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z) {
    return str_eq(a, str_of(z));
}

static inline bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* The part of `s` from byte `from` on, at most `n` bytes; clipped to the string. */
static inline struct str str_sub(struct str s, size_t from, size_t n) {
    if (from > s.n)
        from = s.n;
    return (struct str){s.p + from, n < s.n - from ? n : s.n - from};
}

/* Byte-wise order like strcmp: negative, 0 or positive. */
int str_cmp(struct str a, struct str b);

/* Equal but for ASCII case? */
bool str_ieq(struct str a, struct str b);

/* Position of `c` or of `needle` in `s`, or -1. */
ptrdiff_t str_chr(struct str s, char c);
ptrdiff_t str_find(struct str s, struct str needle);

/* `s` without ASCII white space at both ends. */
struct str str_trim(struct str s);

/* A NUL-terminated copy in the arena. */
struct str str_dup(struct arena *a, struct str s);

/* printf into the arena. */
[[gnu::format(printf, 2, 3)]] struct str str_fmt(struct arena *a, const char *fmt, ...);
[[gnu::format(printf, 2, 0)]] struct str str_vfmt(struct arena *a, const char *fmt, va_list ap);

/* ASCII lower case copy in the arena. */
struct str str_lower(struct arena *a, struct str s);

/* Number of Unicode code points of valid UTF-8; a length in MLflow's sense. */
size_t utf8_length(struct str s);

/* Is `s` well-formed UTF-8 (no overlong forms, no surrogates)? */
bool utf8_valid(struct str s);
