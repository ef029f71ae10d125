/* SQL of the noun experiment; see q_experiments.h. */
#include "store/q_experiments.h"

#include "base/num.h"

void q_experiment_row(struct ctx *c, struct rows *r, int col, struct Experiment *out) {
    int64_t created = row_i64(r, col + 4), updated = row_i64(r, col + 5);
    out->experiment_id = str_fmt(c->arena, "%ld", (long)row_i64(r, col));
    out->name = row_dup(c, r, col + 1);
    out->artifact_location = row_dup(c, r, col + 2);
    out->lifecycle_stage = row_dup(c, r, col + 3);
    out->creation_time = (struct opt_i64){created, created != 0};
    out->last_update_time = (struct opt_i64){updated, updated != 0};
    out->workspace = row_dup(c, r, col + 6);
}

static int take(struct ctx *c, struct rows *r, void *arg) {
    q_experiment_row(c, r, 0, arg);
    return OK;
}

int q_experiment_tags(struct ctx *c, int64_t id, struct ExperimentTag_list *out) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT key, value FROM experiment_tags WHERE experiment_id = ? ORDER BY key", "i", id);
    if (err)
        return err;
    size_t cap = 0;
    while ((err = rows_next(c, r)) == 1) {
        if (out->n == cap) {
            size_t more = cap ? cap * 2 : 8;
            out->v = arena_grow(c->arena, out->v, cap * sizeof *out->v, more * sizeof *out->v);
            cap = more;
        }
        out->v[out->n++] = (struct ExperimentTag){.key = row_dup(c, r, 0), .value = row_dup(c, r, 1)};
    }
    rows_end(r);
    return err;
}

int q_experiment_get(struct ctx *c, int64_t id, int view, struct Experiment *out) {
    bool found;
    int err = db_one(c, &found, take, out,
                     "SELECT " EXPERIMENT_COLUMNS " FROM experiments e WHERE e.experiment_id = ? AND e.workspace = ?",
                     "is", id, c->workspace);
    if (err)
        return err;
    bool deleted = found && str_is(out->lifecycle_stage, "deleted");
    if (!found || (view == VIEW_ACTIVE && deleted) || (view == VIEW_DELETED && !deleted))
        return fail(c, ERR_NOT_FOUND, "No Experiment with id=%ld exists", (long)id);
    return q_experiment_tags(c, id, &out->tags);
}

int q_experiment_by_name(struct ctx *c, struct str name, bool *found, struct Experiment *out) {
    int err = db_one(c, found, take, out,
                     "SELECT " EXPERIMENT_COLUMNS " FROM experiments e WHERE e.name = ? AND e.workspace = ?", "ss",
                     name, c->workspace);
    int64_t id;
    if (err || !*found)
        return err;
    must(num_parse_int(out->experiment_id.p, out->experiment_id.n, &id));
    return q_experiment_tags(c, id, &out->tags);
}

/* Fails with `code` when the name is taken by another experiment of the workspace, a deleted one included. */
static int check_name_free(struct ctx *c, struct str name, int64_t but, enum err code) {
    bool taken;
    int err = db_exists(c, &taken, "SELECT 1 FROM experiments WHERE name = ? AND workspace = ? AND experiment_id <> ?",
                        "ssi", name, c->workspace, but);
    if (err)
        return err;
    if (taken)
        return fail(c, code, "Experiment(name=%.*s) already exists. Error: the name must be unique", STR_FMT(name));
    return OK;
}

static int take_id(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return OK;
}

int q_experiment_insert(struct ctx *c, struct str name, int64_t now, int64_t *id) {
    bool found;
    int err = check_name_free(c, name, -1, ERR_ALREADY_EXISTS);
    if (err)
        return err;
    return db_one(c, &found, take_id, id,
                  "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time, workspace)"
                  " VALUES (?, 'active', ?, ?, ?) RETURNING experiment_id",
                  "siis", name, now, now, c->workspace);
}

int q_experiment_set_location(struct ctx *c, int64_t id, struct str location) {
    return db_run(c, NULL, "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", "si", location, id);
}

int q_experiment_set_stage(struct ctx *c, int64_t id, bool deleted, int64_t now) {
    return db_run(c, NULL, "UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ?",
                  "sii", deleted ? STR("deleted") : STR("active"), now, id);
}

int q_experiment_rename(struct ctx *c, int64_t id, struct str name, int64_t now) {
    int err = check_name_free(c, name, id, ERR_BAD_REQUEST);
    if (err)
        return err;
    return db_run(c, NULL, "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?", "sii",
                  name, now, id);
}
