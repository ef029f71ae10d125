/* Unit tests of the pure parts of the service room: names, lengths, batches, texts as Python writes them. */
#include "suite.h"

#include <math.h>
#include <stdlib.h>

#include "service/python_text.h"
#include "service/validate.h"
#include "service/word_chars.h"

/* Asserts that a call fails with ERR_INVALID_PARAMETER and this text. */
#define assert_refused(c, call, text)                                                                                  \
    do {                                                                                                               \
        assert_int_equal((call), ERR_INVALID_PARAMETER);                                                               \
        assert_str((c)->message, text);                                                                                \
    } while (0)

#define CHARACTERS                                                                                                     \
    ": Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and "      \
    "slashes (/)."
#define PATHS                                                                                                          \
    ": Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "     \
    "This name would resolve to "

static int check_metric(struct ctx *c, const char *key) {
    const struct Metric m = {.key = str_of(key), .value = F64(1), .timestamp = I64(1)};
    return validate_metric(c, AT_TOP, &m);
}

static struct str repeated(struct ctx *c, const char *unit, size_t n) {
    struct buf b = BUF_IN(c->arena);
    for (size_t i = 0; i < n; i++)
        buf_z(&b, unit);
    return buf_end(&b);
}

static void good_names(void **state) {
    static const char *const names[] = {"m", "a/b c.d-e_f:g", "ключ", "a\n", "a..", ".a", "日本語/² ½", "a/..b"};
    struct ctx *c = test_ctx();
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(check_metric(c, names[i]), OK);
    assert_int_equal(check_metric(c, repeated(c, "é", 250).p), OK);
    test_ctx_free(c);
}

static void bad_names(void **state) {
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"a!b", "Invalid value \"a!b\" for parameter 'name' supplied" CHARACTERS},
        {"a\nb", "Invalid value \"a\\nb\" for parameter 'name' supplied" CHARACTERS},
        {"\xf0\x9f\x8e\x89", "Invalid value \"\\ud83c\\udf89\" for parameter 'name' supplied" CHARACTERS},
        {"", "Invalid value \"\" for parameter 'name' supplied" PATHS "'.'"},
        {".", "Invalid value \".\" for parameter 'name' supplied" PATHS "'.'"},
        {"..", "Invalid value \"..\" for parameter 'name' supplied" PATHS "'..'"},
        {"..a", "Invalid value \"..a\" for parameter 'name' supplied" PATHS "'..a'"},
        {"../a", "Invalid value \"../a\" for parameter 'name' supplied" PATHS "'../a'"},
        {"a/../../b", "Invalid value \"a/../../b\" for parameter 'name' supplied" PATHS "'../b'"},
        {"../../a", "Invalid value \"../../a\" for parameter 'name' supplied" PATHS "'../../a'"},
        {"a//b", "Invalid value \"a//b\" for parameter 'name' supplied" PATHS "'a/b'"},
        {"a/./b", "Invalid value \"a/./b\" for parameter 'name' supplied" PATHS "'a/b'"},
        {"a/b/..", "Invalid value \"a/b/..\" for parameter 'name' supplied" PATHS "'a'"},
        {"a/..", "Invalid value \"a/..\" for parameter 'name' supplied" PATHS "'.'"},
        {"a/", "Invalid value \"a/\" for parameter 'name' supplied" PATHS "'a'"},
        {"/a", "Invalid value \"/a\" for parameter 'name' supplied" PATHS "'/a'"},
        {"//a", "Invalid value \"//a\" for parameter 'name' supplied" PATHS "'//a'"},
        {"///a", "Invalid value \"///a\" for parameter 'name' supplied" PATHS "'/a'"},
        {"/../a", "Invalid value \"/../a\" for parameter 'name' supplied" PATHS "'/a'"},
    };
    struct ctx *c = test_ctx();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(c, check_metric(c, cases[i].name), cases[i].text);
    assert_refused(c, check_metric(c, repeated(c, "é", 251).p),
                   "'Metric name' exceeds the maximum length of 250 characters");
    test_ctx_free(c);
}

static void negative_times(void **state) {
    struct ctx *c = test_ctx();
    struct Metric m = {.key = STR("m"), .value = F64(NAN), .timestamp = I64(-1)};
    (void)state;
    assert_refused(c, validate_metric(c, (struct place){"metrics", 7}, &m),
                   "Invalid value -1 for parameter 'metrics[7].timestamp' supplied: metric 'm' (value=nan). "
                   "Timestamp must be a nonnegative long (64-bit integer) ");
    m.value = F64(1e22);
    assert_int_equal(validate_metric(c, AT_TOP, &m), ERR_INVALID_PARAMETER);
    assert_true(str_find(c->message, STR("(value=1e+22)")) > 0);
    test_ctx_free(c);
}

static void long_values_are_cut(void **state) {
    struct ctx *c = test_ctx();
    struct str value = repeated(c, "é", 6001);
    (void)state;
    unsetenv("MLFLOW_TRUNCATE_LONG_VALUES");
    assert_int_equal(validate_param(c, AT_TOP, STR("p"), &value), OK);
    assert_int_equal(utf8_length(value), 6000);
    value = (struct str){0};
    assert_int_equal(validate_param(c, AT_TOP, STR("p"), &value), OK);
    assert_non_null(value.p);
    value = repeated(c, "v", 8001);
    assert_int_equal(validate_tag(c, AT_TOP, STR("t"), &value), OK);
    assert_int_equal(value.n, 8000);
    setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false", 1);
    value = repeated(c, "v", 8001);
    assert_refused(c, validate_tag(c, (struct place){"tags", 2}, STR("t"), &value),
                   "'tags[2].value' exceeds the maximum length of 8000 characters");
    value = repeated(c, "v", 6001);
    assert_refused(c, validate_param(c, AT_TOP, STR("p"), &value),
                   "'Param value' exceeds the maximum length of 6000 characters");
    unsetenv("MLFLOW_TRUNCATE_LONG_VALUES");
    test_ctx_free(c);
}

static void run_ids(void **state) {
    struct ctx *c = test_ctx();
    (void)state;
    assert_int_equal(validate_run_id(c, STR("0123456789abcdef0123456789abcdef")), OK);
    assert_int_equal(validate_run_id(c, repeated(c, "a", 256)), OK);
    assert_int_equal(validate_run_id(c, repeated(c, "a", 257)), ERR_INVALID_PARAMETER);
    assert_int_equal(validate_run_id(c, STR("_a")), ERR_INVALID_PARAMETER);
    assert_int_equal(validate_run_id(c, STR("")), ERR_INVALID_PARAMETER);
    assert_refused(c, validate_run_id(c, STR("bad id!")), "Invalid value \"bad id!\" for parameter 'run_id' supplied.");
    test_ctx_free(c);
}

static void batches(void **state) {
    struct ctx *c = test_ctx();
    struct Param v[] = {{STR("a"), STR("1")}, {STR("b"), STR("2")}, {STR("a"), STR("1")}, {STR("b"), STR("3")}};
    (void)state;
    assert_int_equal(validate_batch_limits(c, 1000, 0, 0), OK);
    assert_int_equal(validate_batch_limits(c, 800, 100, 100), OK);
    assert_int_equal(validate_batch_limits(c, 0, 101, 0), ERR_INVALID_PARAMETER);
    assert_int_equal(validate_batch_limits(c, 0, 0, 101), ERR_INVALID_PARAMETER);
    assert_refused(
        c, validate_batch_limits(c, 900, 51, 50),
        "A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001 metrics, "
        "params, and tags. Please split up metrics, params, and tags across multiple requests and try again.");
    assert_int_equal(validate_params_unique(c, &(struct Param_list){v, 2}), OK);
    assert_refused(c, validate_params_unique(c, &(struct Param_list){v, 4}),
                   "Duplicate parameter keys have been submitted: ['a', 'b']. Please ensure the request contains only "
                   "one param value per param key.");
    assert_refused(c, validate_present(c, (struct place){"metrics", 3}, "value", false),
                   "Missing value for required parameter 'metrics[3].value'. See the API docs for more information "
                   "about request parameters.");
    test_ctx_free(c);
}

static void experiment_tags(void **state) {
    static const struct {
        const char *key, *value;
        bool good;
    } cases[] = {
        {"k", "", true},
        {"k!", "", false},
        {"mlflow.trace.archivalRetention", "{\"type\": \"duration\", \"value\": \"30d\"}", true},
        {"mlflow.trace.archivalRetention", "{\"type\": \"duration\", \"value\": \"0d\"}", false},
        {"mlflow.trace.archivalRetention", "{\"type\": \"duration\", \"value\": 5}", false},
        {"mlflow.trace.archivalRetention", "{\"type\": \"other\", \"value\": \"30d\"}", false},
        {"mlflow.trace.archivalRetention", "", false},
        {"mlflow.trace.archiveNow", "{}", true},
        {"mlflow.trace.archiveNow", "{\"older_than\": null}", true},
        {"mlflow.trace.archiveNow", "{\"older_than\": \"12h\"}", true},
        {"mlflow.trace.archiveNow", "{\"older_than\": \"12x\"}", false},
        {"mlflow.trace.archiveNow", "[]", false},
    };
    struct ctx *c = test_ctx();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(validate_experiment_tag(c, str_of(cases[i].key), str_of(cases[i].value)) == OK, cases[i].good);
    assert_int_equal(validate_experiment_tag(c, STR("k"), repeated(c, "v", 20000)), OK);
    assert_refused(c, validate_experiment_tag(c, STR("k"), repeated(c, "v", 20001)),
                   "'value' exceeds the maximum length of 20000 characters");
    test_ctx_free(c);
}

static void datasets(void **state) {
    struct ctx *c = test_ctx();
    struct Dataset d = {.name = repeated(c, "n", 500), .digest = repeated(c, "d", 36)};
    struct InputTag tag = {STR("k"), repeated(c, "v", 501)};
    struct DatasetInput in = {.dataset = &d};
    (void)state;
    assert_int_equal(validate_dataset_input(c, &(struct DatasetInput){0}), OK);
    assert_int_equal(validate_dataset_input(c, &in), OK);
    d.digest = repeated(c, "d", 37);
    assert_refused(c, validate_dataset_input(c, &in), "'digest' exceeds the maximum length of 36 characters");
    d.digest = STR("d");
    in.tags = (struct InputTag_list){&tag, 1};
    assert_refused(c, validate_dataset_input(c, &in), "'value' exceeds the maximum length of 500 characters");
    test_ctx_free(c);
}

static void word_characters(void **state) {
    (void)state;
    assert_true(word_char('a') && word_char('Z') && word_char('0') && word_char('_'));
    assert_false(word_char('-') || word_char(' ') || word_char('@') || word_char('['));
    assert_true(word_char(0xe9) && word_char(0xb2) && word_char(0xaa) && word_char(0x4e2d) && word_char(0x1d400));
    assert_false(word_char(0xa9) || word_char(0x301) || word_char(0x1f389) || word_char(0x10ffff));
}

static void python_texts(void **state) {
    static const struct {
        const char *in, *repr, *json;
    } cases[] = {
        {"a", "'a'", "\"a\""},
        {"it's", "\"it's\"", "\"it's\""},
        {"it's \"x\"", "'it\\'s \"x\"'", "\"it's \\\"x\\\"\""},
        {"a\\b\n\t\x01", "'a\\\\b\\n\\t\\x01'", "\"a\\\\b\\n\\t\\u0001\""},
        {"é中", "'é中'", "\"\\u00e9\\u4e2d\""},
        {"\xf0\x9f\x8e\x89", "'\xf0\x9f\x8e\x89'", "\"\\ud83c\\udf89\""},
        {"\xe2\x80\x8b", "'\\u200b'", "\"\\u200b\""},
    };
    struct ctx *c = test_ctx();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf repr = BUF_IN(c->arena), json = BUF_IN(c->arena);
        python_put_repr(&repr, str_of(cases[i].in));
        python_put_json(&json, str_of(cases[i].in));
        assert_str(buf_end(&repr), cases[i].repr);
        assert_str(buf_end(&json), cases[i].json);
    }
    struct buf b = BUF_IN(c->arena);
    python_put_dumps(&b, STR("{\"a\":[1,2 ,\"x,:\\\"y\"],\n\"é\":{}}"));
    assert_str(buf_end(&b), "{\"a\": [1, 2, \"x,:\\\"y\"], \"\\u00e9\": {}}");
    test_ctx_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names),   cmocka_unit_test(bad_names),           cmocka_unit_test(negative_times),
        cmocka_unit_test(run_ids),      cmocka_unit_test(long_values_are_cut), cmocka_unit_test(batches),
        cmocka_unit_test(datasets),     cmocka_unit_test(experiment_tags),     cmocka_unit_test(word_characters),
        cmocka_unit_test(python_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
