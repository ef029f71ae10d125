/* SQL of the noun logged model; see q_logged_models.h. */
#include "store/q_logged_models.h"

#include "store/list.h"

static int fail_absent(struct ctx *c, struct str model_id) {
    return fail(c, ERR_NOT_FOUND, "Logged model with ID '%.*s' not found.", STR_FMT(model_id));
}

/* The model of the workspace, with its stage at will: bind the id, the workspace, and 1 for deleted ones too. */
#define ONE_MODEL                                                                                                      \
    " FROM logged_models l JOIN experiments e ON e.experiment_id = l.experiment_id"                                    \
    " WHERE l.model_id = ? AND e.workspace = ? AND (l.lifecycle_stage <> 'deleted' OR ? = 1)"

static int take_head(struct ctx *c, struct rows *r, void *arg) {
    struct logged_model_head *h = arg;
    h->experiment_id = row_i64(r, 0);
    h->artifact_location = row_dup(c, r, 1);
    h->source_run_id = row_dup(c, r, 2);
    return OK;
}

int q_logged_model_head(struct ctx *c, struct str model_id, bool deleted_too, struct logged_model_head *out) {
    bool found;
    int err =
        db_one(c, &found, take_head, out, "SELECT l.experiment_id, l.artifact_location, l.source_run_id" ONE_MODEL,
               "ssi", model_id, c->workspace, (int64_t)deleted_too);
    return err ? err : found ? OK : fail_absent(c, model_id);
}

void q_logged_model_row(struct ctx *c, struct rows *r, int col, struct LoggedModel *out) {
    struct LoggedModelInfo *info = ARENA_NEW(c->arena, struct LoggedModelInfo);
    info->model_id = row_dup(c, r, col);
    info->experiment_id = str_fmt(c->arena, "%ld", (long)row_i64(r, col + 1));
    info->name = row_dup(c, r, col + 2);
    info->creation_timestamp_ms = I64(row_i64(r, col + 3));
    info->last_updated_timestamp_ms = I64(row_i64(r, col + 4));
    info->artifact_uri = row_dup(c, r, col + 5);
    info->status = ENUM(row_i64(r, col + 6));
    info->model_type = row_dup(c, r, col + 7);
    info->source_run_id = row_dup(c, r, col + 8);
    info->status_message = row_dup(c, r, col + 9);
    out->info = info;
    out->data = ARENA_NEW(c->arena, struct LoggedModelData);
}

static int take(struct ctx *c, struct rows *r, void *arg) {
    q_logged_model_row(c, r, 0, arg);
    return OK;
}

int q_logged_model_get(struct ctx *c, struct str model_id, bool deleted_too, struct LoggedModel *out) {
    bool found;
    int err = db_one(c, &found, take, out, "SELECT " LOGGED_MODEL_COLUMNS("l") ONE_MODEL, "ssi", model_id, c->workspace,
                     (int64_t)deleted_too);
    return err ? err : found ? OK : fail_absent(c, model_id);
}

/* ---- what hangs on a model ------------------------------------------------------------------------------ */

static int load_tags(struct ctx *c, struct LoggedModelInfo *info) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ? ORDER BY tag_key",
                       "s", info->model_id);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, &info->tags, (struct LoggedModelTag){row_dup(c, r, 0), row_dup(c, r, 1)});
    rows_end(r);
    return err;
}

static int load_params(struct ctx *c, struct str model_id, struct LoggedModelParameter_list *out) {
    struct rows *r;
    int err =
        db_query(c, &r, "SELECT param_key, param_value FROM logged_model_params WHERE model_id = ? ORDER BY param_key",
                 "s", model_id);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, out, (struct LoggedModelParameter){row_dup(c, r, 0), row_dup(c, r, 1)});
    rows_end(r);
    return err;
}

/* SQLite gives them in the order they were logged. */
static int load_metrics(struct ctx *c, struct str model_id, struct Metric_list *out) {
    struct rows *r;
    int err = db_query(c, &r,
                       "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, dataset_name,"
                       " dataset_digest, run_id FROM logged_model_metrics WHERE model_id = ?",
                       "s", model_id);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct Metric m = {
            .key = row_dup(c, r, 0),
            .value = {row_f64(r, 1), !row_null(r, 1)},
            .timestamp = I64(row_i64(r, 2)),
            .step = I64(row_i64(r, 3)),
            .dataset_name = row_dup(c, r, 4),
            .dataset_digest = row_dup(c, r, 5),
            .model_id = model_id,
            .run_id = row_dup(c, r, 6),
        };
        LIST_ADD(c->arena, out, m);
    }
    rows_end(r);
    return err;
}

int q_logged_models_load(struct ctx *c, struct LoggedModel *v, size_t n) {
    int err = OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct str model_id = v[i].info->model_id;
        err = load_tags(c, v[i].info);
        if (!err)
            err = load_params(c, model_id, &v[i].data->params);
        if (!err)
            err = load_metrics(c, model_id, &v[i].data->metrics);
    }
    return err;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

int q_logged_model_insert(struct ctx *c, int64_t experiment_id, const struct LoggedModelInfo *info) {
    return db_run(c, NULL,
                  "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,"
                  " last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
                  "sissiiiss", info->model_id, experiment_id, info->name, info->artifact_uri,
                  info->creation_timestamp_ms.v, info->last_updated_timestamp_ms.v, (int64_t)info->status.v,
                  info->model_type, info->source_run_id);
}

int q_logged_model_set_status(struct ctx *c, struct str model_id, int status, int64_t now) {
    return db_run(c, NULL, "UPDATE logged_models SET status = ?, last_updated_timestamp_ms = ? WHERE model_id = ?",
                  "iis", (int64_t)status, now, model_id);
}

int q_logged_model_set_deleted(struct ctx *c, struct str model_id, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = ?"
                  " WHERE model_id = ?",
                  "is", now, model_id);
}

int q_logged_model_param_add(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key,
                             struct str value, bool *added) {
    int64_t changed = 0;
    int err = db_run(c, &changed,
                     "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)"
                     " VALUES (?, ?, ?, ?) ON CONFLICT (model_id, param_key) DO NOTHING",
                     "siss", model_id, experiment_id, key, value);
    *added = changed == 1;
    return err;
}

int q_logged_model_tag_add(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key, struct str value,
                           bool *added) {
    int64_t changed = 0;
    int err = db_run(c, &changed,
                     "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?)"
                     " ON CONFLICT (model_id, tag_key) DO NOTHING",
                     "siss", model_id, experiment_id, key, value);
    *added = changed == 1;
    return err;
}

int q_logged_model_tag_set(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key,
                           struct str value) {
    return db_run(c, NULL,
                  "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
                  "siss", model_id, experiment_id, key, value);
}

int q_logged_model_tag_delete(struct ctx *c, struct str model_id, struct str key, bool *found) {
    int64_t changed = 0;
    int err =
        db_run(c, &changed, "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", "ss", model_id, key);
    *found = changed > 0;
    return err;
}

static int take_value(struct ctx *c, struct rows *r, void *arg) {
    *(struct str *)arg = row_dup(c, r, 0);
    return OK;
}

int q_logged_model_tag_get(struct ctx *c, struct str model_id, struct str key, struct str *value) {
    bool found;
    *value = (struct str){0};
    return db_one(c, &found, take_value, value,
                  "SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", "ss", model_id, key);
}
