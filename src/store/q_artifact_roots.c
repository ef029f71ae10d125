/* SQL of artifact roots; see q_artifact_roots.h. A logged model belongs to the workspace of its experiment. */
#include "store/q_artifact_roots.h"

static int take_uri(struct ctx *c, struct rows *r, void *arg) {
    *(struct str *)arg = row_dup(c, r, 0);
    return 0;
}

int q_logged_model_root(struct ctx *c, struct str model_id, bool *found, struct str *uri) {
    return db_one(c, found, take_uri, uri,
                  "SELECT m.artifact_location FROM logged_models m"
                  " JOIN experiments e ON e.experiment_id = m.experiment_id"
                  " WHERE m.model_id = ? AND m.lifecycle_stage <> 'deleted' AND e.workspace = ?",
                  "ss", model_id, c->workspace);
}
