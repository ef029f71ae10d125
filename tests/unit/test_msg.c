/* Unit tests of the message engine: decoding JSON and query strings by the tables, checks, encoding. */
#include "suite.h"

#include <math.h>

#include "api/messages.h"

static int decode(struct ctx *c, const struct msg *m, const char *text, void *out) {
    memset(out, 0, m->size);
    int err = msg_decode_json(c, m, str_of(text), out);
    return err ? err : msg_check(c, m, out);
}

static void a_batch_is_decoded(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct LogBatch b;
    assert_int_equal(decode(c, &LogBatch_msg,
                            "{\"run_id\":\"r\",\"metrics\":[{\"key\":\"a\",\"value\":\"NaN\",\"timestamp\":\"12\"},"
                            "{\"key\":\"b\",\"value\":1,\"timestamp\":3,\"step\":-4}],\"unknown\":[{\"x\":1}],"
                            "\"params\":[],\"tags\":null}",
                            &b),
                     OK);
    assert_str(b.run_id, "r");
    assert_int_equal(b.metrics.n, 2);
    assert_true(isnan(b.metrics.v[0].value.v));
    assert_int_equal(b.metrics.v[0].timestamp.v, 12);
    assert_false(b.metrics.v[0].step.set);
    assert_int_equal(b.metrics.v[1].step.v, -4);
    assert_non_null(b.params.v);
    assert_int_equal(b.params.n, 0);
    assert_null(b.tags.v);
    test_ctx_free(c);
}

static void camel_case_and_aliases_are_names_too(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct LogMetric m;
    assert_int_equal(decode(c, &LogMetric_msg,
                            "{\"runUuid\":\"r\",\"key\":\"k\",\"value\":0.5,\"timestamp\":1.0,\"datasetName\":\"d\"}", &m),
                     OK);
    assert_str(m.run_id, "r");
    assert_str(m.dataset_name, "d");
    assert_int_equal(m.timestamp.v, 1);
    struct DeleteRun d;
    assert_int_equal(decode(c, &DeleteRun_msg, "{\"runId\":\"r\"}", &d), ERR_INVALID_PARAMETER);
    assert_int_equal(decode(c, &DeleteRun_msg, "{\"run_uuid\":\"r\"}", &d), OK);
    assert_null(d.run_id.p);
    assert_int_equal(decode(c, &LogMetric_msg, "{\"dataset_name\":\"a\",\"datasetName\":\"b\"}", &m), ERR_INVALID_PARAMETER);
    assert_str(c->message, "Request specifies both 'dataset_name' and 'datasetName'; provide only one of them.");
    test_ctx_free(c);
}

static void missing_and_wrong_values_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{}", "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters."},
        {"{\"run_id\":\"\"}", "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters."},
        {"{\"run_id\":12}", "Invalid value 12 for parameter 'run_id' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters."},
        {"{\"run_id\":{\"a\": 1}}", "Invalid value {\"a\":1} for parameter 'run_id' supplied:  Hint: Value was of type 'dict'. See the API docs for more information about request parameters."},
        {"[]", "The request body must be a JSON object."},
        {"{\"run_id\":\"r\"", "The request body is not valid JSON: unexpected end at byte 13."},
        {"{\"run_id\":\"r\"} x", "The request body is not valid JSON: unexpected bytes after the value at byte 15."},
    };
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct DeleteRun d;
        assert_int_equal(decode(c, &DeleteRun_msg, cases[i].text, &d), ERR_INVALID_PARAMETER);
        assert_str(c->message, cases[i].message);
    }
    test_ctx_free(c);
}

static void numbers_follow_protobuf(void **state) {
    (void)state;
    static const struct {
        const char *timestamp;
        bool ok;
        int64_t v;
    } cases[] = {{"1", true, 1},       {"\"-7\"", true, -7}, {"2e3", true, 2000}, {"1.5", false, 0}, {"\"x\"", false, 0},
                 {"true", false, 0},   {"[]", false, 0},     {"9223372036854775807", true, INT64_MAX},
                 {"9223372036854775808", false, 0}};
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct LogMetric m;
        struct str text = str_fmt(c->arena, "{\"run_id\":\"r\",\"key\":\"k\",\"value\":1,\"timestamp\":%s}", cases[i].timestamp);
        assert_int_equal(decode(c, &LogMetric_msg, text.p, &m) == OK, cases[i].ok);
        if (cases[i].ok)
            assert_true(m.timestamp.v == cases[i].v);
    }
    struct SearchRuns s;
    assert_int_equal(decode(c, &SearchRuns_msg, "{\"max_results\":2147483648}", &s), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void enums_go_by_name_or_number(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct UpdateRun u;
    assert_int_equal(decode(c, &UpdateRun_msg, "{\"run_id\":\"r\",\"status\":\"FAILED\"}", &u), OK);
    assert_int_equal(u.status.v, RUN_FAILED);
    assert_int_equal(decode(c, &UpdateRun_msg, "{\"run_id\":\"r\",\"status\":3}", &u), OK);
    assert_int_equal(u.status.v, RUN_FINISHED);
    assert_int_equal(decode(c, &UpdateRun_msg, "{\"run_id\":\"r\",\"status\":\"DONE\"}", &u), OK);
    assert_false(u.status.set);
    test_ctx_free(c);
}

static void query_strings_fill_lists_and_scalars(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct param v[] = {{STR("run_ids"), STR("a")}, {STR("metric_key"), STR("loss")}, {STR("run_ids"), STR("b")},
                        {STR("max_results"), STR("10")}, {STR("other"), STR("x")}};
    struct param_list q = {v, 5};
    struct GetMetricHistoryBulkInterval r = {0};
    assert_int_equal(msg_decode_params(c, &GetMetricHistoryBulkInterval_msg, &q, &r), OK);
    assert_int_equal(r.run_ids.n, 2);
    assert_str(r.run_ids.v[1], "b");
    assert_int_equal(r.max_results.v, 10);
    v[3].value = STR("ten");
    assert_int_equal(msg_decode_params(c, &GetMetricHistoryBulkInterval_msg, &q, &r), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void json_quoted_once_more_is_read(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct DeleteRun d;
    assert_int_equal(decode(c, &DeleteRun_msg, "\"{\\\"run_id\\\": \\\"r\\\"}\"", &d), OK);
    assert_str(d.run_id, "r");
    test_ctx_free(c);
}

static void answers_leave_out_what_is_absent(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct Metric points[] = {{.key = STR("a"), .value = F64(NAN), .timestamp = I64(5), .step = I64(0)},
                              {.key = STR("b"), .value = F64(-INFINITY), .timestamp = I64(INT64_MIN)}};
    struct GetMetricHistoryResponse r = {.metrics = {points, 2}};
    struct buf b = BUF_IN(c->arena);
    msg_encode_json(&b, &GetMetricHistoryResponse_msg, &r);
    assert_str(buf_end(&b), "{\"metrics\":[{\"key\":\"a\",\"value\":\"NaN\",\"timestamp\":5,\"step\":0},"
                            "{\"key\":\"b\",\"value\":\"-Infinity\",\"timestamp\":-9223372036854775808}]}");
    test_ctx_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_decoded),
        cmocka_unit_test(camel_case_and_aliases_are_names_too),
        cmocka_unit_test(missing_and_wrong_values_are_named),
        cmocka_unit_test(numbers_follow_protobuf),
        cmocka_unit_test(enums_go_by_name_or_number),
        cmocka_unit_test(query_strings_fill_lists_and_scalars),
        cmocka_unit_test(json_quoted_once_more_is_read),
        cmocka_unit_test(answers_leave_out_what_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
