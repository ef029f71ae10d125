/* What every unit test includes: cmocka with its prerequisites, and a context to work in. */
#pragma once
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

/* cmocka's fail() would hide ours (base/ctx.h). */
#undef fail
#undef fail_msg
#define fail_msg(...)                \
    do {                             \
        print_error("ERROR: " __VA_ARGS__); \
        print_error("\n");           \
        _fail(__FILE__, __LINE__);   \
    } while (0)

#include "base/clock.h"
#include "base/ctx.h"

/* A context without database, with a minute to live. Free with test_ctx_free. */
static inline struct ctx *test_ctx(void) {
    struct arena *a = arena_new();
    struct ctx *c = ARENA_NEW(a, struct ctx);
    *c = (struct ctx){.arena = a, .workspace = STR("default"), .deadline = clock_monotonic_ms() + 60000};
    return c;
}

static inline void test_ctx_free(struct ctx *c) {
    arena_free(c->arena);
}

/* Asserts that a slice holds this text. */
#define assert_str(s, text)                                                                \
    do {                                                                                   \
        struct str got_ = (s);                                                             \
        if (!str_is(got_, (text)))                                                         \
            fail_msg("got \"%.*s\", expected \"%s\"", STR_FMT(got_), (const char *)(text)); \
    } while (0)
