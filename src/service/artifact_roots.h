/* Artifact roots: the stored URI under which the files of a run, a model version or a logged model are. Called by the
 * services and handlers of artifacts, inside a read transaction. All fail with ERR_NOT_FOUND for what is not there. */
#pragma once
#include "base/ctx.h"

[[nodiscard]] int artifact_root_of_run(struct ctx *c, struct str run_id, struct str *uri);

/* A logged model that is not deleted. */
[[nodiscard]] int artifact_root_of_model(struct ctx *c, struct str model_id, struct str *uri);

/* A model version; sources of the forms runs:/ and models:/ are followed to where they lead. */
[[nodiscard]] int artifact_root_of_version(struct ctx *c, struct str name, struct str version, struct str *uri);
