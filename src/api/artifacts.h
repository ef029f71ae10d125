/* Raw handlers of artifacts: what is streamed in or out. Their routes are in routes_artifacts.h; listings, deletion and
 * presigned URLs are messages, served by service/artifacts.c. */
#pragma once
#include "http/exchange.h"

/* Proxied artifacts, by their path beneath the artifacts destination. */
extern const struct raw_handler artifact_get_handler, artifact_put_handler;

/* One artifact of a run, of a model version, of a logged model: always as an attachment. */
extern const struct raw_handler run_artifact_handler, version_artifact_handler, model_artifact_handler;

/* An artifact of a run sent by the UI, at most 10 MB. */
extern const struct raw_handler run_upload_handler;
