/* Clocks and random names. */
#pragma once
#include <stdint.h>

#include "base/str.h"

struct arena;

/* Milliseconds since 1970, as MLflow stores times. */
int64_t clock_ms(void);

/* Monotonic milliseconds and microseconds, for deadlines and durations. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* `n` random bytes from the kernel. */
void random_bytes(void *out, size_t n);

/* A new UUID as 32 lower-case hex digits: the form of run ids. It begins with the time (version 7), so that the rows of
 * runs made one after the other lie together in every index. */
struct str uuid_hex(struct arena *a);

/* A new UUID as it is usually written, with dashes: the form of webhook and delivery ids. */
struct str uuid_dashed(struct arena *a);
