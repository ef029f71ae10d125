/* SQL of the noun run; see q_runs.h. */
#include "store/q_runs.h"

#include "base/clock.h"

static int take_head(struct ctx *c, struct rows *r, void *arg) {
    struct run_head *h = arg;
    h->experiment_id = row_i64(r, 0);
    h->active = str_is(row_str(r, 1), "active");
    h->name = row_dup(c, r, 2);
    h->artifact_uri = row_dup(c, r, 3);
    return OK;
}

int q_run_head(struct ctx *c, struct str run_id, struct run_head *out) {
    bool found;
    out->run_id = run_id;
    int err = db_one(c, &found, take_head, out,
                     "SELECT r.experiment_id, r.lifecycle_stage, r.name, r.artifact_uri"
                     " FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id"
                     " WHERE r.run_uuid = ? AND e.workspace = ?",
                     "ss", run_id, c->workspace);
    if (err)
        return err;
    return found ? OK : fail(c, ERR_NOT_FOUND, "Run with id=%.*s not found", STR_FMT(run_id));
}

int q_run_active(struct ctx *c, struct str run_id, struct run_head *out) {
    int err = q_run_head(c, run_id, out);
    if (err || out->active)
        return err;
    return fail_invalid(c, "The run %.*s must be in the 'active' state. Current state is deleted.", STR_FMT(run_id));
}

void q_run_info_row(struct ctx *c, struct rows *r, int col, struct RunInfo *out) {
    out->run_id = out->run_uuid = row_dup(c, r, col);
    out->run_name = row_dup(c, r, col + 1);
    out->experiment_id = str_fmt(c->arena, "%ld", (long)row_i64(r, col + 2));
    out->user_id = row_dup(c, r, col + 3);
    if (!out->user_id.p)
        out->user_id = STR("");
    out->status = ENUM(enum_value_of(&RunStatus_enum, row_str(r, col + 4)));
    out->start_time = I64(row_i64(r, col + 5));
    out->end_time = (struct opt_i64){row_i64(r, col + 6), row_i64(r, col + 6) != 0};
    out->artifact_uri = row_dup(c, r, col + 7);
    out->lifecycle_stage = row_dup(c, r, col + 8);
}

static int take_info(struct ctx *c, struct rows *r, void *arg) {
    q_run_info_row(c, r, 0, arg);
    return OK;
}

int q_run_info(struct ctx *c, struct str run_id, struct RunInfo *out) {
    bool found;
    int err = db_one(c, &found, take_info, out,
                     "SELECT " RUN_INFO_COLUMNS " FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id"
                     " WHERE r.run_uuid = ? AND e.workspace = ?",
                     "ss", run_id, c->workspace);
    if (err)
        return err;
    return found ? OK : fail(c, ERR_NOT_FOUND, "Run with id=%.*s not found", STR_FMT(run_id));
}

int q_run_insert(struct ctx *c, int64_t experiment_id, const struct RunInfo *info) {
    return db_run(c, NULL,
                  "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status,"
                  " start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                  " VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, '', 'active', ?, ?)",
                  "ssssisi", info->run_id, info->run_name, info->user_id,
                  str_of(enum_name(&RunStatus_enum, info->status.v)), info->start_time.v, info->artifact_uri,
                  experiment_id);
}

int q_run_update(struct ctx *c, struct str run_id, const struct UpdateRun *change) {
    struct bind v[4];
    size_t n = 0;
    struct buf sql = BUF_IN(c->arena);
    if (change->status.set) {
        buf_z(&sql, ", status = ?");
        v[n++] = BIND_S(str_of(enum_name(&RunStatus_enum, change->status.v)));
    }
    if (change->end_time.set) {
        buf_z(&sql, ", end_time = ?");
        v[n++] = BIND_I(change->end_time.v);
    }
    if (change->run_name.n) {
        buf_z(&sql, ", name = ?");
        v[n++] = BIND_S(change->run_name);
    }
    if (n == 0)
        return OK;
    v[n++] = BIND_S(run_id);
    struct str set = str_sub(buf_end(&sql), 2, SIZE_MAX);
    return db_run_binds(c, NULL, str_fmt(c->arena, "UPDATE runs SET %.*s WHERE run_uuid = ?", STR_FMT(set)), v, n);
}

int q_run_set_deleted(struct ctx *c, struct str run_id, bool deleted) {
    struct bind v[] = {BIND_S(deleted ? STR("deleted") : STR("active")),
                       deleted ? BIND_I(clock_ms()) : (struct bind){0}, BIND_S(run_id)};
    return db_run_binds(c, NULL, STR("UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_uuid = ?"), v, 3);
}

int q_runs_set_deleted(struct ctx *c, int64_t experiment_id, bool deleted) {
    struct bind v[] = {BIND_S(deleted ? STR("deleted") : STR("active")),
                       deleted ? BIND_I(clock_ms()) : (struct bind){0}, BIND_I(experiment_id)};
    return db_run_binds(c, NULL, STR("UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ?"),
                        v, 3);
}
