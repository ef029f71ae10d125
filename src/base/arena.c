/* Arena: a chain of blocks, the newest first; see arena.h for the rules. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 16 * 1024 - 64, LARGEST_STEP = 1024 * 1024, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size; /* bytes of data */
    size_t used;
    alignas(ALIGN) unsigned char data[];
};

struct arena {
    struct block *head;
    size_t total;
};

static void out_of_memory(size_t n) {
    fprintf(stderr, "millrace: out of memory (%zu bytes)\n", n);
    abort();
}

static struct block *block_new(size_t size, struct block *next) {
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        out_of_memory(size);
    b->next = next;
    b->size = size;
    b->used = 0;
    return b;
}

struct arena *arena_new(void) {
    struct arena *a = malloc(sizeof *a);
    if (!a)
        out_of_memory(sizeof *a);
    a->head = NULL;
    a->total = 0;
    return a;
}

void arena_reset(struct arena *a) {
    while (a->head && (a->head->next || a->head->size > FIRST_BLOCK)) {
        struct block *b = a->head;
        a->head = b->next;
        a->total -= b->size;
        free(b);
    }
    if (a->head)
        a->head->used = 0;
}

void arena_free(struct arena *a) {
    if (!a)
        return;
    arena_reset(a);
    free(a->head);
    free(a);
}

/* The size of the block that follows: doubling up to a step, or the request itself if it is larger. */
static size_t next_block_size(const struct arena *a, size_t need) {
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    return size < need ? need : size;
}

void *arena_raw(struct arena *a, size_t size) {
    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    size_t need = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (need == 0)
        need = ALIGN;
    if (!a->head || a->head->size - a->head->used < need) {
        a->head = block_new(next_block_size(a, need), a->head);
        a->total += a->head->size;
    }
    void *p = a->head->data + a->head->used;
    a->head->used += need;
    return p;
}

void *arena_alloc(struct arena *a, size_t size) {
    return memset(arena_raw(a, size), 0, size);
}

void *arena_grow(struct arena *a, void *old, size_t old_n, size_t new_n) {
    struct block *b = a->head;
    size_t taken = (old_n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    size_t need = (new_n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    unsigned char *p = old;
    if (old && b && taken && p + taken == b->data + b->used && need - taken <= b->size - b->used) {
        b->used += need - taken;
        return old;
    }
    void *fresh = arena_raw(a, new_n);
    if (old_n)
        memcpy(fresh, old, old_n);
    return fresh;
}

size_t arena_size(const struct arena *a) {
    return a->total;
}
