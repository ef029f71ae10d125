/* SQL of histories: the points of one metric of one run, whole, page by page, or sampled. Called by service/history.c;
 * runs inside the transaction of c->db. */
#pragma once
#include "store/q_metrics.h"

/* Where the next page of a history begins. Stays valid while points are added: every point that was there when paging
 * began is given exactly once. */
struct history_cursor {
    enum history_mode {
        HISTORY_START,
        HISTORY_OFFSET,  /* after `offset` points; a token of the official server */
        HISTORY_BY_TIME, /* after the point `last` */
        HISTORY_BY_STEP, /* after the row `row`, which has step `last.step` */
    } mode;
    int64_t offset, row;
    struct point last;
    int64_t total; /* points of the history, as far as known; judges how much searching a page is worth */
};

struct point_list {
    struct point *v;
    size_t n;
};

/* Reads at most `limit` points from the cursor on, in order of time, step and value; *more tells whether points follow,
 * and then the cursor is where. limit SIZE_MAX reads all. */
[[nodiscard]] int q_history_page(struct ctx *c, struct str run_id, struct str key, size_t limit,
                                 struct history_cursor *at, struct point_list *out, bool *more);

/* Which points are taken out of `total` points in order to sample `wanted` of them: sample `i` of `samples`.
 * MLflow: NTILE(wanted), first row of each tile, and the last row of all in the last place. */
size_t history_samples(size_t total, size_t wanted);
size_t history_sample(size_t total, size_t wanted, size_t i);

struct step_range {
    int64_t first, last;
};

/* Reads `wanted` points at most, evenly out of those with a step in the range, in order of step, time and value. */
[[nodiscard]] int q_history_sampled(struct ctx *c, struct str run_id, struct str key, struct step_range steps,
                                    size_t wanted, struct point_list *out);
