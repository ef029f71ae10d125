/* SQL of datasets and of the edges of runs; see q_datasets.h. */
#include "store/q_datasets.h"

#include "base/clock.h"
#include "store/list.h"

static int take_text(struct ctx *c, struct rows *r, void *arg) {
    *(struct str *)arg = row_dup(c, r, 0);
    return OK;
}

int q_dataset_ensure(struct ctx *c, int64_t experiment_id, const struct Dataset *d, struct str *uuid) {
    bool found;
    struct str name = str_or_empty(d->name), digest = str_or_empty(d->digest);
    int err = db_one(c, &found, take_text, uuid,
                     "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?", "iss",
                     experiment_id, name, digest);
    if (err || found)
        return err;
    *uuid = uuid_hex(c->arena);
    return db_run(c, NULL,
                  "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,"
                  " dataset_source, dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  "sissssss", *uuid, experiment_id, name, digest, str_or_empty(d->source_type), str_or_empty(d->source),
                  d->schema, d->profile);
}

int q_input_add(struct ctx *c, const struct input_edge *e, bool *added, struct str *uuid) {
    int64_t changed;
    *uuid = uuid_hex(c->arena);
    int err = db_run(c, &changed,
                     "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)"
                     " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                     "sssssi", *uuid, e->source_type, e->source_id, e->destination_type, e->destination_id, e->step);
    *added = !err && changed > 0;
    return err;
}

int q_input_tag_add(struct ctx *c, struct str input_uuid, struct str name, struct str value) {
    return db_run(c, NULL, "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)", "sss", input_uuid,
                  str_or_empty(name), str_or_empty(value));
}

static int add_summary(struct ctx *c, struct rows *r, struct DatasetSummary_list *out) {
    struct DatasetSummary s = {.experiment_id = str_fmt(c->arena, "%ld", (long)row_i64(r, 0)),
                               .name = row_dup(c, r, 1),
                               .digest = row_dup(c, r, 2),
                               .context = row_dup(c, r, 3)};
    if (s.context.n == 0)
        s.context = (struct str){0};
    LIST_ADD(c->arena, out, s);
    return OK;
}

int q_datasets_summarize(struct ctx *c, const struct i64_list *experiment_ids, size_t limit,
                         struct DatasetSummary_list *out) {
    struct buf sql = BUF_IN(c->arena);
    struct bind *v = ARENA_ARRAY(c->arena, struct bind, experiment_ids->n + 2);
    struct rows *r;
    size_t n = 0;
    buf_z(&sql, "SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value FROM datasets d"
                " JOIN experiments e ON e.experiment_id = d.experiment_id AND e.workspace = ?"
                " JOIN inputs i ON i.source_type = 'DATASET' AND i.source_id = d.dataset_uuid"
                " LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'"
                " WHERE d.experiment_id IN (");
    v[n++] = BIND_S(c->workspace);
    for (size_t i = 0; i < experiment_ids->n; i++) {
        buf_z(&sql, i ? ", ?" : "?");
        v[n++] = BIND_I(experiment_ids->v[i]);
    }
    buf_z(&sql, ") LIMIT ?");
    v[n++] = BIND_I((int64_t)limit);
    int err = db_query_binds(c, &r, buf_end(&sql), v, n);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1 && !(err = add_summary(c, r, out)))
        ;
    rows_end(r);
    return err;
}
