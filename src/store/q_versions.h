/* SQL of the noun model version: `model_versions` and `model_version_tags`. A deleted version stays as a row in the
 * stage Deleted_Internal, so that its number is not given again; no function here but q_version_next sees it. Called by
 * the services; runs inside the transaction of c->db; every statement is of c->workspace. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Columns of a ModelVersion in the order that q_version_row reads them; `a` is the alias of `model_versions`. */
#define VERSION_COLUMNS(a)                                                                                     \
    a ".name, " a ".version, " a ".creation_time, " a ".last_updated_time, " a ".user_id, " a ".current_stage, " \
    a ".description, " a ".source, " a ".run_id, " a ".status, " a ".status_message, " a ".run_link"
void q_version_row(struct ctx *c, struct rows *r, int col, struct ModelVersion *out);

/* The condition that hides deleted versions. */
#define VERSION_LIVE(a) a ".current_stage <> 'Deleted_Internal'"

/* Reads one version without tags and aliases. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_version_get(struct ctx *c, struct str name, int64_t version, struct ModelVersion *out);

/* Does the version exist? Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_version_check(struct ctx *c, struct str name, int64_t version);

/* Reads the version an alias points at. */
[[nodiscard]] int q_version_by_alias(struct ctx *c, struct str name, struct str alias, bool *found,
                                     struct ModelVersion *out);

/* Reads the version with the highest number. */
[[nodiscard]] int q_version_last(struct ctx *c, struct str name, bool *found, struct ModelVersion *out);

/* Reads the version with the highest number of each stage: in the order in which the stages came into use, or in that
 * of their names. */
enum latest_order { LATEST_BY_USE, LATEST_BY_STAGE };
[[nodiscard]] int q_versions_latest(struct ctx *c, struct str name, enum latest_order order,
                                    struct ModelVersion_list *out);

/* The number after the highest that was ever given. The model must be locked (q_model_touch). */
[[nodiscard]] int q_version_next(struct ctx *c, struct str name, int64_t *version);

/* Adds a version; what is absent in `v` becomes NULL. */
[[nodiscard]] int q_version_insert(struct ctx *c, const struct ModelVersion *v, int64_t version,
                                   struct str storage_location);

[[nodiscard]] int q_version_describe(struct ctx *c, struct str name, int64_t version, struct str description,
                                     int64_t now);
[[nodiscard]] int q_version_set_stage(struct ctx *c, struct str name, int64_t version, struct str stage, int64_t now);

/* Moves all versions of `stage` but one to Archived. */
[[nodiscard]] int q_versions_archive(struct ctx *c, struct str name, struct str stage, int64_t but, int64_t now);

/* Marks a version deleted and overwrites what it told. MLflow: delete_model_version. */
[[nodiscard]] int q_version_redact(struct ctx *c, struct str name, int64_t version, int64_t now);

/* Where the files of a version are: its storage location, or its source. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_version_location(struct ctx *c, struct str name, int64_t version, struct str *out);

/* Reads the tags of versions into them; `v->version` tells the number. */
[[nodiscard]] int q_versions_load_tags(struct ctx *c, struct ModelVersion *v, size_t n);

/* Sets or changes one tag; removes one that need not be there. */
[[nodiscard]] int q_version_tag_set(struct ctx *c, struct str name, int64_t version, struct str key, struct str value);
[[nodiscard]] int q_version_tag_delete(struct ctx *c, struct str name, int64_t version, struct str key);
