/* SQL of what hangs on runs; see q_run_data.h.
 *
 * The ids go in as one JSON array, so that the text of a statement does not depend on their number. CROSS JOIN keeps
 * SQLite on the ids as the outer loop: rows come in the order of the runs, and each table is read through its index on
 * the run, in the order the rows were written. `j.key` is the run's position. */
#include "store/q_run_data.h"

#include <math.h>

#include "base/json.h"
#include "store/list.h"
#include "store/q_runs.h"

/* Rows of one table that hang on runs: how to read a row, and where the rows of a run go. */
struct part {
    const char *sql; /* first column: position of the run */
    size_t size;     /* of an element */
    void (*take)(struct ctx *c, struct rows *r, void *element);
    void (*put)(struct Run *run, void *elements, size_t n);
};

static void take_metric(struct ctx *c, struct rows *r, void *element) {
    *(struct Metric *)element = (struct Metric){
        .key = row_dup(c, r, 1),
        .value = F64(row_i64(r, 3) ? NAN : row_f64(r, 2)),
        .timestamp = I64(row_i64(r, 4)),
        .step = I64(row_i64(r, 5)),
    };
}

static void put_metrics(struct Run *run, void *elements, size_t n) {
    run->data->metrics = (struct Metric_list){elements, n};
}

static void take_param(struct ctx *c, struct rows *r, void *element) {
    *(struct Param *)element = (struct Param){.key = row_dup(c, r, 1), .value = row_dup(c, r, 2)};
}

static void put_params(struct Run *run, void *elements, size_t n) {
    run->data->params = (struct Param_list){elements, n};
}

static void take_tag(struct ctx *c, struct rows *r, void *element) {
    *(struct RunTag *)element = (struct RunTag){.key = row_dup(c, r, 1), .value = row_dup(c, r, 2)};
}

static void put_tags(struct Run *run, void *elements, size_t n) {
    run->data->tags = (struct RunTag_list){elements, n};
}

static void take_model_input(struct ctx *c, struct rows *r, void *element) {
    *(struct ModelInput *)element = (struct ModelInput){.model_id = row_dup(c, r, 1)};
}

static void put_model_inputs(struct Run *run, void *elements, size_t n) {
    run->inputs->model_inputs = (struct ModelInput_list){elements, n};
}

static void take_model_output(struct ctx *c, struct rows *r, void *element) {
    *(struct ModelOutput *)element = (struct ModelOutput){.model_id = row_dup(c, r, 1), .step = I64(row_i64(r, 2))};
}

static void put_model_outputs(struct Run *run, void *elements, size_t n) {
    run->outputs->model_outputs = (struct ModelOutput_list){elements, n};
}

static const struct part page_parts[] = {
    {"SELECT j.key, m.key, m.value, m.is_nan, m.timestamp, m.step FROM json_each(?) j"
     " CROSS JOIN latest_metrics m ON m.run_uuid = j.value",
     sizeof(struct Metric), take_metric, put_metrics},
    {"SELECT j.key, p.key, p.value FROM json_each(?) j CROSS JOIN params p ON p.run_uuid = j.value",
     sizeof(struct Param), take_param, put_params},
    {"SELECT j.key, t.key, t.value FROM json_each(?) j CROSS JOIN tags t ON t.run_uuid = j.value",
     sizeof(struct RunTag), take_tag, put_tags},
    {"SELECT j.key, i.destination_id, i.step FROM json_each(?) j CROSS JOIN inputs i"
     " ON i.source_type = 'RUN_OUTPUT' AND i.source_id = j.value AND i.destination_type = 'MODEL_OUTPUT'",
     sizeof(struct ModelOutput), take_model_output, put_model_outputs},
};

static const struct part model_inputs = {
    "SELECT j.key, i.destination_id FROM json_each(?) j CROSS JOIN inputs i"
    " ON i.source_type = 'RUN_INPUT' AND i.source_id = j.value AND i.destination_type = 'MODEL_INPUT'",
    sizeof(struct ModelInput), take_model_input, put_model_inputs};

/* Elements of all runs in one block; first[i] is where those of run i start. */
struct elements {
    char *v;
    size_t n, room;
    size_t *first;
};

static void *element_add(struct ctx *c, struct elements *e, size_t size) {
    if (e->n == e->room) {
        size_t room = e->room ? 2 * e->room : 64;
        e->v = arena_grow(c->arena, e->v, e->n * size, room * size);
        e->room = room;
    }
    return e->v + e->n++ * size;
}

static int load_part(struct ctx *c, const struct part *p, struct str ids, struct Run *runs, size_t n) {
    struct elements e = {.v = arena_raw(c->arena, 1), .first = ARENA_ARRAY(c->arena, size_t, n + 1)};
    struct rows *r;
    size_t run = 0;
    int err = db_query(c, &r, p->sql, "s", ids);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        for (size_t at = (size_t)row_i64(r, 0); run <= at; run++)
            e.first[run] = e.n;
        p->take(c, r, element_add(c, &e, p->size));
    }
    rows_end(r);
    for (; run <= n; run++)
        e.first[run] = e.n;
    for (size_t i = 0; i < n; i++)
        if (e.first[i + 1] > e.first[i])
            p->put(&runs[i], e.v + e.first[i] * p->size, e.first[i + 1] - e.first[i]);
    return err;
}

static const char dataset_inputs_sql[] =
    "SELECT j.key, i.input_uuid, t.name, t.value, d.name, d.digest, d.dataset_source_type, d.dataset_source,"
    " d.dataset_schema, d.dataset_profile"
    " FROM json_each(?) j CROSS JOIN inputs i ON i.destination_type = 'RUN' AND i.destination_id = j.value"
    " CROSS JOIN datasets d ON d.dataset_uuid = i.source_id"
    " LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid";

/* An absent text for an empty one: MLflow does not send empty schemas and profiles. */
static struct str not_empty(struct str s) {
    return s.n ? s : (struct str){0};
}

static struct Dataset *take_dataset(struct ctx *c, struct rows *r) {
    struct Dataset *d = ARENA_NEW(c->arena, struct Dataset);
    *d = (struct Dataset){.name = row_dup(c, r, 4),
                          .digest = row_dup(c, r, 5),
                          .source_type = row_dup(c, r, 6),
                          .source = row_dup(c, r, 7),
                          .schema = not_empty(row_dup(c, r, 8)),
                          .profile = not_empty(row_dup(c, r, 9))};
    return d;
}

static int load_dataset_inputs(struct ctx *c, struct str ids, struct Run *runs) {
    struct rows *r;
    struct str input = {0};
    int err = db_query(c, &r, dataset_inputs_sql, "s", ids);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct DatasetInput_list *list = &runs[row_i64(r, 0)].inputs->dataset_inputs;
        if (list->n == 0 || !str_eq(input, row_str(r, 1))) {
            input = row_dup(c, r, 1);
            LIST_ADD(c->arena, list, (struct DatasetInput){.dataset = take_dataset(c, r)});
        }
        struct InputTag_list *tags = &list->v[list->n - 1].tags;
        if (row_null(r, 2))
            continue;
        LIST_ADD(c->arena, tags, (struct InputTag){.key = row_dup(c, r, 2), .value = row_dup(c, r, 3)});
    }
    rows_end(r);
    return err;
}

static void name_from_tag(struct Run *run) {
    for (size_t i = 0; run->info->run_name.n == 0 && i < run->data->tags.n; i++)
        if (str_is(run->data->tags.v[i].key, "mlflow.runName"))
            run->info->run_name = run->data->tags.v[i].value;
}

static int load_page(struct ctx *c, struct str ids, struct Run *runs, size_t n) {
    int err = OK;
    for (size_t i = 0; i < n; i++) {
        runs[i].data = ARENA_NEW(c->arena, struct RunData);
        runs[i].inputs = ARENA_NEW(c->arena, struct RunInputs);
        runs[i].outputs = ARENA_NEW(c->arena, struct RunOutputs);
    }
    for (size_t i = 0; !err && i < sizeof page_parts / sizeof *page_parts; i++)
        err = load_part(c, &page_parts[i], ids, runs, n);
    if (!err)
        err = load_dataset_inputs(c, ids, runs);
    for (size_t i = 0; !err && i < n; i++)
        if (runs[i].info)
            name_from_tag(&runs[i]);
    return err;
}

struct str q_json_array(struct ctx *c, const struct str *v, size_t n) {
    struct buf b = BUF_IN(c->arena);
    buf_char(&b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_char(&b, ',');
        json_put_string(&b, v[i]);
    }
    buf_char(&b, ']');
    return buf_end(&b);
}

static struct str ids_of(struct ctx *c, const struct Run *runs, size_t n) {
    struct str *ids = ARENA_ARRAY(c->arena, struct str, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = runs[i].info->run_id;
    return q_json_array(c, ids, n);
}

int q_run_page_load(struct ctx *c, struct Run *runs, size_t n) {
    return load_page(c, ids_of(c, runs, n), runs, n);
}

int q_run_data_load(struct ctx *c, struct Run *runs, size_t n) {
    struct str ids = ids_of(c, runs, n);
    int err = load_page(c, ids, runs, n);
    return err ? err : load_part(c, &model_inputs, ids, runs, n);
}

int q_runs_load(struct ctx *c, struct str_list ids, struct Run *runs) {
    struct str array = q_json_array(c, ids.v, ids.n);
    struct rows *r;
    int err = db_query(
        c, &r, "SELECT j.key, " RUN_INFO_COLUMNS " FROM json_each(?) j CROSS JOIN runs r ON r.run_uuid = j.value", "s",
        array);
    if (err)
        return err;
    memset(runs, 0, ids.n * sizeof *runs);
    while ((err = rows_next(c, r)) == 1) {
        struct Run *run = &runs[row_i64(r, 0)];
        run->info = ARENA_NEW(c->arena, struct RunInfo);
        q_run_info_row(c, r, 1, run->info);
    }
    rows_end(r);
    return err ? err : load_page(c, array, runs, ids.n);
}
