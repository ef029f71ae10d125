/* Unit tests of the base room: arena, strings, buffers, numbers, JSON text. */
#include "suite.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"

static void arena_gives_zeroed_aligned_memory(void **state) {
    (void)state;
    struct arena *a = arena_new();
    for (size_t n = 0; n < 5000; n += 7) {
        unsigned char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAA, n);
    }
    arena_reset(a);
    unsigned char *again = arena_alloc(a, 1000);
    assert_int_equal(again[999], 0);
    arena_free(a);
    arena_free(NULL);
}

static void arena_grows_in_place_and_by_copy(void **state) {
    (void)state;
    struct arena *a = arena_new();
    char *p = arena_raw(a, 10);
    memcpy(p, "0123456789", 10);
    assert_ptr_equal(arena_grow(a, p, 10, 100), p);
    (void)arena_raw(a, 1);
    char *q = arena_grow(a, p, 100, 200000);
    assert_ptr_not_equal(q, p);
    assert_memory_equal(q, "0123456789", 10);
    arena_free(a);
}

static void strings_compare_find_and_trim(void **state) {
    (void)state;
    assert_true(str_eq((struct str){0}, STR("")));
    assert_true(str_ieq(STR("LiKe"), STR("like")));
    assert_false(str_ieq(STR("like"), STR("lik")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_chr(STR("key=value"), '='), 3);
    assert_int_equal(str_find(STR("a/../b"), STR("..")), 2);
    assert_int_equal(str_find(STR("abc"), STR("abcd")), -1);
    assert_str(str_trim(STR(" \t x y \n")), "x y");
    assert_str(str_sub(STR("abcdef"), 2, 3), "cde");
    assert_str(str_sub(STR("abc"), 5, 3), "");
}

static void utf8_is_checked_strictly(void **state) {
    (void)state;
    static const char *const good[] = {"", "plain", "h\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"};
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80", "abc\xe2\x82", "12345678\xff", "\xc3"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(utf8_valid(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(str_of(bad[i])));
    assert_int_equal(utf8_length(STR("h\xc3\xa9\xf0\x9f\x98\x80")), 3);
}

static void doubles_survive_a_round_trip(void **state) {
    (void)state;
    static const struct {
        double v;
        const char *text;
    } known[] = {{0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {0.1, "0.1"}, {0.30000000000000004, "0.30000000000000004"},
                 {1e100, "1e+100"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}};
    char text[NUM_MAX];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = num_format_double(text, known[i].v);
        assert_str(((struct str){text, n}), known[i].text);
    }
    for (int i = 0; i < 200000; i++) {
        uint64_t bits;
        double v, back;
        random_bytes(&bits, sizeof bits);
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        size_t n = num_format_double(text, v);
        assert_true(n <= NUM_MAX);
        assert_true(num_parse_double(text, n, &back));
        assert_memory_equal(&v, &back, sizeof v);
    }
}

static void numbers_are_parsed_whole_or_not_at_all(void **state) {
    (void)state;
    int64_t i;
    double d;
    assert_true(num_parse_int("-9223372036854775808", 20, &i));
    assert_true(i == INT64_MIN);
    assert_false(num_parse_int("9223372036854775808", 19, &i));
    assert_false(num_parse_int("12x", 3, &i));
    assert_false(num_parse_int("", 0, &i));
    assert_true(num_parse_double("1e400", 5, &d) && isinf(d) && d > 0);
    assert_true(num_parse_double("-1e400", 6, &d) && isinf(d) && d < 0);
    assert_true(num_parse_double("1e-400", 6, &d) && d == 0);
    assert_false(num_parse_double("inf", 3, &d));
    assert_false(num_parse_double("0x10", 4, &d));
    assert_false(num_parse_double("-", 1, &d));
}

static void buffers_grow_in_arena_and_heap(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct buf in_arena = BUF_IN(a), on_heap = {0};
    for (int i = 0; i < 10000; i++) {
        buf_fmt(&in_arena, "%d,", i);
        buf_int(&on_heap, i);
        buf_char(&on_heap, ',');
    }
    assert_int_equal(in_arena.n, on_heap.n);
    assert_memory_equal(in_arena.p, on_heap.p, on_heap.n);
    size_t n;
    char *taken = buf_steal(&on_heap, &n);
    assert_int_equal(n, in_arena.n);
    free(taken);
    buf_free(&on_heap);
    arena_free(a);
}

/* Accepts the text as one value? */
static bool json_ok(const char *text) {
    struct arena *a = arena_new();
    struct json j;
    json_start(&j, str_of(text), a);
    bool ok = json_skip(&j) && json_at_end(&j);
    arena_free(a);
    return ok;
}

static void json_is_strict(void **state) {
    (void)state;
    static const char *const good[] = {"{}", "[]", " [1, 2.5e3, -0.1, NaN, -Infinity] ", "\"\\u00e9\\ud83d\\ude00\"",
                                       "{\"a\":{\"b\":[null,true,false]}}", "0", "-0", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""};
    static const char *const bad[] = {"", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "[1 2]", "{\"a\" 1}", "{a:1}",
                                      "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"a\nb\"", "nul", "[1]x", "'a'", "1e",
                                      "--1", "\"\xff\"", "NaNs", "-NaN", "\"abc"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!json_ok(good[i]))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (json_ok(bad[i]))
            fail_msg("accepted %s", bad[i]);
}

static void json_depth_is_bounded(void **state) {
    (void)state;
    char deep[402];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    deep[400] = 0;
    assert_false(json_ok(deep));
    deep[299] = 0;
    memmove(deep, deep + 101, 199);
    deep[198] = 0;
    assert_true(json_ok(deep));
}

static void json_strings_are_escaped(void **state) {
    (void)state;
    struct arena *a = arena_new();
    struct buf b = BUF_IN(a);
    json_put_string(&b, STR("a\"b\\c\nd\x01\xc3\xa9"));
    assert_str(buf_end(&b), "\"a\\\"b\\\\c\\nd\\u0001\xc3\xa9\"");
    b.n = 0;
    json_put_compact(&b, STR("{ \"a b\" : [ 1 , \"x \\\" y\" ] }"));
    assert_str(buf_end(&b), "{\"a b\":[1,\"x \\\" y\"]}");
    arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(arena_grows_in_place_and_by_copy),
        cmocka_unit_test(strings_compare_find_and_trim),
        cmocka_unit_test(utf8_is_checked_strictly),
        cmocka_unit_test(doubles_survive_a_round_trip),
        cmocka_unit_test(numbers_are_parsed_whole_or_not_at_all),
        cmocka_unit_test(buffers_grow_in_arena_and_heap),
        cmocka_unit_test(json_is_strict),
        cmocka_unit_test(json_depth_is_bounded),
        cmocka_unit_test(json_strings_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
