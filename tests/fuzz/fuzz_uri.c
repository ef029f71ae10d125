/* Fuzzer of percent-decoding, query strings and the route table: any bytes give valid UTF-8 without NUL, and decoding
 * has a bounded result. */
#include "http/route.h"
#include "http/security.h"
#include "http/uri.h"

static const struct route routes[] = {
    {.method = "GET", .version = "2.0", .path = "mlflow/experiments/search", .flags = PREVIEW},
    {.method = "GET", .version = "2.0", .path = "mlflow/logged-models/{model_id}"},
    {.method = "GET", .version = "2.0", .path = "mlflow/logged-models/{model_id}/tags/{tag_key}"},
    {.method = "GET", .version = "2.0", .path = "mlflow-artifacts/artifacts/{path...}"},
    {.method = "GET", .version = "", .path = "/health", .flags = BARE},
};

static void check(struct str decoded, size_t raw_n) {
    must(utf8_valid(decoded));
    must(decoded.n == 0 || !memchr(decoded.p, 0, decoded.n) || raw_n == 0);
    must(decoded.n <= 3 * raw_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n > 4096 || (n && memchr(data, 0, n)))
        return 0; /* the HTTP library gives NUL-terminated texts */
    struct arena *a = arena_new();
    struct str text = {(const char *)data, n};
    check(uri_decode(a, text, false), n);
    struct param_list q = uri_parse_query(a, text);
    for (size_t i = 0; i < q.n; i++) {
        check(q.v[i].name, n);
        check(q.v[i].value, n);
    }
    struct route_table *t = route_table_new(routes, sizeof routes / sizeof *routes, STR("/p"));
    struct route_match m;
    if (route_find(t, a, STR("GET"), text, &m) == ROUTE_FOUND)
        for (size_t i = 0; i < m.params.n; i++)
            check(m.params.v[i].value, n);
    ptrdiff_t cut = str_chr(text, '|');
    if (cut >= 0)
        (void)glob_match(str_sub(text, 0, (size_t)cut), str_sub(text, (size_t)cut + 1, n));
    route_table_free(t);
    arena_free(a);
    return 0;
}
