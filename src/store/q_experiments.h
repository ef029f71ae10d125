/* SQL of the noun experiment and its tags. Called by the services; runs inside the transaction of c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* Which experiments of the workspace count: VIEW_ACTIVE, VIEW_DELETED or VIEW_ALL (api/messages.h). */
[[nodiscard]] int q_experiment_get(struct ctx *c, int64_t id, int view, struct Experiment *out);

/* By name, deleted ones too. *found tells whether there is one. */
[[nodiscard]] int q_experiment_by_name(struct ctx *c, struct str name, bool *found, struct Experiment *out);

/* Columns of an Experiment without tags, in the order q_experiment_row reads them ("e" is `experiments`). */
#define EXPERIMENT_COLUMNS                                                                                       \
    "e.experiment_id, e.name, e.artifact_location, e.lifecycle_stage, e.creation_time, e.last_update_time, e.workspace"
void q_experiment_row(struct ctx *c, struct rows *r, int col, struct Experiment *out);

/* Reads the tags of one experiment. */
[[nodiscard]] int q_experiment_tags(struct ctx *c, int64_t id, struct ExperimentTag_list *out);

/* Adds an experiment without artifact location and gives its id. A taken name fails with ERR_ALREADY_EXISTS. */
[[nodiscard]] int q_experiment_insert(struct ctx *c, struct str name, int64_t now, int64_t *id);

[[nodiscard]] int q_experiment_set_location(struct ctx *c, int64_t id, struct str location);
[[nodiscard]] int q_experiment_set_stage(struct ctx *c, int64_t id, bool deleted, int64_t now);

/* A taken name fails with ERR_BAD_REQUEST, as the failed constraint does in MLflow. */
[[nodiscard]] int q_experiment_rename(struct ctx *c, int64_t id, struct str name, int64_t now);
