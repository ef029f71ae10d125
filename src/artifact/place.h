/* Place: where the artifacts of a run, a model version or a logged model are, as the stored URI says.
 *
 * Used by the handlers of api/artifacts.c, service/artifacts.c and garbage collection. A proxied URI lies beneath the
 * server's destination; a local one is a root of its own. */
#pragma once
#include "artifact/artifact.h"

struct artifact_place {
    struct artifacts *root;
    struct str prefix; /* path of the artifacts beneath the root, "" for the root itself */
    bool owned;        /* the root was opened for this place */
};

/* Opens the place a stored URI names. `served` is the server's own destination, NULL when it serves none.
 * ERR_INVALID_PARAMETER for URIs this server may not follow, ERR_NOT_IMPLEMENTED for storage it cannot reach. */
[[nodiscard]] int place_open(struct ctx *c, struct str uri, struct artifacts *served, struct artifact_place *out);

/* Path beneath the root of `path` beneath the place; checked before by path_check. */
struct str place_path(struct arena *a, const struct artifact_place *p, struct str path);

void place_close(struct artifact_place *p);
