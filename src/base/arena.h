/* Arena: memory of one request, freed in one step.
 *
 * Everything a request builds (message, SQL text, rows, answer) is taken from its arena and lives until the
 * arena is reset or freed. An arena belongs to one thread at a time; handing a request to the writer hands its
 * arena over with it. Allocation never returns NULL: without memory the process ends, as nothing acknowledged
 * can be lost by that. */
#pragma once
#include <stddef.h>
#include <string.h>

struct arena;

/* A new, empty arena. Free it with arena_free. */
struct arena *arena_new(void);

/* Frees the arena and all memory taken from it. NULL is ignored. */
void arena_free(struct arena *a);

/* Forgets all allocations, keeping the first block for reuse. */
void arena_reset(struct arena *a);

/* `size` zeroed bytes, aligned to 16. Size 0 gives a valid pointer. */
[[gnu::malloc, gnu::returns_nonnull, nodiscard]] void *arena_alloc(struct arena *a, size_t size);

/* `size` bytes of any content, aligned to 16: for memory that is overwritten at once. */
[[gnu::malloc, gnu::returns_nonnull, nodiscard]] void *arena_raw(struct arena *a, size_t size);

/* A copy of `old_n` bytes at `old` in a block of `new_n` bytes (new_n >= old_n); grows in place when `old` was
 * the last allocation. Content past old_n is not defined. */
[[gnu::returns_nonnull, nodiscard]] void *arena_grow(struct arena *a, void *old, size_t old_n, size_t new_n);

/* Bytes taken from the system by this arena. */
size_t arena_size(const struct arena *a);

/* A zeroed array or object of a type. */
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))
