/* Bound values: what goes in the place of a `?` in SQL. Made by services and by the search grammar, given to the store,
 * carried by page tokens. */
#pragma once
#include <stdint.h>

#include "base/str.h"

enum bind_type { BIND_NULL, BIND_STR, BIND_I64, BIND_F64 };

struct bind {
    enum bind_type type;
    union {
        struct str s;
        int64_t i;
        double f;
    };
};

#define BIND_S(x) ((struct bind){.type = BIND_STR, .s = (x)})
#define BIND_I(x) ((struct bind){.type = BIND_I64, .i = (x)})
#define BIND_F(x) ((struct bind){.type = BIND_F64, .f = (x)})
