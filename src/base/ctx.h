/* Context: everything one request carries through the layers, passed as the first argument.
 *
 * Made by the http layer (or by a command), used by api, service, search, store and artifact. It belongs to one
 * thread at a time. */
#pragma once
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct app;
struct db;

struct ctx {
    struct arena *arena;
    const struct app *app; /* the program: configuration, store, artifacts */
    struct db *db;         /* the transaction a handler runs in; NULL outside of one */
    struct str workspace;  /* the workspace every query is scoped to */
    struct str user;       /* who asks; empty without authentication */
    int64_t deadline;      /* clock_monotonic_ms() at which to give up */
    enum err err;          /* the last failure ... */
    struct str message;    /* ... and its text */
};

/* Records a failure and returns its code, for `return fail(c, ERR_..., "...", ...)`. */
[[gnu::format(printf, 3, 4), gnu::cold]] int fail(struct ctx *c, enum err code, const char *fmt, ...);

/* fail() with ERR_INVALID_PARAMETER, the most frequent one. */
#define fail_invalid(c, ...) fail((c), ERR_INVALID_PARAMETER, __VA_ARGS__)

/* A constant condition of the program itself; stays on in release builds. Never for input. */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
[[gnu::noreturn, gnu::cold]] void must_failed(const char *what, const char *file, int line);
