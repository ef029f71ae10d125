/* The option table and its parser; see config.h. Called by main.c before anything else is open. */
#include "app/config.h"

#include <stdlib.h>

#include "artifact/uri.h"
#include "base/buf.h"
#include "base/num.h"

enum kind {
    TEXT,
    NUMBER,
    CHOICE,  /* `arg` lists the values, separated by '|' */
    FLAG,    /* --name */
    SWITCH,  /* --name and --no-name */
    IGNORED, /* takes a value; has no meaning here */
    IGNORED_FLAG,
    REFUSED, /* takes a value; a function of MLflow that is not served */
    REFUSED_FLAG,
};

struct option_row {
    const char *name;
    char letter;
    const char *env;
    enum kind kind;
    size_t offset;        /* in struct config */
    const char *fallback; /* as text; NULL: absent, 0 or false */
    int64_t least, most;  /* of a NUMBER */
    const char *arg;      /* how the value is called in the help */
    unsigned commands;
    const char *help;
};

#define TO(member) offsetof(struct config, member)
#define NOWHERE 0

static const struct option_row rows[] = {
    {"backend-store-uri", 0, "MLFLOW_BACKEND_STORE_URI", TEXT, TO(backend_store_uri), "sqlite:///mlflow.db", 0, 0,
     "URI", FOR_SERVER | FOR_GC,
     "Database of experiments, runs and models: sqlite:///relative.db, sqlite:////absolute.db."},
    {"registry-store-uri", 0, "MLFLOW_REGISTRY_STORE_URI", TEXT, TO(registry_store_uri), NULL, 0, 0, "URI", FOR_SERVER,
     "Database of registered models; must be the one of --backend-store-uri."},
    {"default-artifact-root", 0, "MLFLOW_DEFAULT_ARTIFACT_ROOT", TEXT, TO(default_artifact_root), NULL, 0, 0, "URI",
     FOR_SERVER,
     "Where the artifacts of new experiments go. Without it: mlflow-artifacts:/ (through this server) when artifacts "
     "are "
     "served, else ./mlruns."},
    {"serve-artifacts", 0, "MLFLOW_SERVE_ARTIFACTS", SWITCH, TO(serve_artifacts), "true", 0, 0, NULL, FOR_SERVER,
     "Take and give artifacts by HTTP, kept in --artifacts-destination."},
    {"artifacts-only", 0, "MLFLOW_ARTIFACTS_ONLY", FLAG, TO(artifacts_only), NULL, 0, 0, NULL, FOR_SERVER,
     "Serve artifacts alone, without tracking and registry."},
    {"artifacts-destination", 0, "MLFLOW_ARTIFACTS_DESTINATION", TEXT, TO(artifacts_destination), "./mlartifacts", 0, 0,
     "URI", FOR_SERVER | FOR_GC, "Directory (or file: URI) that served artifacts are kept in."},
    {"host", 'h', "MLFLOW_HOST", TEXT, TO(host), "127.0.0.1", 0, 0, "HOST", FOR_SERVER,
     "Address to listen on; 0.0.0.0 for all networks."},
    {"port", 'p', "MLFLOW_PORT", NUMBER, TO(port), "5000", 0, 65535, "PORT", FOR_SERVER,
     "Port to listen on; 0 takes a free one."},
    {"workers", 'w', "MLFLOW_WORKERS", NUMBER, TO(workers), "4", 1, 1000, "N", FOR_SERVER,
     "Bounds the connections open at once: 250 for each of N, 256 at least; further ones are refused. There is one "
     "process, with a thread for each connection."},
    {"static-prefix", 0, "MLFLOW_STATIC_PREFIX", TEXT, TO(static_prefix), NULL, 0, 0, "PATH", FOR_SERVER,
     "Path that all paths begin with, such as /tools/mlflow."},
    {"allowed-hosts", 0, "MLFLOW_SERVER_ALLOWED_HOSTS", TEXT, TO(allowed_hosts), NULL, 0, 0, "LIST", FOR_SERVER,
     "Host headers that are accepted, separated by commas; '*' in them stands for anything. Default: localhost and "
     "private networks."},
    {"cors-allowed-origins", 0, "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", TEXT, TO(cors_allowed_origins), NULL, 0, 0,
     "LIST", FOR_SERVER,
     "Origins of web pages that may call the API, separated by commas. Default: those of localhost."},
    {"x-frame-options", 0, "MLFLOW_SERVER_X_FRAME_OPTIONS", TEXT, TO(x_frame_options), "SAMEORIGIN", 0, 0, "VALUE",
     FOR_SERVER, "Value of X-Frame-Options: SAMEORIGIN, DENY, or NONE to leave it out."},
    {"disable-security-middleware", 0, "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", FLAG,
     TO(disable_security_middleware), NULL, 0, 0, NULL, FOR_SERVER,
     "Check neither Host nor Origin and send no security headers. For tests only."},
    {"expose-prometheus", 0, "MLFLOW_EXPOSE_PROMETHEUS", TEXT, TO(expose_prometheus), NULL, 0, 0, "DIRECTORY",
     FOR_SERVER, "Serve figures for Prometheus at /metrics. The directory is not written to."},
    {"log-level", 0, "MLFLOW_LOGGING_LEVEL", CHOICE, TO(log_level), "info", 0, 0, "debug|info|warning|error|critical",
     FOR_SERVER | FOR_GC | FOR_DB, "Least level of the events that are logged on standard error."},
    {"log-format", 0, "MILLRACE_LOG_FORMAT", CHOICE, TO(log_format), "text", 0, 0, "text|json",
     FOR_SERVER | FOR_GC | FOR_DB, "Form of a log line."},

    {"gunicorn-opts", 0, "MLFLOW_GUNICORN_OPTS", IGNORED, NOWHERE, NULL, 0, 0, "OPTS", FOR_SERVER,
     "Accepted and ignored: there is no gunicorn."},
    {"waitress-opts", 0, NULL, IGNORED, NOWHERE, NULL, 0, 0, "OPTS", FOR_SERVER,
     "Accepted and ignored: there is no waitress."},
    {"uvicorn-opts", 0, "MLFLOW_UVICORN_OPTS", IGNORED, NOWHERE, NULL, 0, 0, "OPTS", FOR_SERVER,
     "Accepted and ignored: there is no uvicorn."},
    {"dev", 0, NULL, IGNORED_FLAG, NOWHERE, NULL, 0, 0, NULL, FOR_SERVER, "Accepted and ignored: there is no reload."},
    {"secrets-cache-ttl", 0, NULL, IGNORED, NOWHERE, NULL, 0, 0, "SECONDS", FOR_SERVER,
     "Accepted and ignored: no secrets are kept."},
    {"secrets-cache-max-size", 0, NULL, IGNORED, NOWHERE, NULL, 0, 0, "N", FOR_SERVER,
     "Accepted and ignored: no secrets are kept."},
    {"disable-workspaces", 0, NULL, IGNORED_FLAG, NOWHERE, NULL, 0, 0, NULL, FOR_SERVER,
     "Accepted and ignored: there are no workspaces."},
    {"read-replica-backend-store-uri", 0, "MLFLOW_READ_REPLICA_BACKEND_STORE_URI", REFUSED, NOWHERE, NULL, 0, 0, "URI",
     FOR_SERVER, "Not served yet."},
    {"app-name", 0, NULL, REFUSED, NOWHERE, NULL, 0, 0, "NAME", FOR_SERVER, "Not served yet."},
    {"trace-archival-config", 0, "MLFLOW_TRACE_ARCHIVAL_CONFIG", REFUSED, NOWHERE, NULL, 0, 0, "PATH", FOR_SERVER,
     "Not served yet."},
    {"workspace-store-uri", 0, NULL, REFUSED, NOWHERE, NULL, 0, 0, "URI", FOR_SERVER, "Not served yet."},
    {"enable-workspaces", 0, "MLFLOW_ENABLE_WORKSPACES", REFUSED_FLAG, NOWHERE, NULL, 0, 0, NULL, FOR_SERVER | FOR_GC,
     "Not served yet."},

    {"older-than", 0, NULL, TEXT, TO(older_than), NULL, 0, 0, "AGE", FOR_GC,
     "Remove only what was deleted longer ago than this: 30d, 2d8h5m20s, 1.5h."},
    {"run-ids", 0, NULL, TEXT, TO(run_ids), NULL, 0, 0, "LIST", FOR_GC,
     "Deleted runs to remove, separated by commas. Default: all deleted runs."},
    {"experiment-ids", 0, NULL, TEXT, TO(experiment_ids), NULL, 0, 0, "LIST", FOR_GC,
     "Deleted experiments to remove with their runs, separated by commas. Default: all deleted experiments."},
    {"logged-model-ids", 0, NULL, TEXT, TO(logged_model_ids), NULL, 0, 0, "LIST", FOR_GC,
     "Deleted logged models to remove, separated by commas. Default: all deleted logged models."},
    {"jobs", 0, NULL, FLAG, TO(jobs), NULL, 0, 0, NULL, FOR_GC, "Remove job records as well."},
    {"job-ids", 0, NULL, TEXT, TO(job_ids), NULL, 0, 0, "LIST", FOR_GC, "Job records to remove, separated by commas."},
    {"tracking-uri", 0, "MLFLOW_TRACKING_URI", IGNORED, NOWHERE, NULL, 0, 0, "URI", FOR_GC,
     "Accepted and ignored: artifacts are removed in --artifacts-destination itself."},
    {"workspace", 0, NULL, REFUSED, NOWHERE, NULL, 0, 0, "NAME", FOR_GC, "Not served yet."},
    {"all-workspaces", 0, NULL, REFUSED_FLAG, NOWHERE, NULL, 0, 0, NULL, FOR_GC, "Not served yet."},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

/* ---- one value -------------------------------------------------------------------------------------------- */

static void *slot(const struct option_row *row, struct config *config) {
    return (char *)config + row->offset;
}

static bool takes_value(const struct option_row *row) {
    switch (row->kind) {
    case TEXT:
    case NUMBER:
    case CHOICE:
    case IGNORED:
    case REFUSED: return true;
    case FLAG:
    case SWITCH:
    case IGNORED_FLAG:
    case REFUSED_FLAG: break;
    }
    return false;
}

static int store_number(struct ctx *c, const struct option_row *row, const char *source, const char *value,
                        int64_t *out) {
    if (!num_parse_int(value, strlen(value), out))
        return fail_invalid(c, "%s: '%s' is not a whole number", source, value);
    if (*out < row->least || *out > row->most)
        return fail_invalid(c, "%s: %s is not in the range %ld to %ld", source, value, (long)row->least,
                            (long)row->most);
    return 0;
}

static int store_choice(struct ctx *c, const struct option_row *row, const char *source, const char *value,
                        struct str *out) {
    struct str wanted = str_lower(c->arena, str_of(value)), rest = str_of(row->arg);
    while (rest.n) {
        ptrdiff_t bar = str_chr(rest, '|');
        size_t n = bar < 0 ? rest.n : (size_t)bar;
        if (str_eq(str_sub(rest, 0, n), wanted)) {
            *out = wanted;
            return 0;
        }
        rest = str_sub(rest, n + 1, rest.n);
    }
    return fail_invalid(c, "%s: '%s' is none of %s", source, value, row->arg);
}

/* Truth as click reads it from an environment variable. */
static int read_truth(struct ctx *c, const char *source, const char *value, bool *out) {
    static const char *const words[2][6] = {{"0", "false", "f", "no", "n", "off"},
                                            {"1", "true", "t", "yes", "y", "on"}};
    struct str text = str_trim(str_of(value));
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 6; i++)
            if (str_ieq(text, str_of(words[truth][i]))) {
                *out = truth;
                return 0;
            }
    return fail_invalid(c, "%s: '%s' is not true or false", source, value);
}

static int refuse(struct ctx *c, const char *source) {
    return fail_invalid(c, "%s: this function of mlflow server is not served by Millrace yet", source);
}

/* Takes a value in. `source` names the flag or variable it comes from; flags have "true" or "false". */
static int take(struct ctx *c, const struct option_row *row, const char *source, const char *value,
                struct config *config) {
    bool truth = false;
    switch (row->kind) {
    case TEXT: *(struct str *)slot(row, config) = str_dup(c->arena, str_of(value)); return 0;
    case NUMBER: return store_number(c, row, source, value, slot(row, config));
    case CHOICE: return store_choice(c, row, source, value, slot(row, config));
    case FLAG:
    case SWITCH: return read_truth(c, source, value, slot(row, config));
    case IGNORED:
    case IGNORED_FLAG: log_warning("%s is ignored: it has no meaning for Millrace", source); return 0;
    case REFUSED: return refuse(c, source);
    case REFUSED_FLAG: {
        int err = read_truth(c, source, value, &truth);
        return err ? err : truth ? refuse(c, source) : 0;
    }
    }
    return 0;
}

/* ---- the command line ------------------------------------------------------------------------------------- */

struct line {
    struct ctx *c;
    unsigned command;
    int argc, at;
    char *const *argv;
    bool given[N_ROWS];
};

static const struct option_row *find_name(unsigned command, struct str name, const char **truth) {
    *truth = "true";
    for (size_t i = 0; i < N_ROWS; i++) {
        if (!(rows[i].commands & command))
            continue;
        if (str_is(name, rows[i].name))
            return &rows[i];
        if (rows[i].kind == SWITCH && str_starts(name, STR("no-")) && str_is(str_sub(name, 3, name.n), rows[i].name)) {
            *truth = "false";
            return &rows[i];
        }
    }
    return NULL;
}

static const struct option_row *find_letter(unsigned command, char letter) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].letter && rows[i].letter == letter && (rows[i].commands & command))
            return &rows[i];
    return NULL;
}

/* The value of an option: what follows in the same word, or the next word. */
static int option_value(struct line *l, const char *source, const char *attached, const char **value) {
    if (attached) {
        *value = attached;
        return 0;
    }
    if (l->at >= l->argc)
        return fail_invalid(l->c, "option %s needs a value", source);
    *value = l->argv[l->at++];
    return 0;
}

static int take_option(struct line *l, const struct option_row *row, const char *source, const char *attached,
                       const char *truth, struct config *config) {
    const char *value = truth;
    if (takes_value(row)) {
        int err = option_value(l, source, attached, &value);
        if (err)
            return err;
    } else if (attached) {
        return fail_invalid(l->c, "option %s takes no value", source);
    }
    l->given[row - rows] = true;
    return take(l->c, row, source, value, config);
}

/* "--name", "--name=value" */
static int take_long(struct line *l, const char *word, struct config *config) {
    const char *equal = strchr(word, '='), *truth;
    struct str name = {word + 2, equal ? (size_t)(equal - word) - 2 : strlen(word) - 2};
    if (str_is(name, "help") && !equal) {
        config->help = true;
        return 0;
    }
    const char *source = str_fmt(l->c->arena, "--%.*s", STR_FMT(name)).p;
    const struct option_row *row = find_name(l->command, name, &truth);
    if (!row)
        return fail_invalid(l->c, "no such option: %s", source);
    return take_option(l, row, source, equal ? equal + 1 : NULL, truth, config);
}

/* "-p5000", "-p 5000" */
static int take_short(struct line *l, const char *word, struct config *config) {
    const struct option_row *row = find_letter(l->command, word[1]);
    if (!row)
        return fail_invalid(l->c, "no such option: %s", word);
    return take_option(l, row, str_fmt(l->c->arena, "--%s", row->name).p, word[2] ? word + 2 : NULL, "true", config);
}

static int take_argument(struct line *l, const char *word, struct config *config) {
    if (config->n_arguments == MAX_ARGUMENTS)
        return fail_invalid(l->c, "too many arguments: '%s'", word);
    config->arguments[config->n_arguments++] = str_of(word);
    return 0;
}

static int read_line(struct line *l, struct config *config) {
    bool only_arguments = false;
    while (l->at < l->argc && !config->help) {
        const char *word = l->argv[l->at++];
        int err = 0;
        if (!only_arguments && strcmp(word, "--") == 0)
            only_arguments = true;
        else if (only_arguments || word[0] != '-' || !word[1])
            err = take_argument(l, word, config);
        else
            err = word[1] == '-' ? take_long(l, word, config) : take_short(l, word, config);
        if (err)
            return err;
    }
    return 0;
}

/* What the line left open comes from the environment, then from the table. */
static int read_rest(struct line *l, struct config *config) {
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &rows[i];
        if (l->given[i] || !(row->commands & l->command))
            continue;
        const char *value = row->env ? getenv(row->env) : NULL;
        const char *source = row->env;
        if (!value || !*value) {
            value = row->fallback;
            source = row->name;
        }
        int err = value ? take(l->c, row, source, value, config) : 0;
        if (err)
            return err;
    }
    return 0;
}

int config_read(struct ctx *c, unsigned command, int argc, char *const *argv, struct config *out) {
    struct line l = {.c = c, .command = command, .argc = argc, .argv = argv};
    *out = (struct config){0};
    int err = read_line(&l, out);
    if (err || out->help)
        return err;
    return read_rest(&l, out);
}

/* ---- what concerns several options ------------------------------------------------------------------------ */

/* MLflow: _validate_static_prefix. */
static int check_prefix(struct ctx *c, struct str prefix) {
    if (!prefix.n)
        return 0;
    if (prefix.p[0] != '/')
        return fail_invalid(c, "--static-prefix must begin with a '/'.");
    if (prefix.p[prefix.n - 1] == '/')
        return fail_invalid(c, "--static-prefix should not end with a '/'.");
    if (str_chr(prefix, '{') >= 0 || str_chr(prefix, '}') >= 0)
        return fail_invalid(c, "--static-prefix must not contain '{' or '}'.");
    return 0;
}

/* MLflow: artifacts_only_config_validation. */
static int check_modes(struct ctx *c, const struct config *config) {
    const struct str backend = config->backend_store_uri;
    if (config->artifacts_only && !str_is(backend, "sqlite:///mlflow.db") && !str_is(backend, "./mlruns"))
        return fail_invalid(c, "--artifacts-only cannot be combined with --backend-store-uri: '%.*s'",
                            STR_FMT(backend));
    if (config->artifacts_only && !config->serve_artifacts)
        return fail_invalid(c, "--artifacts-only cannot be combined with --no-serve-artifacts");
    if (config->registry_store_uri.n && !str_eq(config->registry_store_uri, backend))
        return fail_invalid(c, "--registry-store-uri must be the same as --backend-store-uri: models are kept in the "
                               "database of the runs");
    return 0;
}

static int check_frame_options(struct ctx *c, struct str value) {
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
            return fail_invalid(c, "--x-frame-options: control characters are not allowed");
    return 0;
}

int config_resolve(struct ctx *c, struct config *config) {
    int err = check_prefix(c, config->static_prefix);
    if (!err)
        err = check_modes(c, config);
    if (!err)
        err = check_frame_options(c, config->x_frame_options);
    if (err)
        return err;
    struct str root =
        uri_default_root(config->default_artifact_root, config->serve_artifacts, config->backend_store_uri);
    config->default_artifact_root = uri_resolve_local(c->arena, root);
    return 0;
}

enum log_level config_log_level(const struct config *config) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++)
        if (str_is(config->log_level, names[i]))
            return (enum log_level)i;
    return LOG_ERROR;
}

enum log_format config_log_format(const struct config *config) {
    return str_is(config->log_format, "json") ? LOG_JSON : LOG_TEXT;
}

/* ---- help ------------------------------------------------------------------------------------------------- */

enum { INDENT = 6, WIDTH = 96 };

static void print_wrapped(FILE *out, const char *text) {
    int column = 0;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column && column + 1 + n > WIDTH - INDENT)
            column = 0;
        fprintf(out, column ? " %.*s" : "\n      %.*s", n, text);
        column += n + (column ? 1 : 0);
        text += n;
        text += strspn(text, " ");
    }
}

static void print_option(FILE *out, const struct option_row *row) {
    fputs("  ", out);
    if (row->letter)
        fprintf(out, "-%c, ", row->letter);
    fprintf(out, "--%s", row->name);
    if (row->kind == SWITCH)
        fprintf(out, ", --no-%s", row->name);
    if (row->arg)
        fprintf(out, " %s", row->arg);
    print_wrapped(out, row->help);
    if (row->fallback || row->env) {
        fputs("\n      [", out);
        if (row->fallback)
            fprintf(out, "default: %s%s", row->fallback, row->env ? ", " : "");
        if (row->env)
            fprintf(out, "environment: %s", row->env);
        fputc(']', out);
    }
    fputc('\n', out);
}

void config_print_options(FILE *out, unsigned command) {
    fputs("Options:\n", out);
    for (size_t i = 0; i < N_ROWS; i++)
        if ((rows[i].commands & command) && rows[i].kind != REFUSED && rows[i].kind != REFUSED_FLAG)
            print_option(out, &rows[i]);
    fputs("  --help\n      Show this text.\n", out);
}
