/* Buffer: a growing run of bytes for output (answers, SQL text, log lines).
 *
 * With an arena its memory comes from there and buf_free is not needed; without one it is malloc'ed and either
 * freed by buf_free or handed over by buf_steal. */
#pragma once
#include <stdint.h>

#include "base/str.h"

struct arena;

struct buf {
    char *p;
    size_t n, cap;
    struct arena *arena; /* NULL: malloc */
};

#define BUF_IN(arena_ptr) ((struct buf){.arena = (arena_ptr)})

/* Makes room for `more` bytes after n, and returns where they go. */
char *buf_reserve(struct buf *b, size_t more);

static inline void buf_add(struct buf *b, const char *p, size_t n) {
    if (b->cap - b->n < n)
        buf_reserve(b, n);
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void buf_char(struct buf *b, char c) {
    if (b->cap == b->n)
        buf_reserve(b, 1);
    b->p[b->n++] = c;
}

static inline void buf_str(struct buf *b, struct str s) {
    buf_add(b, s.p, s.n);
}

static inline void buf_z(struct buf *b, const char *z) {
    buf_add(b, z, strlen(z));
}

#define BUF_LIT(b, lit) buf_add((b), "" lit, sizeof(lit) - 1)

[[gnu::format(printf, 2, 3)]] void buf_fmt(struct buf *b, const char *fmt, ...);

/* Decimal form of an integer; shortest decimal form of a finite double that reads back the same, always with a
 * fraction or exponent ("1.0"). */
void buf_int(struct buf *b, int64_t v);
void buf_double(struct buf *b, double v);

/* Ends the content with a NUL that is not counted, and returns it as a slice. */
struct str buf_end(struct buf *b);

/* Frees a malloc'ed buffer. */
void buf_free(struct buf *b);

/* Takes the malloc'ed memory out of the buffer; the caller frees it with free(). */
[[nodiscard]] char *buf_steal(struct buf *b, size_t *n);
