/* The schemas of all entities; see schema.h. */
#include "search/schema.h"

const char *const search_op_text[SEARCH_OPS] = {
    [SEARCH_EQ] = "=",  [SEARCH_NE] = "!=",         [SEARCH_LT] = "<",         [SEARCH_LE] = "<=",
    [SEARCH_GT] = ">",  [SEARCH_GE] = ">=",         [SEARCH_LIKE] = "LIKE",    [SEARCH_ILIKE] = "ILIKE",
    [SEARCH_IN] = "IN", [SEARCH_NOT_IN] = "NOT IN", [SEARCH_NULL] = "IS NULL", [SEARCH_NOT_NULL] = "IS NOT NULL",
};

#define OP(x) (1u << SEARCH_##x)

enum {
    EQUAL = OP(EQ) | OP(NE),
    COMPARE = EQUAL | OP(LT) | OP(LE) | OP(GT) | OP(GE),
    MATCH = EQUAL | OP(LIKE) | OP(ILIKE),
    LISTS = OP(IN) | OP(NOT_IN),
    NULLS = OP(NULL) | OP(NOT_NULL),
    BOTH = FIELD_ORDERS | FIELD_FILTERS,
};

/* ---- runs ---- */

static const struct search_prefix run_prefixes[] = {
    {"metric", KIND_METRIC},
    {"metrics", KIND_METRIC},
    {"parameter", KIND_PARAM},
    {"parameters", KIND_PARAM},
    {"param", KIND_PARAM},
    {"params", KIND_PARAM},
    {"tag", KIND_TAG},
    {"tags", KIND_TAG},
    {"attribute", KIND_ATTRIBUTE},
    {"attributes", KIND_ATTRIBUTE},
    {"attr", KIND_ATTRIBUTE},
    {"run", KIND_ATTRIBUTE},
    {"dataset", KIND_DATASET},
    {"datasets", KIND_DATASET},
    {NULL, KIND_ATTRIBUTE},
};

#define RUN_TEXT(name_, column)                                                                                        \
    { .kind = KIND_ATTRIBUTE, .name = name_, .ops = MATCH, .use = BOTH, .value = column }
#define RUN_TIME(name_, column, use_)                                                                                  \
    { .kind = KIND_ATTRIBUTE, .name = name_, .type = TYPE_NUMBER, .ops = COMPARE, .use = use_, .value = column }

/* A run's name is searched in its tag, since MLflow before 1.30 kept it nowhere else, and sorted by in its row. */
#define RUN_NAME(name_, use_)                                                                                          \
    {                                                                                                                  \
        .kind = KIND_ATTRIBUTE, .name = name_, .ops = MATCH, .use = use_, .table = "tags @", .value = "@.value",       \
        .key_is = "@.key = ?", .fixed_key = "mlflow.runName", .match = "@.run_uuid = $.run_uuid", .order = "r.name"    \
    }

#define RUN_PAIR .key_is = "@.key = ?", .match = "@.run_uuid = $.run_uuid"
#define RUN_INPUT "i.destination_type = 'RUN' AND i.destination_id = r.run_uuid"
#define RUN_DATASET(column)                                                                                            \
    {                                                                                                                  \
        .kind = KIND_DATASET, .name = column, .ops = MATCH | LISTS, .use = FIELD_FILTERS, .match = RUN_INPUT,          \
        .table = "inputs i JOIN datasets @ ON @.dataset_uuid = i.source_id", .value = "@." column                      \
    }

static const struct search_field run_fields[] = {
    {.kind = KIND_ATTRIBUTE,
     .name = "run_id",
     .ops = MATCH | LISTS,
     .use = BOTH | FIELD_NOT_NULL,
     .value = "r.run_uuid"},
    RUN_TEXT("artifact_uri", "r.artifact_uri"),
    RUN_TEXT("status", "r.status"),
    RUN_TEXT("user_id", "r.user_id"),
    RUN_TIME("start_time", "r.start_time", BOTH | FIELD_NOT_NULL),
    RUN_TIME("created", "r.start_time", BOTH | FIELD_NOT_NULL),
    RUN_TIME("Created", "r.start_time", BOTH | FIELD_NOT_NULL),
    RUN_TIME("end_time", "r.end_time", BOTH),
    RUN_NAME("run_name", BOTH),
    RUN_NAME("run name", FIELD_FILTERS),
    RUN_NAME("Run name", FIELD_FILTERS),
    RUN_NAME("Run Name", FIELD_FILTERS),
    {.kind = KIND_METRIC,
     .type = TYPE_FLOAT,
     .ops = COMPARE,
     .use = BOTH,
     .table = "latest_metrics @",
     RUN_PAIR,
     .value = "@.value",
     .nan = "@.is_nan"},
    {.kind = KIND_PARAM, .ops = MATCH | NULLS, .use = BOTH, .table = "params @", RUN_PAIR, .value = "@.value"},
    {.kind = KIND_TAG, .ops = MATCH | NULLS, .use = BOTH, .table = "tags @", RUN_PAIR, .value = "@.value"},
    RUN_DATASET("name"),
    RUN_DATASET("digest"),
    {.kind = KIND_DATASET,
     .name = "context",
     .ops = MATCH | LISTS,
     .use = FIELD_FILTERS,
     .match = RUN_INPUT,
     .table = "inputs i JOIN input_tags @ ON @.input_uuid = i.input_uuid AND @.name = 'mlflow.data.context'"
              " JOIN datasets d ON d.dataset_uuid = i.source_id",
     .value = "@.value"},
    {0},
};

static const struct search_tie run_ties[] = {
    {"r.start_time", TYPE_INTEGER, true}, {"r.run_uuid", TYPE_TEXT, false}, {NULL, TYPE_TEXT, false}};

const struct search_schema search_runs_schema = {
    .noun = "runs",
    .prefixes = run_prefixes,
    .valid_prefixes = "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    .fields = run_fields,
    .ties = run_ties,
    .nulls_last = true,
    .orders_once = true,
};

/* ---- experiments ---- */

static const struct search_prefix experiment_prefixes[] = {
    {"attribute", KIND_ATTRIBUTE}, {"tag", KIND_TAG}, {"tags", KIND_TAG}, {NULL, KIND_ATTRIBUTE}};

static const struct search_field experiment_fields[] = {
    {.kind = KIND_ATTRIBUTE, .name = "name", .ops = MATCH, .use = BOTH, .value = "r.name"},
    {.kind = KIND_ATTRIBUTE,
     .name = "experiment_id",
     .type = TYPE_ID,
     .ops = EQUAL | LISTS,
     .use = BOTH,
     .value = "r.experiment_id"},
    {.kind = KIND_ATTRIBUTE,
     .name = "creation_time",
     .type = TYPE_INTEGER,
     .ops = COMPARE,
     .use = BOTH,
     .value = "r.creation_time"},
    {.kind = KIND_ATTRIBUTE,
     .name = "last_update_time",
     .type = TYPE_INTEGER,
     .ops = COMPARE,
     .use = BOTH,
     .value = "r.last_update_time"},
    {.kind = KIND_TAG,
     .ops = MATCH | NULLS,
     .use = FIELD_FILTERS,
     .table = "experiment_tags @",
     .key_is = "@.key = ?",
     .match = "@.experiment_id = r.experiment_id",
     .value = "@.value"},
    {0},
};

static const struct search_tie experiment_defaults[] = {
    {"r.creation_time", TYPE_INTEGER, true}, {"r.experiment_id", TYPE_INTEGER, false}, {NULL, TYPE_TEXT, false}};
static const struct search_tie experiment_ties[] = {{"r.experiment_id", TYPE_INTEGER, true}, {NULL, TYPE_TEXT, false}};

const struct search_schema search_experiments_schema = {
    .noun = "experiments",
    .prefixes = experiment_prefixes,
    .valid_prefixes = "('attribute', 'tag', 'tags')",
    .fields = experiment_fields,
    .ties = experiment_ties,
    .defaults = experiment_defaults,
};

/* ---- look-up ---- */

const struct search_field *search_field(const struct search_schema *s, enum search_kind kind, struct str key) {
    for (const struct search_field *f = s->fields; f->value; f++)
        if (f->kind == kind && (!f->name || str_is(key, f->name)))
            return f;
    return NULL;
}

int search_prefix_kind(const struct search_schema *s, struct str word) {
    for (const struct search_prefix *p = s->prefixes; p->word; p++)
        if (str_is(word, p->word))
            return (int)p->kind;
    return -1;
}
