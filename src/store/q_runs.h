/* SQL of the noun run: one row of `runs`. Its metrics, params, tags and inputs have files of their own. Called by the
 * services; runs inside the transaction of c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* What most operations need to know of a run before they touch it. */
struct run_head {
    int64_t experiment_id;
    bool active;
    struct str run_id, name, artifact_uri;
};

/* Reads the head; a run of another workspace is not found. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_run_head(struct ctx *c, struct str run_id, struct run_head *out);

/* The same, and the run must not be deleted (ERR_INVALID_PARAMETER). MLflow: _check_run_is_active. */
[[nodiscard]] int q_run_active(struct ctx *c, struct str run_id, struct run_head *out);

/* Columns of a RunInfo in the order that q_run_info_row reads them, for SELECTs of other files ("r" is `runs`). */
#define RUN_INFO_COLUMNS                                                                                       \
    "r.run_uuid, r.name, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage"

/* Reads the RunInfo whose first column is `col`. Strings are copied to the arena. */
void q_run_info_row(struct ctx *c, struct rows *r, int col, struct RunInfo *out);

/* Reads the RunInfo of one run, deleted or not. Fails with ERR_NOT_FOUND. */
[[nodiscard]] int q_run_info(struct ctx *c, struct str run_id, struct RunInfo *out);

/* Adds a run; `info` is complete. */
[[nodiscard]] int q_run_insert(struct ctx *c, int64_t experiment_id, const struct RunInfo *info);

/* Changes what is set: status, end time, name. */
[[nodiscard]] int q_run_update(struct ctx *c, struct str run_id, const struct UpdateRun *change);

/* Marks one run, or all of an experiment's, deleted (with the time) or active. */
[[nodiscard]] int q_run_set_deleted(struct ctx *c, struct str run_id, bool deleted);
[[nodiscard]] int q_runs_set_deleted(struct ctx *c, int64_t experiment_id, bool deleted);
