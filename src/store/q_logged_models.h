/* SQL of the noun logged model: `logged_models` with its params, tags and metrics. Metrics are written by q_metrics.c.
 * A logged model belongs to an experiment, whose workspace is its own; it outlives the run that made it. Called by the
 * services; runs inside the transaction of c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* What most operations need to know of a logged model before they touch it. */
struct logged_model_head {
    int64_t experiment_id;
    struct str artifact_location, source_run_id;
};

/* Reads the head; a deleted one is found only with `deleted_too`. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_logged_model_head(struct ctx *c, struct str model_id, bool deleted_too,
                                      struct logged_model_head *out);

/* Columns of a LoggedModelInfo in the order that q_logged_model_row reads them; `a` is the alias of `logged_models`. */
#define LOGGED_MODEL_COLUMNS(a)                                                                                \
    a ".model_id, " a ".experiment_id, " a ".name, " a ".creation_timestamp_ms, " a ".last_updated_timestamp_ms, " \
    a ".artifact_location, " a ".status, " a ".model_type, " a ".source_run_id, " a ".status_message"

/* Reads a model without tags, params and metrics. */
void q_logged_model_row(struct ctx *c, struct rows *r, int col, struct LoggedModel *out);

/* The same by id; a deleted one is found only with `deleted_too`. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_logged_model_get(struct ctx *c, struct str model_id, bool deleted_too, struct LoggedModel *out);

/* Reads tags, params and metrics into models. */
[[nodiscard]] int q_logged_models_load(struct ctx *c, struct LoggedModel *v, size_t n);

[[nodiscard]] int q_logged_model_insert(struct ctx *c, int64_t experiment_id, const struct LoggedModelInfo *info);
[[nodiscard]] int q_logged_model_set_status(struct ctx *c, struct str model_id, int status, int64_t now);
[[nodiscard]] int q_logged_model_set_deleted(struct ctx *c, struct str model_id, int64_t now);

/* Adds a param; *added is false when the model has one of that key. */
[[nodiscard]] int q_logged_model_param_add(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key,
                                           struct str value, bool *added);

/* The same for a tag. */
[[nodiscard]] int q_logged_model_tag_add(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key,
                                         struct str value, bool *added);

/* Sets or changes one tag; *found is false when there was none to delete; reads one, absent when there is none. */
[[nodiscard]] int q_logged_model_tag_set(struct ctx *c, struct str model_id, int64_t experiment_id, struct str key,
                                         struct str value);
[[nodiscard]] int q_logged_model_tag_delete(struct ctx *c, struct str model_id, struct str key, bool *found);
[[nodiscard]] int q_logged_model_tag_get(struct ctx *c, struct str model_id, struct str key, struct str *value);
