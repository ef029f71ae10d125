/* URI parsing; see uri.h. The rules are SQLAlchemy's: the database is percent-decoded, options that only concern
 * Python's driver are accepted and have no effect, and SQLite's own URI parameters need uri=true. */
#include "store/uri.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/num.h"

/* Options of Python's driver. */
enum option { OPTION_URI, OPTION_TIMEOUT, OPTION_IGNORED };

static const struct {
    const char *name;
    enum option option;
} options[] = {
    {"uri", OPTION_URI},
    {"timeout", OPTION_TIMEOUT},
    {"isolation_level", OPTION_IGNORED},
    {"detect_types", OPTION_IGNORED},
    {"check_same_thread", OPTION_IGNORED},
    {"cached_statements", OPTION_IGNORED},
};

/* One `key=value` of the query. */
struct pair {
    struct str key, value;
};

static int bad_uri(struct ctx *c, struct str uri, const char *why) {
    return fail_invalid(c, "Invalid backend store URI '%.*s': %s", STR_FMT(uri), why);
}

static int hex_digit(char ch) {
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch = (char)(ch | 0x20);
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* Percent-decodes; a '%' without two hex digits stands for itself, and '+' is a space in a query only. */
static struct str decode(struct ctx *c, struct str s, bool query) {
    char *p = arena_raw(c->arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0)
            i += 2;
        p[n++] = low >= 0 ? (char)(high * 16 + low) : query && s.p[i] == '+' ? ' ' : s.p[i];
    }
    p[n] = 0;
    return (struct str){p, n};
}

/* Cuts the first pair off a query; false at its end. */
static bool next_pair(struct ctx *c, struct str *query, struct pair *out) {
    while (query->n) {
        ptrdiff_t amp = str_chr(*query, '&');
        struct str one = str_sub(*query, 0, amp < 0 ? query->n : (size_t)amp);
        *query = str_sub(*query, amp < 0 ? query->n : (size_t)amp + 1, query->n);
        ptrdiff_t eq = str_chr(one, '=');
        if (eq < 0 || (size_t)eq + 1 == one.n) /* no value: not there, as Python reads it */
            continue;
        out->key = decode(c, str_sub(one, 0, (size_t)eq), true);
        out->value = decode(c, str_sub(one, (size_t)eq + 1, one.n), true);
        return true;
    }
    return false;
}

static int parse_bool(struct ctx *c, const struct store_place *p, struct str v, bool *out) {
    static const char *const yes[] = {"true", "yes", "on", "y", "t", "1"};
    static const char *const no[] = {"false", "no", "off", "n", "f", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        *out = str_ieq(v, str_of(yes[i]));
        if (*out || str_ieq(v, str_of(no[i])))
            return 0;
    }
    return bad_uri(c, p->uri, "the option 'uri' takes true or false");
}

static int parse_timeout(struct ctx *c, struct store_place *p, struct str v) {
    double seconds;
    if (!num_parse_double(v.p, v.n, &seconds) || !(seconds >= 0 && seconds <= 1e6))
        return bad_uri(c, p->uri, "the option 'timeout' takes a number of seconds");
    p->timeout_ms = (int64_t)(seconds * 1000);
    return 0;
}

/* Reads the query: known options into `p`, the others as SQLite's parameters into `native`. */
static int parse_query(struct ctx *c, struct store_place *p, struct str query, struct buf *native) {
    struct pair pair;
    while (next_pair(c, &query, &pair)) {
        size_t i = 0, n = sizeof options / sizeof *options;
        while (i < n && !str_is(pair.key, options[i].name))
            i++;
        int rc = 0;
        if (i == n)
            buf_fmt(native, "%c%.*s=%.*s", native->n ? '&' : '?', STR_FMT(pair.key), STR_FMT(pair.value));
        else if (options[i].option == OPTION_URI)
            rc = parse_bool(c, p, pair.value, &p->native);
        else if (options[i].option == OPTION_TIMEOUT)
            rc = parse_timeout(c, p, pair.value);
        if (rc)
            return rc;
    }
    return 0;
}

/* Does one of SQLite's file: URIs name a database in memory? */
static bool native_memory(struct str file) {
    return str_find(file, STR(":memory:")) >= 0 || str_find(file, STR("mode=memory")) >= 0 || str_is(file, "file:");
}

/* The path inside a file: URI. */
static struct str native_path(struct ctx *c, struct str database) {
    struct str s = str_starts(database, STR("file:")) ? str_sub(database, 5, database.n) : database;
    if (str_starts(s, STR("///")))
        s = str_sub(s, 2, s.n);
    return str_dup(c->arena, s);
}

static void place_file(struct ctx *c, struct store_place *p, struct str database, struct buf *native) {
    if (p->native) {
        p->file = str_fmt(c->arena, "%.*s%.*s", STR_FMT(database), (int)native->n, native->p ? native->p : "");
        p->memory = native_memory(p->file);
        p->path = p->memory ? (struct str){0} : native_path(c, database);
        return;
    }
    if (native->n)
        log_warning("ignored in the backend store URI, as it has no uri=true: %.*s", (int)native->n, native->p);
    p->memory = database.n == 0 || str_is(database, ":memory:");
    p->file = p->memory ? STR(":memory:") : database;
    p->path = p->memory ? (struct str){0} : database;
}

/* Checks the part before "://": sqlite, or sqlite+driver. */
static int check_scheme(struct ctx *c, struct str uri, struct str scheme) {
    ptrdiff_t plus = str_chr(scheme, '+');
    struct str engine = plus < 0 ? scheme : str_sub(scheme, 0, (size_t)plus);
    if (str_is(engine, "sqlite"))
        return 0;
    if (str_is(engine, "postgresql") || str_is(engine, "mysql") || str_is(engine, "mssql"))
        return fail_invalid(c, "The database engine '%.*s' is not supported; use sqlite:///FILE", STR_FMT(engine));
    return bad_uri(c, uri, "it must be like sqlite:///mlflow.db (relative) or sqlite:////srv/mlflow.db (absolute)");
}

int store_place_parse(struct ctx *c, struct str uri, struct store_place *out) {
    struct buf native = BUF_IN(c->arena);
    *out = (struct store_place){.uri = str_dup(c->arena, uri)};
    ptrdiff_t at = str_find(uri, STR("://"));
    int rc = check_scheme(c, uri, at < 0 ? (struct str){0} : str_sub(uri, 0, (size_t)at));
    if (rc)
        return rc;
    struct str rest = str_sub(uri, (size_t)at + 3, uri.n), query = {0};
    ptrdiff_t mark = str_chr(rest, '?');
    if (mark >= 0) {
        query = str_sub(rest, (size_t)mark + 1, rest.n);
        rest = str_sub(rest, 0, (size_t)mark);
    }
    if (rest.n && rest.p[0] != '/')
        return bad_uri(c, uri, "a SQLite URI names no host: write three slashes before the path, or four before /");
    rc = parse_query(c, out, query, &native);
    if (rc)
        return rc;
    struct str database = decode(c, str_sub(rest, 1, rest.n), false);
    if (str_chr(database, '\0') >= 0)
        return bad_uri(c, uri, "the path holds a NUL byte");
    place_file(c, out, database, &native);
    return 0;
}
