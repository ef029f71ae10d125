/* Sort values of a row; see sort_values.h. */
#include "store/sort_values.h"

struct bind *sort_values(struct ctx *c, const struct sort *o, struct rows *r, int col) {
    struct bind *v = ARENA_ARRAY(c->arena, struct bind, o->n);
    for (size_t i = 0; i < o->n; i++, col++)
        switch (row_null(r, col) ? BIND_NULL : o->v[i].type) {
        case BIND_STR: v[i] = BIND_S(row_dup(c, r, col)); break;
        case BIND_I64: v[i] = BIND_I(row_i64(r, col)); break;
        case BIND_F64: v[i] = BIND_F(row_f64(r, col)); break;
        case BIND_NULL: break;
        }
    return v;
}
