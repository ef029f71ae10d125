/* Wait: condition variables and words in memory with monotonic deadlines. Used by pool.c, writer.c and janitor.c. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Initialises a condition variable for wait_cond. */
void wait_cond_init(pthread_cond_t *cond);

/* Waits until signalled; false when `deadline` (clock_monotonic_ms) has passed. */
bool wait_cond(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline);

/* Sleeps while *word is `value`, until wait_wake or `deadline` (INT64_MAX: none). May return early; false when the
 * deadline has passed. One system call where a condition variable needs three and a lock. */
bool wait_word(_Atomic uint32_t *word, uint32_t value, int64_t deadline);

/* Wakes the thread that sleeps on *word, which may be gone already. */
void wait_wake(_Atomic uint32_t *word);
