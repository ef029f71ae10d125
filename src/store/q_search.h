/* SQL of searching runs and experiments: which rows a page holds, and in which order. Called by the services that
 * search; runs inside the transaction of c->db. What hangs on the rows is read by q_run_data and q_experiments. */
#pragma once
#include "api/messages.h"
#include "search/page_token.h"
#include "search/sql.h"

struct run_search {
    struct i64_list experiments; /* of the workspace */
    int view;                    /* VIEW_ACTIVE ... (api/messages.h) */
    const struct search_node *filter;
    struct sort sort;
    struct page_token from;
    int64_t limit;
};

struct run_hits {
    struct str_list ids;
    struct bind *next; /* sort values of the last row when more rows follow; else NULL */
};

/* Finds the ids of one page of runs. The way is chosen by the shape of the query and a few bounded counts, since SQLite
 * has no statistics to go by; the answer does not depend on it. */
[[nodiscard]] int q_find_runs(struct ctx *c, const struct run_search *s, struct run_hits *out);

struct experiment_search {
    int view;
    const struct search_node *filter;
    struct sort sort;
    struct page_token from;
    int64_t limit;
};

struct experiment_hits {
    struct Experiment_list list; /* without tags */
    struct bind *next;
};

/* Finds one page of experiments of the workspace, without their tags. */
[[nodiscard]] int q_find_experiments(struct ctx *c, const struct experiment_search *s, struct experiment_hits *out);

/* Those of `ids` that are experiments of the workspace, in ascending order, each once. */
[[nodiscard]] int q_experiments_of_workspace(struct ctx *c, struct i64_list ids, struct i64_list *out);

/* Reads the tags of a page of experiments. */
[[nodiscard]] int q_experiments_load_tags(struct ctx *c, struct Experiment_list *list);
