/* Output buffer; see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/num.h"

char *buf_reserve(struct buf *b, size_t more) {
    if (b->cap - b->n >= more)
        return b->p + b->n;
    size_t cap = b->cap ? b->cap * 2 : 256;
    while (cap - b->n < more)
        cap *= 2;
    if (b->arena) {
        b->p = arena_grow(b->arena, b->p, b->cap, cap);
    } else {
        b->p = realloc(b->p, cap);
        if (!b->p)
            abort();
    }
    b->cap = cap;
    return b->p + b->n;
}

void buf_fmt(struct buf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    size_t len = n > 0 ? (size_t)n : 0;
    vsnprintf(buf_reserve(b, len + 1), len + 1, fmt, again);
    va_end(again);
    b->n += len;
}

void buf_int(struct buf *b, int64_t v) {
    b->n += num_format_int(buf_reserve(b, NUM_MAX), v);
}

void buf_double(struct buf *b, double v) {
    b->n += num_format_double(buf_reserve(b, NUM_MAX), v);
}

struct str buf_end(struct buf *b) {
    *buf_reserve(b, 1) = 0;
    return (struct str){b->p, b->n};
}

void buf_free(struct buf *b) {
    if (!b->arena)
        free(b->p);
    *b = (struct buf){.arena = b->arena};
}

char *buf_steal(struct buf *b, size_t *n) {
    char *p = b->p;
    *n = b->n;
    *b = (struct buf){0};
    return p;
}
