/* Searching experiments; see search_experiments.h. */
#include "service/search_experiments.h"

#include "search/parse.h"
#include "store/q_search.h"

enum { MOST_RESULTS = 50000 };

static int check_max_results(struct ctx *c, const struct opt_i64 *wanted, int64_t *out) {
    const char *why = "a positive integer";
    *out = wanted->v;
    if (*out >= 1 && *out <= MOST_RESULTS)
        return OK;
    if (*out > MOST_RESULTS)
        why = "at most 50000";
    return fail_invalid(c, "Invalid value %ld for parameter 'max_results' supplied. It must be %s", (long)*out, why);
}

static uint64_t fingerprint(const struct SearchExperiments *req, int view) {
    uint64_t f = page_fingerprint(0, STR("experiments"));
    f = page_fingerprint(f, (struct str){"0123" + view, 1});
    f = page_fingerprint(f, req->filter);
    for (size_t i = 0; i < req->order_by.n; i++)
        f = page_fingerprint(f, req->order_by.v[i]);
    return f;
}

/* Reads the request; `s` is zeroed. */
static int read_search(struct ctx *c, const struct SearchExperiments *req, uint64_t query,
                       struct experiment_search *s) {
    struct search_node *filter;
    struct search_order_list *order = ARENA_NEW(c->arena, struct search_order_list);
    int err = check_max_results(c, &req->max_results, &s->limit);
    if (!err)
        err = search_parse_filter(c, &search_experiments_schema, req->filter, &filter);
    if (!err)
        err = search_parse_order(c, &search_experiments_schema, req->order_by, order);
    if (err)
        return err;
    s->filter = filter;
    sort_build(c, &search_experiments_schema, order, &s->sort);
    return page_token_read(c, req->page_token, query, s->sort.n, &s->from);
}

int experiments_search(struct ctx *c, const struct SearchExperiments *req, struct SearchExperimentsResponse *res) {
    struct experiment_search s = {.view = req->view_type.set ? req->view_type.v : VIEW_ACTIVE};
    struct experiment_hits hits;
    uint64_t query = fingerprint(req, s.view);
    int err = read_search(c, req, query, &s);
    if (!err)
        err = q_find_experiments(c, &s, &hits);
    if (err)
        return err;
    res->experiments = hits.list;
    if (hits.next)
        res->next_page_token = page_token_write(c, query, hits.next, s.sort.n);
    return q_experiments_load_tags(c, &res->experiments);
}
