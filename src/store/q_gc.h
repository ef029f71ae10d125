/* SQL of garbage collection: what is marked deleted, and its removal for good. Called by cmd_gc.c; runs inside the
 * transaction of c->db. */
#pragma once
#include "base/msg.h"
#include "store/store.h"

enum gc_kind { GC_RUN, GC_MODEL, GC_EXPERIMENT };

struct gc_item {
    struct str id;
    struct str location; /* of its artifacts; absent for experiments */
    bool deleted;        /* marked deleted */
    int64_t since;       /* ms of the mark; INT64_MAX when not known */
};

struct gc_list {
    struct gc_item *v;
    size_t n;
};

/* What is marked deleted since `before` (ms) or longer. MLflow: _get_deleted_runs, _get_deleted_logged_models. */
[[nodiscard]] int q_gc_deleted(struct ctx *c, enum gc_kind kind, int64_t before, struct gc_list *out);

/* One by its id. ERR_NOT_FOUND. */
[[nodiscard]] int q_gc_one(struct ctx *c, enum gc_kind kind, struct str id, struct gc_item *out);

/* All runs or logged models of an experiment are added to `out`. */
[[nodiscard]] int q_gc_of_experiment(struct ctx *c, enum gc_kind kind, struct str experiment_id, struct gc_list *out);

/* Removes the rows of one and all that hangs on them; nothing when there is none. Of an experiment the runs must be
 * gone before. MLflow: _hard_delete_run, _hard_delete_logged_model, _hard_delete_experiment. */
[[nodiscard]] int q_gc_remove(struct ctx *c, enum gc_kind kind, struct str id);

/* Removes the finished jobs among `ids` (all, when there are none) that were made before `before`; gives their ids.
 * MLflow: delete_jobs. */
[[nodiscard]] int q_gc_remove_jobs(struct ctx *c, const struct str_list *ids, int64_t before, struct str_list *out);
