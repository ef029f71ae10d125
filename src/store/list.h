/* Growing the lists of messages (struct X_list) while rows are read. Used by the q_ files and the services. */
#pragma once
#include "base/arena.h"

/* Makes room for one element more. The capacity is not kept: it is 8, or the next power of two. Memory that is not
 * yet counted by `n` has no defined content. */
[[nodiscard]] static inline void *list_room(struct arena *a, void *v, size_t n, size_t size) {
    if (n == 0)
        return arena_raw(a, 8 * size);
    if (n >= 8 && (n & (n - 1)) == 0)
        return arena_grow(a, v, n * size, 2 * n * size);
    return v;
}

/* Adds an element to a list that was empty or made by this macro alone. */
#define LIST_ADD(a, list, ...)                                                      \
    do {                                                                            \
        (list)->v = list_room((a), (list)->v, (list)->n, sizeof *(list)->v);        \
        (list)->v[(list)->n++] = __VA_ARGS__;                                       \
    } while (0)
