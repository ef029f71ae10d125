/* SQL of what hangs on runs; see q_run_data.h.
 *
 * The ids go in as one JSON array, so that the text of a statement does not depend on their number. CROSS JOIN keeps
 * SQLite on the ids as the outer loop: rows come in the order of the runs, and each table is read through its index on
 * the run, in the order the rows were written. The run's id is read from that index: cheaper than its position, which
 * would be asked of json_each for every row. */
#include "store/q_run_data.h"

#include <math.h>

#include "base/json.h"
#include "store/list.h"
#include "store/q_runs.h"

/* The runs that are read. */
struct wanted {
    const struct str *ids;
    size_t n;
    struct str json; /* the ids as one bound value */
};

/* Keys seen lately: those of one run are mostly those of the next, and need not be kept twice. */
struct keys {
    struct ctx *c;
    struct str seen[64];
};

/* Rows of one table that hang on runs: how to read a row, and where the rows of a run go. */
struct part {
    const char *sql; /* first column: id of the run */
    size_t size;     /* of an element */
    void (*take)(struct keys *k, struct rows *r, void *element);
    void (*put)(struct Run *run, void *elements, size_t n);
};

static struct str row_key(struct keys *k, struct rows *r, int col) {
    struct str s = row_str(r, col);
    size_t at = s.n ? (s.n * 31 + (unsigned char)s.p[0] * 7 + (unsigned char)s.p[s.n - 1]) % 64 : 0;
    if (!k->seen[at].p || !str_eq(k->seen[at], s))
        k->seen[at] = str_dup(k->c->arena, s);
    return k->seen[at];
}

static void take_metric(struct keys *k, struct rows *r, void *element) {
    *(struct Metric *)element = (struct Metric){
        .key = row_key(k, r, 1),
        .value = F64(row_i64(r, 3) ? NAN : row_f64(r, 2)),
        .timestamp = I64(row_i64(r, 4)),
        .step = I64(row_i64(r, 5)),
    };
}

static void put_metrics(struct Run *run, void *elements, size_t n) {
    run->data->metrics = (struct Metric_list){elements, n};
}

static void take_param(struct keys *k, struct rows *r, void *element) {
    *(struct Param *)element = (struct Param){.key = row_key(k, r, 1), .value = row_dup(k->c, r, 2)};
}

static void put_params(struct Run *run, void *elements, size_t n) {
    run->data->params = (struct Param_list){elements, n};
}

static void take_tag(struct keys *k, struct rows *r, void *element) {
    *(struct RunTag *)element = (struct RunTag){.key = row_key(k, r, 1), .value = row_dup(k->c, r, 2)};
}

static void put_tags(struct Run *run, void *elements, size_t n) {
    run->data->tags = (struct RunTag_list){elements, n};
}

static void take_model_input(struct keys *k, struct rows *r, void *element) {
    *(struct ModelInput *)element = (struct ModelInput){.model_id = row_dup(k->c, r, 1)};
}

static void put_model_inputs(struct Run *run, void *elements, size_t n) {
    run->inputs->model_inputs = (struct ModelInput_list){elements, n};
}

static void take_model_output(struct keys *k, struct rows *r, void *element) {
    *(struct ModelOutput *)element = (struct ModelOutput){.model_id = row_dup(k->c, r, 1), .step = I64(row_i64(r, 2))};
}

static void put_model_outputs(struct Run *run, void *elements, size_t n) {
    run->outputs->model_outputs = (struct ModelOutput_list){elements, n};
}

static const struct part page_parts[] = {
    {"SELECT m.run_uuid, m.key, m.value, m.is_nan, m.timestamp, m.step FROM json_each(?) j"
     " CROSS JOIN latest_metrics m ON m.run_uuid = j.value",
     sizeof(struct Metric), take_metric, put_metrics},
    {"SELECT p.run_uuid, p.key, p.value FROM json_each(?) j CROSS JOIN params p ON p.run_uuid = j.value",
     sizeof(struct Param), take_param, put_params},
    {"SELECT t.run_uuid, t.key, t.value FROM json_each(?) j CROSS JOIN tags t ON t.run_uuid = j.value",
     sizeof(struct RunTag), take_tag, put_tags},
    {"SELECT i.source_id, i.destination_id, i.step FROM json_each(?) j CROSS JOIN inputs i"
     " ON i.source_type = 'RUN_OUTPUT' AND i.source_id = j.value AND i.destination_type = 'MODEL_OUTPUT'",
     sizeof(struct ModelOutput), take_model_output, put_model_outputs},
};

static const struct part model_inputs = {
    "SELECT i.source_id, i.destination_id FROM json_each(?) j CROSS JOIN inputs i"
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

/* Reads the rows; e->first tells whose they are. */
static int read_part(struct ctx *c, const struct part *p, const struct wanted *w, struct elements *e) {
    struct keys keys = {.c = c};
    struct rows *r;
    size_t run = 0;
    int err = db_query(c, &r, p->sql, "s", w->json);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct str id = row_str(r, 0);
        while (run < w->n && !str_eq(w->ids[run], id))
            e->first[++run] = e->n;
        if (run == w->n) {
            err = fail(c, ERR_INTERNAL, "The rows of run %.*s are out of order", STR_FMT(id));
            break;
        }
        p->take(&keys, r, element_add(c, e, p->size));
    }
    rows_end(r);
    while (run < w->n)
        e->first[++run] = e->n;
    return err;
}

static int load_part(struct ctx *c, const struct part *p, const struct wanted *w, struct Run *runs) {
    struct elements e = {.v = arena_raw(c->arena, 1), .first = ARENA_ARRAY(c->arena, size_t, w->n + 1)};
    int err = read_part(c, p, w, &e);
    for (size_t i = 0; i < w->n; i++)
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

static int load_page(struct ctx *c, const struct wanted *w, struct Run *runs) {
    int err = OK;
    for (size_t i = 0; i < w->n; i++) {
        runs[i].data = ARENA_NEW(c->arena, struct RunData);
        runs[i].inputs = ARENA_NEW(c->arena, struct RunInputs);
        runs[i].outputs = ARENA_NEW(c->arena, struct RunOutputs);
    }
    for (size_t i = 0; !err && i < sizeof page_parts / sizeof *page_parts; i++)
        err = load_part(c, &page_parts[i], w, runs);
    if (!err)
        err = load_dataset_inputs(c, w->json, runs);
    for (size_t i = 0; !err && i < w->n; i++)
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

struct str q_json_ids(struct ctx *c, struct i64_list ids) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < ids.n; i++) {
        buf_char(&b, i ? ',' : '[');
        buf_int(&b, ids.v[i]);
    }
    buf_char(&b, ']');
    return buf_end(&b);
}

int q_run_data_load(struct ctx *c, struct Run *runs, size_t n) {
    struct str *ids = ARENA_ARRAY(c->arena, struct str, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = runs[i].info->run_id;
    struct wanted w = {ids, n, q_json_array(c, ids, n)};
    int err = load_page(c, &w, runs);
    return err ? err : load_part(c, &model_inputs, &w, runs);
}

int q_runs_load(struct ctx *c, struct str_list ids, struct Run *runs) {
    struct wanted w = {ids.v, ids.n, q_json_array(c, ids.v, ids.n)};
    struct rows *r;
    int err = db_query(
        c, &r, "SELECT j.key, " RUN_INFO_COLUMNS " FROM json_each(?) j CROSS JOIN runs r ON r.run_uuid = j.value", "s",
        w.json);
    if (err)
        return err;
    memset(runs, 0, ids.n * sizeof *runs);
    while ((err = rows_next(c, r)) == 1) {
        struct Run *run = &runs[row_i64(r, 0)];
        run->info = ARENA_NEW(c->arena, struct RunInfo);
        q_run_info_row(c, r, 1, run->info);
    }
    rows_end(r);
    return err ? err : load_page(c, &w, runs);
}
