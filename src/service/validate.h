/* Validation: what names and values of metrics, params, tags, datasets and batches may be, with the texts that clients
 * see. Called by the services before they touch the database. Pure, but for the setting named below.
 *
 * MLflow: utils/validation.py. Lengths count Unicode code points. Values of params and run tags that are too long are
 * cut, unless the environment has MLFLOW_TRUNCATE_LONG_VALUES=false. All fail with ERR_INVALID_PARAMETER. */
#pragma once
#include "api/messages.h"

enum {
    MAX_KEY = 250,
    MAX_PARAM_VALUE = 6000,
    MAX_TAG_VALUE = 8000,
    MAX_EXPERIMENT_TAG_VALUE = 20000,
    MAX_BATCH_METRICS = 1000,
    MAX_BATCH_PARAMS = 100,
    MAX_BATCH_TAGS = 100,
    MAX_BATCH_ITEMS = 1000,
};

/* Where in the request a value stands: item `index` of `list`, or at the top when list is NULL. */
struct place {
    const char *list;
    size_t index;
};
#define AT_TOP ((struct place){0})

/* Fails unless a field that every item of a list must have is there. MLflow: _assert_required with a path. */
[[nodiscard]] int validate_present(struct ctx *c, struct place at, const char *field, bool present);

/* A metric's key and time; `value` is named in the text only. */
[[nodiscard]] int validate_metric(struct ctx *c, struct place at, const struct Metric *m);

/* A param's or a run tag's key and value; an absent value becomes the empty one, a long one is cut. */
[[nodiscard]] int validate_param(struct ctx *c, struct place at, struct str key, struct str *value);
[[nodiscard]] int validate_tag(struct ctx *c, struct place at, struct str key, struct str *value);

/* The key of a tag that is to go: its form, not its length. MLflow: _validate_tag_name. */
[[nodiscard]] int validate_key(struct ctx *c, struct str key);

/* A tag of an experiment; the tags of trace archival must hold their JSON. */
[[nodiscard]] int validate_experiment_tag(struct ctx *c, struct str key, struct str value);

/* The form of a run id: a letter or digit, then at most 255 word characters or dashes. */
[[nodiscard]] int validate_run_id(struct ctx *c, struct str run_id);

/* The sizes of a batch. */
[[nodiscard]] int validate_batch_limits(struct ctx *c, size_t metrics, size_t params, size_t tags);

/* No key twice among the params of a batch. */
[[nodiscard]] int validate_params_unique(struct ctx *c, const struct Param_list *params);

/* Lengths of a dataset and of its tags. */
[[nodiscard]] int validate_dataset_input(struct ctx *c, const struct DatasetInput *d);
