/* Unit tests of the http room's pure parts: percent-decoding, query strings, the route table, Host and Origin. */
#include "http/route.h"
#include "http/security.h"
#include "http/uri.h"
#include "suite.h"

/* ---- percent-decoding ------------------------------------------------------------------------------------- */

static void quoted_bytes_are_decoded_once(void **state) {
    (void)state;
    struct arena *a = arena_new();
    assert_str(uri_decode(a, STR("a%20b%2Fc%c3%A9"), false), "a b/c\xc3\xa9");
    assert_str(uri_decode(a, STR("%2541"), false), "%41");
    assert_str(uri_decode(a, STR("a+b"), false), "a+b");
    assert_str(uri_decode(a, STR("a+b%2B"), true), "a b+");
    assert_str(uri_decode(a, STR("%zz%4"), false), "%zz%4");
    assert_str(uri_decode(a, STR(""), false), "");
    arena_free(a);
}

static void undecodable_bytes_and_nul_stay_quoted(void **state) {
    (void)state;
    struct arena *a = arena_new();
    assert_str(uri_decode(a, STR("x%00y"), false), "x%00y");
    assert_str(uri_decode(a, STR("%ff%C3"), false), "%FF%C3");
    assert_str(uri_decode(a,
                          STR("a\xff"
                              "b%20"),
                          false),
               "a%FFb ");
    assert_str(uri_decode(a, STR("%ED%A0%80"), false), "%ED%A0%80");
    arena_free(a);
}

static void query_strings_keep_order_and_blanks(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct param_list q = uri_parse_query(a, STR("b=1&&a=x%26y&b=2&flag&=v&c="));
    assert_int_equal(q.n, 6);
    assert_str(q.v[0].name, "b");
    assert_str(q.v[1].value, "x&y");
    assert_str(q.v[2].value, "2");
    assert_str(q.v[3].name, "flag");
    assert_str(q.v[3].value, "");
    assert_str(q.v[4].name, "");
    assert_str(q.v[5].value, "");
    assert_int_equal(uri_parse_query(a, STR("")).n, 0);
    assert_int_equal(uri_parse_query(a, STR("&&&")).n, 0);
    arena_free(a);
}

/* ---- routes ----------------------------------------------------------------------------------------------- */

enum { CREATE, SEARCH_GET, SEARCH_POST, TRACE_GET, TRACE, TRACE_TAG, FILES_GET, FILES_PUT, HEALTH, ROOT, AJAX };

static const struct route routes[] = {
    [CREATE] = {.method = "POST", .version = "2.0", .path = "mlflow/runs/create", .flags = PREVIEW},
    [SEARCH_GET] = {.method = "GET", .version = "2.0", .path = "mlflow/experiments/search"},
    [SEARCH_POST] = {.method = "POST", .version = "2.0", .path = "mlflow/experiments/search"},
    [TRACE_GET] = {.method = "GET", .version = "3.0", .path = "mlflow/traces/get"},
    [TRACE] = {.method = "DELETE", .version = "3.0", .path = "mlflow/traces/{trace_id}"},
    [TRACE_TAG] = {.method = "DELETE", .version = "3.0", .path = "mlflow/traces/{trace_id}/tags/{key}"},
    [FILES_GET] = {.method = "GET", .version = "2.0", .path = "mlflow-artifacts/artifacts/{path...}"},
    [FILES_PUT] = {.method = "PUT", .version = "2.0", .path = "mlflow-artifacts/artifacts/{path...}"},
    [HEALTH] = {.method = "GET", .version = "", .path = "/health", .flags = BARE},
    [ROOT] = {.method = "GET", .version = "", .path = "/", .flags = BARE},
    [AJAX] = {.method = "GET", .version = "2.0", .path = "mlflow/only-pages", .flags = AJAX_ONLY},
};

struct table {
    struct arena *arena;
    struct route_table *routes;
    struct route_match match;
};

static struct table table_of(const char *prefix) {
    return (struct table){arena_new(), route_table_new(routes, sizeof routes / sizeof *routes, str_of(prefix)), {0}};
}

static void table_end(struct table *t) {
    route_table_free(t->routes);
    arena_free(t->arena);
}

static enum route_found look(struct table *t, const char *method, const char *path) {
    return route_find(t->routes, t->arena, str_of(method), str_of(path), &t->match);
}

/* Asserts that the path leads to routes[expected]. */
static void leads_to(struct table *t, const char *method, const char *path, int expected) {
    if (look(t, method, path) != ROUTE_FOUND)
        fail_msg("%s %s is not found", method, path);
    assert_int_equal(t->match.target->route - routes, expected);
}

static void paths_are_found_under_every_prefix(void **state) {
    (void)state;
    struct table t = table_of("");
    leads_to(&t, "POST", "/api/2.0/mlflow/runs/create", CREATE);
    leads_to(&t, "POST", "/ajax-api/2.0/mlflow/runs/create", CREATE);
    leads_to(&t, "POST", "/api/2.0/preview/mlflow/runs/create", CREATE);
    leads_to(&t, "GET", "/api/2.0/mlflow/%65xperiments/search", SEARCH_GET);
    leads_to(&t, "POST", "/api/2.0/mlflow/experiments/search", SEARCH_POST);
    leads_to(&t, "GET", "/health", HEALTH);
    leads_to(&t, "GET", "/", ROOT);
    leads_to(&t, "GET", "/ajax-api/2.0/mlflow/only-pages", AJAX);
    assert_int_equal(look(&t, "GET", "/api/2.0/mlflow/only-pages"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "/api/2.0/preview/mlflow/experiments/search"), ROUTE_UNKNOWN);
    table_end(&t);
}

static void parameters_are_cut_then_decoded(void **state) {
    (void)state;
    struct table t = table_of("");
    leads_to(&t, "GET", "/api/3.0/mlflow/traces/get", TRACE_GET);
    leads_to(&t, "DELETE", "/api/3.0/mlflow/traces/get", TRACE);
    leads_to(&t, "DELETE", "/api/3.0/mlflow/traces/a%2Fb/tags/k%20%C3%A9", TRACE_TAG);
    assert_int_equal(t.match.params.n, 2);
    assert_str(t.match.params.v[0].name, "trace_id");
    assert_str(t.match.params.v[0].value, "a/b");
    assert_str(t.match.params.v[1].value, "k \xc3\xa9");
    assert_str(t.match.target->rule, "/api/3.0/mlflow/traces/<trace_id>/tags/<key>");
    leads_to(&t, "DELETE", "/api/3.0/mlflow/traces/get/tags/k", TRACE_TAG);
    assert_int_equal(look(&t, "DELETE", "/api/3.0/mlflow/traces//tags/k"), ROUTE_UNKNOWN);
    table_end(&t);
}

static void the_rest_of_a_path_may_hold_anything(void **state) {
    (void)state;
    struct table t = table_of("");
    leads_to(&t, "PUT", "/api/2.0/mlflow-artifacts/artifacts/a//b/c%2Fd.txt", FILES_PUT);
    assert_str(t.match.params.v[0].value, "a//b/c/d.txt");
    assert_str(t.match.target->rule, "/api/2.0/mlflow-artifacts/artifacts/<path:path>");
    leads_to(&t, "GET", "/api/2.0/mlflow-artifacts/artifacts/", FILES_GET);
    assert_str(t.match.params.v[0].value, "");
    leads_to(&t, "GET", "/api/2.0/mlflow-artifacts/artifacts/../../../etc/passwd", FILES_GET);
    assert_str(t.match.params.v[0].value, "../../../etc/passwd");
    assert_int_equal(look(&t, "GET", "/api/2.0/mlflow-artifacts/artifacts"), ROUTE_UNKNOWN);
    table_end(&t);
}

static void other_methods_are_told(void **state) {
    (void)state;
    struct table t = table_of("");
    assert_int_equal(look(&t, "GET", "/api/2.0/mlflow/runs/create"), ROUTE_METHOD);
    assert_str(t.match.allow, "POST, OPTIONS");
    assert_int_equal(look(&t, "FOO", "/api/2.0/mlflow/experiments/search"), ROUTE_METHOD);
    assert_str(t.match.allow, "GET, HEAD, POST, OPTIONS");
    leads_to(&t, "HEAD", "/health", HEALTH);
    assert_int_equal(look(&t, "HEAD", "/api/2.0/mlflow/runs/create"), ROUTE_METHOD);
    table_end(&t);
}

static void unknown_paths_and_doubled_slashes(void **state) {
    (void)state;
    struct table t = table_of("");
    assert_int_equal(look(&t, "GET", "/api/2.0/mlflow/nope"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "/health/"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "/api/2.0/mlflow"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "*"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", ""), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "//health"), ROUTE_REDIRECT);
    assert_str(t.match.location, "/health");
    assert_int_equal(look(&t, "POST", "/api/2.0//mlflow///runs/create"), ROUTE_REDIRECT);
    assert_str(t.match.location, "/api/2.0/mlflow/runs/create");
    assert_int_equal(look(&t, "GET", "//evil.com/"), ROUTE_UNKNOWN);
    table_end(&t);
}

static void a_static_prefix_moves_all_but_artifacts(void **state) {
    (void)state;
    struct table t = table_of("/tools/mlflow");
    leads_to(&t, "GET", "/tools/mlflow/health", HEALTH);
    assert_str(t.match.path, "/health");
    leads_to(&t, "POST", "/tools/mlflow/api/2.0/mlflow/runs/create", CREATE);
    assert_str(t.match.target->rule, "/tools/mlflow/api/2.0/mlflow/runs/create");
    leads_to(&t, "GET", "/api/2.0/mlflow-artifacts/artifacts/x", FILES_GET);
    leads_to(&t, "GET", "/tools/mlflow/api/2.0/mlflow-artifacts/artifacts/x", FILES_GET);
    assert_int_equal(look(&t, "GET", "/health"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "/tools/mlflowx/health"), ROUTE_UNKNOWN);
    assert_int_equal(look(&t, "GET", "/tools/mlflow"), ROUTE_REDIRECT);
    assert_str(t.match.location, "/tools/mlflow/");
    table_end(&t);
}

/* ---- Host and Origin -------------------------------------------------------------------------------------- */

static struct security defaults(struct arena *a) {
    struct security s;
    security_init(&s, a, false, (struct str){0}, (struct str){0}, STR("sameorigin"));
    return s;
}

static bool host_passes(const struct security *s, const char *host) {
    struct security_request r = {.method = STR("GET"), .path = STR("/api/x"), .host = str_of(host), .api = true};
    return security_refusal(s, &r) == NULL;
}

static bool origin_passes(const struct security *s, const char *method, const char *origin) {
    struct security_request r = {.method = str_of(method),
                                 .path = STR("/api/x"),
                                 .host = STR("localhost"),
                                 .origin = str_of(origin),
                                 .api = true};
    return security_refusal(s, &r) == NULL;
}

static void default_hosts_are_local_and_private(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct security s = defaults(a);
    static const char *const good[] = {"localhost",  "localhost:5000", "127.0.0.1:80", "[::1]",
                                       "[::1]:5000", "0.0.0.0",        "10.1.2.3",     "192.168.0.9:5000",
                                       "172.16.0.1", "172.31.9.9:1",   "fc00:1::"};
    static const char *const bad[] = {"evil.com",   "localhost.evil.com", "LOCALHOST", "172.15.0.1",
                                      "172.32.0.1", "127.0.0.1.evil.com", "",          "[::1]x",
                                      "[x:1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!host_passes(&s, good[i]))
            fail_msg("host %s is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (host_passes(&s, bad[i]))
            fail_msg("host %s passes", bad[i]);
    assert_false(host_passes(&s, NULL));
    arena_free(a);
}

static void listed_hosts_replace_the_defaults(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct security s;
    security_init(&s, a, false, STR("mlflow.example.com, app-*.example.com"), (struct str){0}, STR("NONE"));
    assert_true(host_passes(&s, "mlflow.example.com"));
    assert_true(host_passes(&s, "app-7.example.com"));
    assert_false(host_passes(&s, "localhost"));
    assert_false(host_passes(&s, "mlflow.example.com:80"));
    assert_int_equal(s.frame_options.n, 0);
    struct security_request health = {.method = STR("GET"), .path = STR("/health"), .health = true};
    assert_null(security_refusal(&s, &health));
    security_init(&s, a, false, STR("a,*"), (struct str){0}, STR("DENY"));
    assert_true(host_passes(&s, "anything"));
    arena_free(a);
}

static void foreign_origins_change_nothing(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct security s = defaults(a);
    assert_false(origin_passes(&s, "POST", "http://evil.com"));
    assert_false(origin_passes(&s, "DELETE", "null"));
    assert_false(origin_passes(&s, "PATCH", "http://localhost.evil.com"));
    assert_false(origin_passes(&s, "POST", "http://evil.com/localhost"));
    assert_true(origin_passes(&s, "GET", "http://evil.com"));
    assert_true(origin_passes(&s, "POST", "http://localhost:3000"));
    assert_true(origin_passes(&s, "POST", "https://127.0.0.1"));
    assert_true(origin_passes(&s, "POST", "http://[::1]:8"));
    assert_true(origin_passes(&s, "POST", NULL));
    assert_true(security_origin_allowed(&s, STR("http://localhost:3000")));
    assert_false(security_origin_allowed(&s, STR("https://localhost")));
    assert_false(security_origin_allowed(&s, STR("http://localhost:")));
    assert_false(security_origin_allowed(&s, STR("http://localhost:80.evil.com")));
    arena_free(a);
}

static void listed_origins_may_change_state(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct security s;
    security_init(&s, a, false, (struct str){0}, STR("https://a.example,https://*.b.example"), STR(""));
    assert_true(origin_passes(&s, "POST", "https://a.example"));
    assert_true(origin_passes(&s, "POST", "https://x.b.example"));
    assert_false(origin_passes(&s, "POST", "https://b.example"));
    assert_true(security_origin_allowed(&s, STR("https://a.example")));
    assert_false(security_origin_allowed(&s, STR("https://x.b.example")));
    security_init(&s, a, false, (struct str){0}, STR("*"), STR(""));
    assert_true(origin_passes(&s, "POST", "https://anything"));
    security_init(&s, a, true, (struct str){0}, (struct str){0}, STR(""));
    assert_true(host_passes(&s, "evil.com"));
    arena_free(a);
}

static void globs_match_as_fnmatch_does(void **state) {
    (void)state;
    assert_true(glob_match(STR("*"), STR("")));
    assert_true(glob_match(STR("a*b*c"), STR("axxbyybzc")));
    assert_false(glob_match(STR("a*b*c"), STR("axxbyyb")));
    assert_true(glob_match(STR("[!a-c]?"), STR("dx")));
    assert_false(glob_match(STR("[!a-c]?"), STR("bx")));
    assert_true(glob_match(STR("[[]::1]:*"), STR("[::1]:99")));
    assert_true(glob_match(STR("[]a]*"), STR("]x")));
    assert_true(glob_match(STR("[ab"), STR("[ab")));
    assert_false(glob_match(STR("a"), STR("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoted_bytes_are_decoded_once),
        cmocka_unit_test(undecodable_bytes_and_nul_stay_quoted),
        cmocka_unit_test(query_strings_keep_order_and_blanks),
        cmocka_unit_test(paths_are_found_under_every_prefix),
        cmocka_unit_test(parameters_are_cut_then_decoded),
        cmocka_unit_test(the_rest_of_a_path_may_hold_anything),
        cmocka_unit_test(other_methods_are_told),
        cmocka_unit_test(unknown_paths_and_doubled_slashes),
        cmocka_unit_test(a_static_prefix_moves_all_but_artifacts),
        cmocka_unit_test(default_hosts_are_local_and_private),
        cmocka_unit_test(listed_hosts_replace_the_defaults),
        cmocka_unit_test(foreign_origins_change_nothing),
        cmocka_unit_test(listed_origins_may_change_state),
        cmocka_unit_test(globs_match_as_fnmatch_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
