/* SQL of garbage collection; see q_gc.h. Foreign keys take along what the schema says "on delete cascade" for. */
#include "store/q_gc.h"

#include "store/list.h"

/* Columns: id, location, deleted, since. */
static const struct gc_sql {
    const char *deleted, *one, *of_experiment, *noun;
    const char *remove[10]; /* each takes the id */
} sql[] = {
    [GC_RUN] =
        {
            .deleted = "SELECT r.run_uuid, r.artifact_uri, 1, r.deleted_time FROM runs r"
                       " JOIN experiments e ON e.experiment_id = r.experiment_id"
                       " WHERE e.workspace = ? AND r.lifecycle_stage = 'deleted' AND r.deleted_time <= ?",
            .one = "SELECT r.run_uuid, r.artifact_uri, r.lifecycle_stage = 'deleted', r.deleted_time FROM runs r"
                   " JOIN experiments e ON e.experiment_id = r.experiment_id WHERE e.workspace = ? AND r.run_uuid = ?",
            .of_experiment = "SELECT r.run_uuid, r.artifact_uri, r.lifecycle_stage = 'deleted', r.deleted_time"
                             " FROM runs r WHERE r.experiment_id = ?",
            .noun = "Run",
            .remove = {"DELETE FROM metrics WHERE run_uuid = ?", "DELETE FROM latest_metrics WHERE run_uuid = ?",
                       "DELETE FROM params WHERE run_uuid = ?", "DELETE FROM tags WHERE run_uuid = ?",
                       "DELETE FROM input_tags WHERE input_uuid IN (SELECT input_uuid FROM inputs"
                       " WHERE destination_type = 'RUN' AND destination_id = ?)",
                       "DELETE FROM inputs WHERE destination_type = 'RUN' AND destination_id = ?",
                       "DELETE FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ?",
                       "DELETE FROM runs WHERE run_uuid = ?"},
        },
    [GC_MODEL] =
        {
            .deleted = "SELECT m.model_id, m.artifact_location, 1, m.last_updated_timestamp_ms FROM logged_models m"
                       " JOIN experiments e ON e.experiment_id = m.experiment_id WHERE e.workspace = ?"
                       " AND m.lifecycle_stage = 'deleted' AND m.last_updated_timestamp_ms <= ?",
            .one = "SELECT m.model_id, m.artifact_location, m.lifecycle_stage = 'deleted', m.last_updated_timestamp_ms"
                   " FROM logged_models m JOIN experiments e ON e.experiment_id = m.experiment_id"
                   " WHERE e.workspace = ? AND m.model_id = ?",
            .of_experiment = "SELECT m.model_id, m.artifact_location, m.lifecycle_stage = 'deleted',"
                             " m.last_updated_timestamp_ms FROM logged_models m WHERE m.experiment_id = ?",
            .noun = "Logged model",
            .remove = {"DELETE FROM logged_models WHERE model_id = ?"},
        },
    [GC_EXPERIMENT] =
        {
            .deleted = "SELECT e.experiment_id, NULL, 1, e.last_update_time FROM experiments e WHERE e.workspace = ?"
                       " AND e.lifecycle_stage = 'deleted' AND coalesce(e.last_update_time, 0) <= ?",
            .one = "SELECT e.experiment_id, NULL, e.lifecycle_stage = 'deleted', e.last_update_time"
                   " FROM experiments e WHERE e.workspace = ? AND e.experiment_id = ?",
            .noun = "Experiment",
            .remove = {"DELETE FROM sql_trace_rollup_rebuild_queue WHERE experiment_id = ?",
                       "DELETE FROM sql_trace_metric_daily_rollups WHERE experiment_id = ?",
                       "DELETE FROM sql_span_cost_daily_rollups WHERE experiment_id = ?",
                       "DELETE FROM sql_assessment_daily_rollups WHERE experiment_id = ?",
                       "DELETE FROM experiment_tags WHERE experiment_id = ?",
                       "DELETE FROM experiments WHERE experiment_id = ?"},
        },
};

static void read_item(struct ctx *c, struct rows *r, struct gc_item *out) {
    *out = (struct gc_item){row_dup(c, r, 0), row_dup(c, r, 1), row_i64(r, 2) != 0,
                            row_null(r, 3) ? INT64_MAX : row_i64(r, 3)};
}

/* Adds the rows to `out` and ends the query. */
static int read_items(struct ctx *c, struct rows *r, struct gc_list *out) {
    int more;
    while ((more = rows_next(c, r)) > 0) {
        struct gc_item item;
        read_item(c, r, &item);
        LIST_ADD(c->arena, out, item);
    }
    rows_end(r);
    return more;
}

int q_gc_deleted(struct ctx *c, enum gc_kind kind, int64_t before, struct gc_list *out) {
    struct rows *r;
    int err = db_query(c, &r, sql[kind].deleted, "si", c->workspace, before);
    return err ? err : read_items(c, r, out);
}

static int take_item(struct ctx *c, struct rows *r, void *arg) {
    read_item(c, r, arg);
    return 0;
}

int q_gc_one(struct ctx *c, enum gc_kind kind, struct str id, struct gc_item *out) {
    bool found;
    int err = db_one(c, &found, take_item, out, sql[kind].one, "ss", c->workspace, id);
    if (err || found)
        return err;
    return fail(c, ERR_NOT_FOUND, "%s '%.*s' not found", sql[kind].noun, STR_FMT(id));
}

int q_gc_of_experiment(struct ctx *c, enum gc_kind kind, struct str experiment_id, struct gc_list *out) {
    struct rows *r;
    int err = db_query(c, &r, sql[kind].of_experiment, "s", experiment_id);
    return err ? err : read_items(c, r, out);
}

int q_gc_remove(struct ctx *c, enum gc_kind kind, struct str id) {
    for (size_t i = 0; sql[kind].remove[i]; i++) {
        int err = db_run(c, NULL, sql[kind].remove[i], "s", id);
        if (err)
            return err;
    }
    return 0;
}

/* ---- jobs ------------------------------------------------------------------------------------------------- */

/* MLflow's JobStatus: succeeded, failed, timed out, canceled. */
#define FINISHED "status IN (2, 3, 4, 5)"

static int remove_job(struct ctx *c, struct str id, int64_t before, struct str_list *out) {
    int64_t changed;
    int err =
        db_run(c, &changed, "DELETE FROM jobs WHERE id = ? AND workspace = ? AND " FINISHED " AND creation_time < ?",
               "ssi", id, c->workspace, before);
    if (!err && changed)
        LIST_ADD(c->arena, out, id);
    return err;
}

static int list_jobs(struct ctx *c, struct str_list *out) {
    struct rows *r;
    int more, err = db_query(c, &r, "SELECT id FROM jobs WHERE workspace = ? AND " FINISHED, "s", c->workspace);
    if (err)
        return err;
    while ((more = rows_next(c, r)) > 0) {
        struct str id = row_dup(c, r, 0);
        LIST_ADD(c->arena, out, id);
    }
    rows_end(r);
    return more;
}

int q_gc_remove_jobs(struct ctx *c, const struct str_list *ids, int64_t before, struct str_list *out) {
    struct str_list all = {0};
    int err = ids->n ? 0 : list_jobs(c, &all);
    if (!ids->n)
        ids = &all;
    for (size_t i = 0; !err && i < ids->n; i++)
        err = remove_job(c, ids->v[i], before, out);
    return err;
}
