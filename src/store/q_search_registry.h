/* SQL of searching registered models, model versions and logged models: which rows a page holds, and in which order.
 * Called by the services that search; runs inside the transaction of c->db. */
#pragma once
#include "api/messages.h"
#include "search/page_token.h"
#include "search/sql.h"

struct registry_search {
    const struct search_node *filter;
    bool prompts; /* prompts too; they are hidden otherwise */
    struct sort sort;
    struct page_token from;
    int64_t limit;
};

/* Finds one page of registered models or of versions of the workspace, without what hangs on them. `next` gets the sort
 * values of the last row when more rows follow, else NULL. */
[[nodiscard]] int q_find_models(struct ctx *c, const struct registry_search *s, struct RegisteredModel_list *out,
                                struct bind **next);
[[nodiscard]] int q_find_versions(struct ctx *c, const struct registry_search *s, struct ModelVersion_list *out,
                                  struct bind **next);

/* The dataset a metric was measured on; the digest may be absent. */
struct dataset_ref {
    struct str name, digest;
};

struct logged_model_search {
    struct i64_list experiments; /* of the workspace */
    const struct search_node *filter;
    struct sort sort;                 /* of search_logged_models_schema */
    const struct dataset_ref *orders; /* for each clause of `sort`: the dataset its metric is of; absent name: any */
    const struct SearchLoggedModelsDataset_list *datasets;
    struct page_token from;
    int64_t limit;
};

/* Finds one page of logged models, without tags, params and metrics. */
[[nodiscard]] int q_find_logged_models(struct ctx *c, const struct logged_model_search *s, struct LoggedModel_list *out,
                                       struct bind **next);
