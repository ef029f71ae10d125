/* SQL of datasets, and of the edges that tie datasets and models to runs (`inputs`). Called by the services; runs
 * inside the transaction of c->db. */
#pragma once
#include "api/messages.h"
#include "store/store.h"

/* The id of an experiment's dataset with that name and digest, which is added when it is new. */
[[nodiscard]] int q_dataset_ensure(struct ctx *c, int64_t experiment_id, const struct Dataset *d, struct str *uuid);

/* An edge from a source to a destination. The types are MLflow's words, such as "DATASET" and "RUN". */
struct input_edge {
    struct str source_type, source_id, destination_type, destination_id;
    int64_t step;
};

/* Adds an edge unless it is there; *added tells, and *uuid is the id of a new one. */
[[nodiscard]] int q_input_add(struct ctx *c, const struct input_edge *e, bool *added, struct str *uuid);

/* Adds a tag to an edge. A name twice fails with ERR_ALREADY_EXISTS. */
[[nodiscard]] int q_input_tag_add(struct ctx *c, struct str input_uuid, struct str name, struct str value);

/* The datasets that runs of these experiments use, with the context each was used in; `limit` at most. */
[[nodiscard]] int q_datasets_summarize(struct ctx *c, const struct i64_list *experiment_ids, size_t limit,
                                       struct DatasetSummary_list *out);
