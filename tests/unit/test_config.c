/* Unit tests of the option table: command line, environment, defaults, refusals. */
#include <stdlib.h>

#include "app/config.h"
#include "suite.h"

enum { MAX_WORDS = 16 };

/* Reads a command line given as one text, split at blanks. */
static int read_words(struct ctx *c, unsigned command, const char *text, struct config *out) {
    char *argv[MAX_WORDS], *copy = (char *)str_dup(c->arena, str_of(text)).p;
    int argc = 0;
    for (char *word = strtok(copy, " "); word && argc < MAX_WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    return config_read(c, command, argc, argv, out);
}

static void clear_environment(void) {
    static const char *const names[] = {"MLFLOW_PORT",
                                        "MLFLOW_HOST",
                                        "MLFLOW_SERVE_ARTIFACTS",
                                        "MLFLOW_ARTIFACTS_ONLY",
                                        "MLFLOW_BACKEND_STORE_URI",
                                        "MLFLOW_ENABLE_WORKSPACES",
                                        "MLFLOW_LOGGING_LEVEL",
                                        "MLFLOW_TRACKING_URI",
                                        "MLFLOW_WORKERS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static int setup(void **state) {
    clear_environment();
    *state = test_ctx();
    return 0;
}

static int teardown(void **state) {
    clear_environment();
    test_ctx_free(*state);
    return 0;
}

/* Asserts that the line is refused with a message that holds `part`. */
static void refused(struct ctx *c, const char *line, const char *part) {
    struct config config;
    assert_int_equal(read_words(c, FOR_SERVER, line, &config), ERR_INVALID_PARAMETER);
    if (str_find(c->message, str_of(part)) < 0)
        fail_msg("\"%s\": %.*s", line, STR_FMT(c->message));
}

static void defaults_are_those_of_mlflow(void **state) {
    struct ctx *c = *state;
    struct config config;
    assert_int_equal(read_words(c, FOR_SERVER, "", &config), 0);
    assert_int_equal(config_resolve(c, &config), 0);
    assert_str(config.backend_store_uri, "sqlite:///mlflow.db");
    assert_str(config.default_artifact_root, "mlflow-artifacts:/");
    assert_str(config.artifacts_destination, "./mlartifacts");
    assert_str(config.host, "127.0.0.1");
    assert_int_equal(config.port, 5000);
    assert_int_equal(config.workers, 4);
    assert_true(config.serve_artifacts);
    assert_false(config.artifacts_only);
    assert_false(config.disable_security_middleware);
    assert_str(config.x_frame_options, "SAMEORIGIN");
    assert_int_equal(config_log_level(&config), LOG_INFO);
}

static void values_come_in_every_form(void **state) {
    struct ctx *c = *state;
    struct config config;
    assert_int_equal(read_words(c, FOR_SERVER,
                                "-p 81 -h0.0.0.0 --workers=9 --no-serve-artifacts --log-level DEBUG --static-prefix /m "
                                "--default-artifact-root /srv/a",
                                &config),
                     0);
    assert_int_equal(config.port, 81);
    assert_str(config.host, "0.0.0.0");
    assert_int_equal(config.workers, 9);
    assert_false(config.serve_artifacts);
    assert_str(config.static_prefix, "/m");
    assert_int_equal(config_log_level(&config), LOG_DEBUG);
    assert_int_equal(config_resolve(c, &config), 0);
    assert_str(config.default_artifact_root, "/srv/a");
    assert_int_equal(read_words(c, FOR_SERVER, "--port=1 --port=2", &config), 0);
    assert_int_equal(config.port, 2);
}

static void the_line_goes_before_the_environment(void **state) {
    struct ctx *c = *state;
    struct config config;
    setenv("MLFLOW_PORT", "7000", 1);
    setenv("MLFLOW_HOST", "", 1);
    setenv("MLFLOW_SERVE_ARTIFACTS", "False", 1);
    setenv("MLFLOW_LOGGING_LEVEL", "ERROR", 1);
    assert_int_equal(read_words(c, FOR_SERVER, "", &config), 0);
    assert_int_equal(config.port, 7000);
    assert_str(config.host, "127.0.0.1");
    assert_false(config.serve_artifacts);
    assert_int_equal(config_log_level(&config), LOG_ERROR);
    assert_int_equal(read_words(c, FOR_SERVER, "--port 7001 --serve-artifacts", &config), 0);
    assert_int_equal(config.port, 7001);
    assert_true(config.serve_artifacts);
    setenv("MLFLOW_SERVE_ARTIFACTS", "maybe", 1);
    assert_int_equal(read_words(c, FOR_SERVER, "", &config), ERR_INVALID_PARAMETER);
}

static void wrong_lines_are_refused_in_a_sentence(void **state) {
    struct ctx *c = *state;
    refused(c, "--nope", "no such option: --nope");
    refused(c, "--por 1", "no such option: --por");
    refused(c, "-x", "no such option: -x");
    refused(c, "--port", "needs a value");
    refused(c, "--port x", "not a whole number");
    refused(c, "--port 65536", "not in the range");
    refused(c, "--workers 0", "not in the range");
    refused(c, "--artifacts-only=yes", "takes no value");
    refused(c, "--log-level loud", "none of");
    refused(c, "a b c d e", "too many arguments");
    refused(c, "--older-than 1d", "no such option");
}

static void functions_not_served_are_refused(void **state) {
    struct ctx *c = *state;
    struct config config;
    refused(c, "--app-name basic-auth", "--app-name");
    refused(c, "--enable-workspaces", "not served");
    refused(c, "--read-replica-backend-store-uri sqlite:///x", "not served");
    setenv("MLFLOW_ENABLE_WORKSPACES", "false", 1);
    assert_int_equal(read_words(c, FOR_SERVER, "", &config), 0);
    setenv("MLFLOW_ENABLE_WORKSPACES", "true", 1);
    refused(c, "", "MLFLOW_ENABLE_WORKSPACES");
    unsetenv("MLFLOW_ENABLE_WORKSPACES");
    assert_int_equal(read_words(c, FOR_SERVER, "--gunicorn-opts x --uvicorn-opts y --dev", &config), 0);
}

static int resolve(struct ctx *c, const char *line) {
    struct config config;
    assert_int_equal(read_words(c, FOR_SERVER, line, &config), 0);
    return config_resolve(c, &config);
}

static void options_must_fit_together(void **state) {
    struct ctx *c = *state;
    assert_int_equal(resolve(c, "--static-prefix m"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--static-prefix /m/"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--static-prefix /{m}"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--static-prefix /a/b"), 0);
    assert_int_equal(resolve(c, "--registry-store-uri sqlite:///other.db"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--registry-store-uri sqlite:///a.db --backend-store-uri sqlite:///a.db"), 0);
    assert_int_equal(resolve(c, "--artifacts-only --backend-store-uri sqlite:///a.db"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--artifacts-only --no-serve-artifacts"), ERR_INVALID_PARAMETER);
    assert_int_equal(resolve(c, "--artifacts-only"), 0);
}

static void artifact_roots_are_made_absolute(void **state) {
    struct ctx *c = *state;
    struct config config;
    assert_int_equal(read_words(c, FOR_SERVER, "--no-serve-artifacts", &config), 0);
    assert_int_equal(config_resolve(c, &config), 0);
    assert_true(config.default_artifact_root.p[0] == '/');
    assert_true(str_ends(config.default_artifact_root, STR("/mlruns")));
}

static void commands_have_their_own_options(void **state) {
    struct ctx *c = *state;
    struct config config;
    assert_int_equal(read_words(c, FOR_GC, "--older-than 3d --run-ids a,b --jobs", &config), 0);
    assert_str(config.older_than, "3d");
    assert_str(config.run_ids, "a,b");
    assert_true(config.jobs);
    assert_null(config.experiment_ids.p);
    assert_int_equal(read_words(c, FOR_GC, "--port 1", &config), ERR_INVALID_PARAMETER);
    assert_int_equal(read_words(c, FOR_DB, "sqlite:///x.db", &config), 0);
    assert_int_equal(config.n_arguments, 1);
    assert_str(config.arguments[0], "sqlite:///x.db");
    assert_int_equal(read_words(c, FOR_SERVER, "--port x --help", &config), ERR_INVALID_PARAMETER);
    assert_int_equal(read_words(c, FOR_SERVER, "--help --nope", &config), 0);
    assert_true(config.help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_those_of_mlflow, setup, teardown),
        cmocka_unit_test_setup_teardown(values_come_in_every_form, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_goes_before_the_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_lines_are_refused_in_a_sentence, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_not_served_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(options_must_fit_together, setup, teardown),
        cmocka_unit_test_setup_teardown(artifact_roots_are_made_absolute, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_have_their_own_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
