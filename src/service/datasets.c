/* The rules of datasets, inputs and outputs; see datasets.h. */
#include "service/datasets.h"

#include "service/experiments.h"
#include "service/validate.h"
#include "store/q_datasets.h"
#include "store/q_runs.h"

enum { MAX_EXPERIMENTS = 20, MAX_SUMMARIES = 1000 };

static int add_tags(struct ctx *c, struct str input_uuid, const struct InputTag_list *tags) {
    for (size_t i = 0; i < tags->n; i++) {
        int err = q_input_tag_add(c, input_uuid, tags->v[i].key, tags->v[i].value);
        if (err == ERR_ALREADY_EXISTS)
            return fail(c, ERR_BAD_REQUEST, "The tag '%.*s' is given twice for one dataset input.",
                        STR_FMT(tags->v[i].key));
        if (err)
            return err;
    }
    return OK;
}

static int add_dataset(struct ctx *c, const struct run_head *run, const struct DatasetInput *in) {
    static const struct Dataset none;
    struct input_edge edge = {
        .source_type = STR("DATASET"), .destination_type = STR("RUN"), .destination_id = run->run_id};
    struct str uuid;
    bool added;
    int err = q_dataset_ensure(c, run->experiment_id, in->dataset ? in->dataset : &none, &edge.source_id);
    if (!err)
        err = q_input_add(c, &edge, &added, &uuid);
    return err || !added ? err : add_tags(c, uuid, &in->tags);
}

static int add_model(struct ctx *c, const struct run_head *run, const struct ModelInput *in) {
    const struct input_edge edge = {.source_type = STR("RUN_INPUT"),
                                    .source_id = run->run_id,
                                    .destination_type = STR("MODEL_INPUT"),
                                    .destination_id = str_or_empty(in->model_id)};
    struct str uuid;
    bool added;
    return q_input_add(c, &edge, &added, &uuid);
}

int inputs_log(struct ctx *c, const struct LogInputs *req, struct Empty *res) {
    struct run_head run;
    (void)res;
    int err = validate_run_id(c, req->run_id);
    for (size_t i = 0; i < req->datasets.n && !err; i++)
        err = validate_dataset_input(c, &req->datasets.v[i]);
    if (!err)
        err = q_run_active(c, req->run_id, &run);
    for (size_t i = 0; i < req->datasets.n && !err; i++)
        err = add_dataset(c, &run, &req->datasets.v[i]);
    for (size_t i = 0; i < req->models.n && !err; i++)
        err = add_model(c, &run, &req->models.v[i]);
    return err;
}

static int add_output(struct ctx *c, const struct run_head *run, const struct ModelOutput *out) {
    const struct input_edge edge = {.source_type = STR("RUN_OUTPUT"),
                                    .source_id = run->run_id,
                                    .destination_type = STR("MODEL_OUTPUT"),
                                    .destination_id = str_or_empty(out->model_id),
                                    .step = out->step.v};
    struct str uuid;
    bool added;
    int err = q_input_add(c, &edge, &added, &uuid);
    if (err || added)
        return err;
    return fail(c, ERR_BAD_REQUEST, "Logged model '%.*s' is an output of run '%.*s' already.", STR_FMT(out->model_id),
                STR_FMT(run->run_id));
}

int outputs_log(struct ctx *c, const struct LogOutputs *req, struct Empty *res) {
    struct run_head run;
    (void)res;
    int err = q_run_active(c, req->run_id, &run);
    for (size_t i = 0; i < req->models.n && !err; i++)
        err = add_output(c, &run, &req->models.v[i]);
    return err;
}

int datasets_search(struct ctx *c, const struct SearchDatasets *req, struct SearchDatasetsResponse *res) {
    size_t n = req->experiment_ids.n;
    if (n == 0)
        return fail_invalid(c, "SearchDatasets request must specify at least one experiment_id.");
    if (n > MAX_EXPERIMENTS)
        return fail_invalid(c,
                            "SearchDatasets request cannot specify more than %d experiment_ids. "
                            "Received %zu experiment_ids.",
                            MAX_EXPERIMENTS, n);
    struct i64_list ids = {ARENA_ARRAY(c->arena, int64_t, n), n};
    for (size_t i = 0; i < n; i++) {
        int err = experiment_parse_id(c, req->experiment_ids.v[i], &ids.v[i]);
        if (err)
            return err;
    }
    return q_datasets_summarize(c, &ids, MAX_SUMMARIES, &res->dataset_summaries);
}
