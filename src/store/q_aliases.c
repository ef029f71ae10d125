/* SQL of the noun alias; see q_aliases.h. */
#include "store/q_aliases.h"

#include "store/list.h"

int q_aliases(struct ctx *c, struct str name, struct RegisteredModelAlias_list *out) {
    struct rows *r;
    int err = db_query(c, &r,
                       "SELECT alias, version FROM registered_model_aliases WHERE workspace = ? AND name = ?"
                       " ORDER BY alias",
                       "ss", c->workspace, name);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct str version = str_fmt(c->arena, "%ld", (long)row_i64(r, 1));
        LIST_ADD(c->arena, out, (struct RegisteredModelAlias){row_dup(c, r, 0), version});
    }
    rows_end(r);
    return err;
}

int q_aliases_of_version(struct ctx *c, struct str name, int64_t version, struct str_list *out) {
    struct rows *r;
    int err = db_query(c, &r,
                       "SELECT alias FROM registered_model_aliases WHERE workspace = ? AND name = ? AND version = ?"
                       " ORDER BY alias",
                       "ssi", c->workspace, name, version);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, row_dup(c, r, 0));
    rows_end(r);
    return err;
}

int q_alias_set(struct ctx *c, struct str name, struct str alias, int64_t version) {
    return db_run(c, NULL,
                  "INSERT INTO registered_model_aliases (workspace, name, alias, version) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version",
                  "sssi", c->workspace, name, alias, version);
}

int q_alias_delete(struct ctx *c, struct str name, struct str alias) {
    return db_run(c, NULL, "DELETE FROM registered_model_aliases WHERE workspace = ? AND name = ? AND alias = ?", "sss",
                  c->workspace, name, alias);
}

int q_aliases_delete_of_version(struct ctx *c, struct str name, int64_t version) {
    return db_run(c, NULL, "DELETE FROM registered_model_aliases WHERE workspace = ? AND name = ? AND version = ?",
                  "ssi", c->workspace, name, version);
}
