/* Where a model version comes from: which sources a client may name, and what they lead to. A source that lies on the
 * server's own disk, or behind its artifact proxy, must belong to the run or logged model that the request names, so
 * that a version never opens files of others. Called by versions.c. */
#pragma once
#include "api/messages.h"

struct version_source {
    struct str source;           /* as it is stored */
    struct str run_id, model_id; /* the origin; empty or absent when there is none */
    struct str storage_location; /* where the files are */
};

/* Checks the source of a request and follows models:/name/version, stage and alias to the version meant. Fails with
 * ERR_INVALID_PARAMETER, or as looking up that model fails. MLflow: _create_model_version and the _validate_source_*
 * functions. */
[[nodiscard]] int version_source_check(struct ctx *c, const struct CreateModelVersion *req,
                                       struct version_source *out);

/* Finds the storage location, and the run of a logged model. MLflow: SqlAlchemyStore.create_model_version. */
[[nodiscard]] int version_source_locate(struct ctx *c, struct version_source *s);

/* A models:/ URI taken apart: a logged model's id alone, or a registered model's name with one of version, stage and
 * alias, or the name alone (the latest version). MLflow: _parse_model_uri. */
struct model_uri {
    struct str model_id, name, version, stage, alias;
};

/* Takes a models:/ URI apart; false when it is not one. Pure. */
bool model_uri_parse(struct str uri, struct model_uri *out);
