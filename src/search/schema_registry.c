/* The schemas of registered models, model versions and logged models; see schema.h. Rules: MLflow, SearchModelUtils,
 * SearchModelVersionUtils, search_logged_model_utils. */
#include "search/schema.h"

#define OP(x) (1u << SEARCH_##x)

enum {
    EQUAL = OP(EQ) | OP(NE),
    COMPARE = EQUAL | OP(LT) | OP(LE) | OP(GT) | OP(GE),
    MATCH = EQUAL | OP(LIKE) | OP(ILIKE),
    LISTS = OP(IN) | OP(NOT_IN),
    NULLS = OP(NULL) | OP(NOT_NULL),
    BOTH = FIELD_ORDERS | FIELD_FILTERS,
};

#define TEXT(name_, column, ops_, use_)                                                                                \
    { .kind = KIND_ATTRIBUTE, .name = name_, .ops = ops_, .use = use_, .value = column }
#define WHOLE(name_, column, use_)                                                                                     \
    { .kind = KIND_ATTRIBUTE, .name = name_, .type = TYPE_INTEGER, .ops = COMPARE, .use = use_, .value = column }

/* ---- registered models ---- */

static const struct search_prefix registry_prefixes[] = {
    {"attribute", KIND_ATTRIBUTE}, {"tag", KIND_TAG}, {"tags", KIND_TAG}, {NULL, KIND_ATTRIBUTE}};

static const struct search_field model_fields[] = {
    TEXT("name", "r.name", MATCH | LISTS, BOTH),
    WHOLE("timestamp", "r.last_updated_time", FIELD_ORDERS),
    WHOLE("last_updated_timestamp", "r.last_updated_time", FIELD_ORDERS),
    {.kind = KIND_TAG,
     .ops = MATCH | NULLS,
     .use = FIELD_FILTERS,
     .table = "registered_model_tags @",
     .key_is = "@.key = ?",
     .match = "@.workspace = r.workspace AND @.name = r.name",
     .value = "@.value"},
    {0},
};

static const struct search_tie model_ties[] = {{"r.name", TYPE_TEXT, false}, {NULL, TYPE_TEXT, false}};

const struct search_schema search_models_schema = {
    .noun = "registered models",
    .prefixes = registry_prefixes,
    .valid_prefixes = "('attribute', 'tag', 'tags')",
    .fields = model_fields,
    .ties = model_ties,
};

/* ---- model versions ---- */

static const struct search_field version_fields[] = {
    TEXT("name", "r.name", MATCH | LISTS, BOTH),
    {.kind = KIND_ATTRIBUTE,
     .name = "version_number",
     .type = TYPE_WHOLE,
     .ops = COMPARE,
     .use = BOTH,
     .value = "r.version"},
    TEXT("run_id", "r.run_id", MATCH | LISTS, FIELD_FILTERS),
    TEXT("source_path", "r.source", MATCH, FIELD_FILTERS),
    WHOLE("creation_timestamp", "r.creation_time", FIELD_ORDERS),
    WHOLE("last_updated_timestamp", "r.last_updated_time", FIELD_ORDERS),
    {.kind = KIND_TAG,
     .ops = MATCH | NULLS,
     .use = FIELD_FILTERS,
     .table = "model_version_tags @",
     .key_is = "@.key = ?",
     .match = "@.workspace = r.workspace AND @.name = r.name AND @.version = r.version",
     .value = "@.value"},
    {0},
};

static const struct search_tie version_defaults[] = {{"r.last_updated_time", TYPE_INTEGER, true},
                                                     {NULL, TYPE_TEXT, false}};
static const struct search_tie version_ties[] = {
    {"r.name", TYPE_TEXT, false}, {"r.version", TYPE_INTEGER, true}, {NULL, TYPE_TEXT, false}};

const struct search_schema search_versions_schema = {
    .noun = "model versions",
    .prefixes = registry_prefixes,
    .valid_prefixes = "('attribute', 'tag', 'tags')",
    .fields = version_fields,
    .ties = version_ties,
    .defaults = version_defaults,
};

/* ---- logged models ---- */

static const struct search_prefix logged_prefixes[] = {
    {"attributes", KIND_ATTRIBUTE}, {"attribute", KIND_ATTRIBUTE}, {"metrics", KIND_METRIC}, {"metric", KIND_METRIC},
    {"params", KIND_PARAM},         {"param", KIND_PARAM},         {"tags", KIND_TAG},       {"tag", KIND_TAG},
    {NULL, KIND_ATTRIBUTE}};

#define LOGGED_TEXT(name_, column)                                                                                     \
    { .kind = KIND_ATTRIBUTE, .name = name_, .type = TYPE_LOOSE, .ops = MATCH | LISTS, .use = BOTH, .value = column }
#define LOGGED_TIME(name_, column)                                                                                     \
    {                                                                                                                  \
        .kind = KIND_ATTRIBUTE, .name = name_, .type = TYPE_NUMBER, .ops = COMPARE, .use = BOTH | FIELD_NOT_NULL,      \
        .value = column                                                                                                \
    }
#define LOGGED_PAIR(kind_, table_, column)                                                                             \
    {                                                                                                                  \
        .kind = kind_, .type = TYPE_LOOSE, .ops = MATCH | LISTS | NULLS, .use = FIELD_FILTERS, .table = table_ " @",   \
        .key_is = "@." column "_key = ?", .match = "@.model_id = r.model_id", .value = "@." column "_value"            \
    }

/* What both schemas share: all but metrics. `run_id` is another name of `source_run_id`. */
#define LOGGED_FIELDS                                                                                                  \
    LOGGED_TEXT("model_id", "r.model_id"), LOGGED_TEXT("name", "r.name"),                                              \
        LOGGED_TEXT("experiment_id", "r.experiment_id"), LOGGED_TEXT("status", "r.status"),                            \
        LOGGED_TEXT("model_type", "r.model_type"), LOGGED_TEXT("source_run_id", "r.source_run_id"),                    \
        LOGGED_TEXT("run_id", "r.source_run_id"), LOGGED_TEXT("artifact_location", "r.artifact_location"),             \
        LOGGED_TEXT("status_message", "r.status_message"), LOGGED_TEXT("lifecycle_stage", "r.lifecycle_stage"),        \
        LOGGED_TIME("creation_time", "r.creation_timestamp_ms"),                                                       \
        LOGGED_TIME("creation_timestamp", "r.creation_timestamp_ms"),                                                  \
        LOGGED_TIME("creation_timestamp_ms", "r.creation_timestamp_ms"),                                               \
        LOGGED_TIME("last_updated_timestamp", "r.last_updated_timestamp_ms"),                                          \
        LOGGED_TIME("last_updated_timestamp_ms", "r.last_updated_timestamp_ms"),                                       \
        LOGGED_PAIR(KIND_PARAM, "logged_model_params", "param"), LOGGED_PAIR(KIND_TAG, "logged_model_tags", "tag")

/* Any value ever logged counts in a filter; an order takes the latest one, which the statement puts into r.o<i>. Where
 * one model is asked for its metrics, its id must lead: coalesce keeps the database from starting at the name, which
 * all models share. */
#define LOGGED_METRIC(match_)                                                                                          \
    {                                                                                                                  \
        .kind = KIND_METRIC, .type = TYPE_FLOAT, .ops = COMPARE, .use = BOTH, .table = "logged_model_metrics @",       \
        .key_is = "coalesce(@.metric_name, '') = ?", .match = "@.model_id = r.model_id" match_,                        \
        .value = "@.metric_value", .order = "r.@"                                                                      \
    }

static const struct search_field logged_fields[] = {LOGGED_FIELDS, LOGGED_METRIC(""), {0}};

static const struct search_field logged_dataset_fields[] = {
    LOGGED_FIELDS,
    LOGGED_METRIC(" AND EXISTS (SELECT 1 FROM datasets_asked d WHERE d.name = @.dataset_name"
                  " AND (d.digest IS NULL OR d.digest = @.dataset_digest))"),
    {0},
};

static const struct search_tie logged_ties[] = {
    {"r.creation_timestamp_ms", TYPE_INTEGER, true}, {"r.model_id", TYPE_TEXT, false}, {NULL, TYPE_TEXT, false}};

#define LOGGED_VALID "['attributes', 'metrics', 'params', 'tags']"

const struct search_schema search_logged_models_schema = {
    .noun = "logged models",
    .prefixes = logged_prefixes,
    .valid_prefixes = LOGGED_VALID,
    .fields = logged_fields,
    .ties = logged_ties,
    .nulls_last = true,
};

const struct search_schema search_logged_models_on_datasets_schema = {
    .noun = "logged models",
    .prefixes = logged_prefixes,
    .valid_prefixes = LOGGED_VALID,
    .fields = logged_dataset_fields,
    .ties = logged_ties,
    .nulls_last = true,
};
