/* Searching runs; see search_runs.h. */
#include "service/search_runs.h"

#include "base/num.h"
#include "search/parse.h"
#include "store/q_run_data.h"
#include "store/q_search.h"

enum { DEFAULT_RESULTS = 1000, MOST_RESULTS = 50000 };

static int check_max_results(struct ctx *c, const struct opt_i64 *wanted, int64_t *out) {
    *out = wanted->set ? wanted->v : DEFAULT_RESULTS;
    if (*out > MOST_RESULTS)
        return fail_invalid(c,
                            "Invalid value %ld for parameter 'max_results' supplied:  Hint: Value was of type 'int'."
                            " See the API docs for more information about request parameters.",
                            (long)*out);
    if (*out < 1)
        return fail_invalid(c, "Invalid value %ld for parameter 'max_results' supplied. It must be a positive integer",
                            (long)*out);
    return OK;
}

/* The experiments asked for, as far as they are in the workspace. */
static int find_experiments(struct ctx *c, struct str_list texts, struct i64_list *out) {
    struct i64_list ids = {ARENA_ARRAY(c->arena, int64_t, texts.n), texts.n};
    for (size_t i = 0; i < texts.n; i++) {
        struct str text = str_trim(texts.v[i]);
        if (!num_parse_int(text.p, text.n, &ids.v[i]))
            return fail_invalid(c, "Invalid experiment ID '%.*s'. Experiment ID must be a valid integer.",
                                STR_FMT(texts.v[i]));
    }
    return q_experiments_of_workspace(c, ids, out);
}

static uint64_t fingerprint(const struct SearchRuns *req, int view) {
    uint64_t f = page_fingerprint(0, STR("runs"));
    f = page_fingerprint(f, (struct str){"0123" + view, 1});
    f = page_fingerprint(f, req->filter);
    for (size_t i = 0; i < req->order_by.n; i++)
        f = page_fingerprint(f, req->order_by.v[i]);
    f = page_fingerprint(f, STR(""));
    for (size_t i = 0; i < req->experiment_ids.n; i++)
        f = page_fingerprint(f, req->experiment_ids.v[i]);
    return f;
}

/* Reads the request; `s` is zeroed. */
static int read_search(struct ctx *c, const struct SearchRuns *req, uint64_t query, struct run_search *s) {
    struct search_node *filter;
    struct search_order_list *order = ARENA_NEW(c->arena, struct search_order_list);
    int err = check_max_results(c, &req->max_results, &s->limit);
    if (!err)
        err = search_parse_filter(c, &search_runs_schema, req->filter, &filter);
    if (!err)
        err = search_parse_order(c, &search_runs_schema, req->order_by, order);
    if (err)
        return err;
    s->filter = filter;
    sort_build(c, &search_runs_schema, order, &s->sort);
    err = page_token_read(c, req->page_token, query, s->sort.n, &s->from);
    return err ? err : find_experiments(c, req->experiment_ids, &s->experiments);
}

int runs_search(struct ctx *c, const struct SearchRuns *req, struct SearchRunsResponse *res) {
    struct run_search s = {.view = req->run_view_type.set ? req->run_view_type.v : VIEW_ACTIVE};
    struct run_hits hits;
    uint64_t query = fingerprint(req, s.view);
    int err = read_search(c, req, query, &s);
    if (!err)
        err = q_find_runs(c, &s, &hits);
    if (err)
        return err;
    res->runs = (struct Run_list){ARENA_ARRAY(c->arena, struct Run, hits.ids.n), hits.ids.n};
    if (hits.next)
        res->next_page_token = page_token_write(c, query, hits.next, s.sort.n);
    return q_runs_load(c, hits.ids, res->runs.v);
}
