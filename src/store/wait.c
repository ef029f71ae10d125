/* Waiting; see wait.h. */
#include "store/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

void wait_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static struct timespec time_of(int64_t ms) {
    return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

bool wait_cond(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline) {
    struct timespec until = time_of(deadline);
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

bool wait_word(_Atomic uint32_t *word, uint32_t value, int64_t deadline) {
    struct timespec left, *limit = NULL;
    if (deadline != INT64_MAX) {
        int64_t ms = deadline - clock_monotonic_ms();
        if (ms <= 0)
            return false;
        left = time_of(ms);
        limit = &left;
    }
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0) == 0 || errno != ETIMEDOUT;
}

void wait_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
