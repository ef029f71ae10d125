/* Configuration: what the command line and the environment say, resolved and checked. Immutable after start.
 *
 * One table in config.c lists every option of every command: flag, letter, environment variable, default, help. The
 * parser, the checks and --help all read it. Names, variables and defaults are those of `mlflow server` and
 * `mlflow gc` 3.17. */
#pragma once
#include <stdio.h>

#include "base/ctx.h"
#include "base/log.h"

/* The MLflow whose interface is served; clients read it at /version. */
#define MLFLOW_VERSION "3.17.2"

/* Commands that take options; a row of the table names those it belongs to. */
enum {
    FOR_SERVER = 1,
    FOR_GC = 2,
    FOR_DB = 4,
};

enum { MAX_ARGUMENTS = 4 };

struct config {
    struct str backend_store_uri, registry_store_uri;
    struct str default_artifact_root; /* resolved; local paths are absolute */
    struct str artifacts_destination;
    bool serve_artifacts, artifacts_only;
    struct str host;
    int64_t port, workers;
    struct str static_prefix;
    struct str allowed_hosts, cors_allowed_origins, x_frame_options;
    bool disable_security_middleware;
    struct str expose_prometheus; /* a directory; not empty: /metrics is served */
    struct str log_level, log_format;

    /* gc; absent when not given */
    struct str older_than, run_ids, experiment_ids, logged_model_ids, job_ids, tracking_uri;
    bool jobs;

    bool help; /* --help was given: nothing else is filled in */
    struct str arguments[MAX_ARGUMENTS];
    size_t n_arguments;
};

/* Reads the command line (argv[0] is the first argument, not the program) and the environment for `command`.
 * Fails with ERR_INVALID_PARAMETER, the message being one line about the option. Ignored options are warned of in the
 * log. Strings live in c->arena. */
[[nodiscard]] int config_read(struct ctx *c, unsigned command, int argc, char *const *argv, struct config *out);

/* Checks that concern several options at once, and what follows from them: the default artifact root. For the
 * server. */
[[nodiscard]] int config_resolve(struct ctx *c, struct config *config);

enum log_level config_log_level(const struct config *config);
enum log_format config_log_format(const struct config *config);

/* Writes the list of a command's options, as --help shows it. */
void config_print_options(FILE *out, unsigned command);
