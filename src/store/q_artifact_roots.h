/* SQL of artifact roots that no noun of its own has. Called by service/artifact_roots.c; runs inside the transaction of
 * c->db. The root of a run is in q_runs.h, that of a model version in q_versions.h. */
#pragma once
#include "store/store.h"

/* The artifact location of a logged model that is not deleted. */
[[nodiscard]] int q_logged_model_root(struct ctx *c, struct str model_id, bool *found, struct str *uri);
