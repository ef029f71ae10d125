/* Clocks and random names; see clock.h. */
#include "base/clock.h"

#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/ctx.h"

static int64_t read_clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_ms(void) {
    return read_clock_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_ms(void) {
    return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void) {
    return read_clock_us(CLOCK_MONOTONIC);
}

void random_bytes(void *out, size_t n) {
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        must(got > 0);
        p += got;
        n -= (size_t)got;
    }
}

struct str uuid_hex(struct arena *a) {
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[16];
    uint64_t now = (uint64_t)clock_ms();
    random_bytes(raw, sizeof raw);
    for (int i = 0; i < 6; i++)
        raw[i] = (unsigned char)(now >> (40 - 8 * i));
    raw[6] = (unsigned char)((raw[6] & 0x0F) | 0x70); /* version 7 */
    raw[8] = (unsigned char)((raw[8] & 0x3F) | 0x80); /* variant */
    char *p = arena_raw(a, 33);
    for (size_t i = 0; i < sizeof raw; i++) {
        p[2 * i] = hex[raw[i] >> 4];
        p[2 * i + 1] = hex[raw[i] & 15];
    }
    p[32] = 0;
    return (struct str){p, 32};
}

struct str uuid_dashed(struct arena *a) {
    struct str hex = uuid_hex(a);
    return str_fmt(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.p, hex.p + 8, hex.p + 12, hex.p + 16, hex.p + 20);
}
