/* SQL of the noun registered model; see q_models.h. */
#include "store/q_models.h"

#include "store/list.h"

static int fail_absent(struct ctx *c, struct str name) {
    return fail(c, ERR_NOT_FOUND, "Registered Model with name=%.*s not found", STR_FMT(name));
}

void q_model_row(struct ctx *c, struct rows *r, int col, struct RegisteredModel *out) {
    int64_t updated = row_i64(r, col + 2);
    struct str description = row_dup(c, r, col + 3);
    out->name = row_dup(c, r, col);
    out->creation_timestamp = (struct opt_i64){row_i64(r, col + 1), !row_null(r, col + 1)};
    out->last_updated_timestamp = (struct opt_i64){updated, updated != 0};
    if (description.n)
        out->description = description;
}

static int take(struct ctx *c, struct rows *r, void *arg) {
    q_model_row(c, r, 0, arg);
    return OK;
}

int q_model_get(struct ctx *c, struct str name, struct RegisteredModel *out) {
    bool found;
    int err = db_one(c, &found, take, out,
                     "SELECT " MODEL_COLUMNS("m") " FROM registered_models m WHERE m.workspace = ? AND m.name = ?",
                     "ss", c->workspace, name);
    return err ? err : found ? OK : fail_absent(c, name);
}

int q_model_insert(struct ctx *c, struct str name, struct str description, int64_t now, bool *added) {
    int64_t changed = 0;
    int err = db_run(c, &changed,
                     "INSERT INTO registered_models (workspace, name, creation_time, last_updated_time, description)"
                     " VALUES (?, ?, ?, ?, ?) ON CONFLICT (workspace, name) DO NOTHING",
                     "ssiis", c->workspace, name, now, now, description);
    *added = changed == 1;
    return err;
}

int q_model_touch(struct ctx *c, struct str name, int64_t now) {
    int64_t changed = 0;
    int err = db_run(c, &changed, "UPDATE registered_models SET last_updated_time = ? WHERE workspace = ? AND name = ?",
                     "iss", now, c->workspace, name);
    return err ? err : changed ? OK : fail_absent(c, name);
}

int q_model_describe(struct ctx *c, struct str name, struct str description, int64_t now) {
    int64_t changed = 0;
    int err = db_run(c, &changed,
                     "UPDATE registered_models SET description = ?, last_updated_time = ?"
                     " WHERE workspace = ? AND name = ?",
                     "siss", description, now, c->workspace, name);
    return err ? err : changed ? OK : fail_absent(c, name);
}

/* The foreign keys carry a new name along where the database enforces them; the other statements find nothing then. */
int q_model_rename(struct ctx *c, struct str name, struct str new_name, int64_t now) {
    static const char *const carry[] = {
        "UPDATE registered_models SET name = ? WHERE workspace = ? AND name = ?",
        "UPDATE model_versions SET name = ? WHERE workspace = ? AND name = ?",
        "UPDATE model_version_tags SET name = ? WHERE workspace = ? AND name = ?",
        "UPDATE registered_model_tags SET name = ? WHERE workspace = ? AND name = ?",
        "UPDATE registered_model_aliases SET name = ? WHERE workspace = ? AND name = ?",
    };
    int err = OK;
    for (size_t i = 0; i < sizeof carry / sizeof *carry && !err; i++)
        err = db_run(c, NULL, carry[i], "sss", new_name, c->workspace, name);
    if (!err)
        err = db_run(c, NULL, "UPDATE model_versions SET last_updated_time = ? WHERE workspace = ? AND name = ?", "iss",
                     now, c->workspace, new_name);
    return err ? err : q_model_touch(c, new_name, now);
}

int q_model_delete(struct ctx *c, struct str name) {
    static const char *const remove[] = {
        "DELETE FROM model_version_tags WHERE workspace = ? AND name = ?",
        "DELETE FROM registered_model_aliases WHERE workspace = ? AND name = ?",
        "DELETE FROM registered_model_tags WHERE workspace = ? AND name = ?",
        "DELETE FROM model_versions WHERE workspace = ? AND name = ?",
    };
    int64_t changed = 0;
    int err = OK;
    for (size_t i = 0; i < sizeof remove / sizeof *remove && !err; i++)
        err = db_run(c, NULL, remove[i], "ss", c->workspace, name);
    if (!err)
        err = db_run(c, &changed, "DELETE FROM registered_models WHERE workspace = ? AND name = ?", "ss", c->workspace,
                     name);
    return err ? err : changed ? OK : fail_absent(c, name);
}

/* ---- tags ----------------------------------------------------------------------------------------------- */

int q_model_tags(struct ctx *c, struct str name, struct RegisteredModelTag_list *out) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT key, value FROM registered_model_tags WHERE workspace = ? AND name = ?", "ss",
                       c->workspace, name);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, (struct RegisteredModelTag){row_dup(c, r, 0), row_dup(c, r, 1)});
    rows_end(r);
    return err;
}

int q_model_tag_set(struct ctx *c, struct str name, struct str key, struct str value) {
    return db_run(c, NULL,
                  "INSERT INTO registered_model_tags (workspace, name, key, value) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (workspace, key, name) DO UPDATE SET value = excluded.value",
                  "ssss", c->workspace, name, key, value);
}

int q_model_tag_delete(struct ctx *c, struct str name, struct str key) {
    return db_run(c, NULL, "DELETE FROM registered_model_tags WHERE workspace = ? AND name = ? AND key = ?", "sss",
                  c->workspace, name, key);
}
