/* SQL of params and tags; see q_params_tags.h. */
#include "store/q_params_tags.h"

/* Keeps a text of the row; a NULL becomes the empty string, since the row is there. */
static int take_text(struct ctx *c, struct rows *r, void *arg) {
    struct str s = row_dup(c, r, 0);
    *(struct str *)arg = s.p ? s : STR("");
    return OK;
}

int q_param_add(struct ctx *c, struct str run_id, const struct Param *p, struct str *old) {
    int64_t added;
    bool found;
    *old = (struct str){0};
    int err = db_run(c, &added, "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                     "sss", p->key, p->value, run_id);
    if (err || added)
        return err;
    return db_one(c, &found, take_text, old, "SELECT value FROM params WHERE key = ? AND run_uuid = ?", "ss", p->key,
                  run_id);
}

int q_run_tags_set(struct ctx *c, struct str run_id, const struct RunTag *v, size_t n) {
    int err = OK;
    for (size_t i = 0; i < n && !err; i++)
        err = db_run(c, NULL,
                     "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)"
                     " ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
                     "sss", v[i].key, v[i].value, run_id);
    return err;
}

int q_run_tag_get(struct ctx *c, struct str run_id, struct str key, struct str *value) {
    bool found;
    *value = (struct str){0};
    return db_one(c, &found, take_text, value, "SELECT value FROM tags WHERE key = ? AND run_uuid = ?", "ss", key,
                  run_id);
}

int q_run_tag_delete(struct ctx *c, struct str run_id, struct str key, bool *found) {
    int64_t changed;
    int err = db_run(c, &changed, "DELETE FROM tags WHERE key = ? AND run_uuid = ?", "ss", key, run_id);
    *found = !err && changed > 0;
    return err;
}

int q_experiment_tag_set(struct ctx *c, int64_t experiment_id, struct str key, struct str value) {
    return db_run(c, NULL,
                  "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, ?)"
                  " ON CONFLICT (key, experiment_id) DO UPDATE SET value = excluded.value",
                  "ssi", key, value.p ? value : STR(""), experiment_id);
}

int q_experiment_tag_delete(struct ctx *c, int64_t experiment_id, struct str key, bool *found) {
    int64_t changed;
    int err = db_run(c, &changed, "DELETE FROM experiment_tags WHERE key = ? AND experiment_id = ?", "si", key,
                     experiment_id);
    *found = !err && changed > 0;
    return err;
}
