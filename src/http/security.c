/* Host and Origin checks and their headers; see security.h. */
#include "http/security.h"

#include <ctype.h>

static const char invalid_host[] = "Invalid Host header - possible DNS rebinding attack detected";
static const char blocked_origin[] = "Cross-origin request blocked";

static const char *const default_hosts[] = {
    "localhost", "127.0.0.1", "[::1]",    "0.0.0.0",  "localhost:*", "127.0.0.1:*", "[[]::1]:*",
    "0.0.0.0:*", "192.168.*", "10.*",     "172.16.*", "172.17.*",    "172.18.*",    "172.19.*",
    "172.20.*",  "172.21.*",  "172.22.*", "172.23.*", "172.24.*",    "172.25.*",    "172.26.*",
    "172.27.*",  "172.28.*",  "172.29.*", "172.30.*", "172.31.*",    "fc00:*",      "fd00:*",
};

static const char cors_methods[] = "GET, POST, PUT, DELETE, OPTIONS, PATCH";
static const char any_methods[] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";

/* ---- patterns --------------------------------------------------------------------------------------------- */

/* Does `c` belong to the set that starts after '['? *next is set past ']'. A set without end is a plain '['. */
static bool in_set(struct str pattern, size_t i, char c, size_t *next) {
    size_t start = i;
    bool negate = i < pattern.n && pattern.p[i] == '!';
    bool inside = false;
    i += negate;
    for (size_t first = i; i < pattern.n && (pattern.p[i] != ']' || i == first); i++) {
        if (i + 2 < pattern.n && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
            inside |= pattern.p[i] <= c && c <= pattern.p[i + 2];
            i += 2;
        } else {
            inside |= pattern.p[i] == c;
        }
    }
    if (i >= pattern.n) {
        *next = start;
        return c == '[';
    }
    *next = i + 1;
    return inside != negate;
}

/* Does the pattern's element at *i accept `c`? Moves *i past the element. */
static bool accepts(struct str pattern, size_t *i, char c) {
    char p = pattern.p[(*i)++];
    if (p == '?')
        return true;
    if (p == '[')
        return in_set(pattern, *i, c, i);
    return p == c;
}

bool glob_match(struct str pattern, struct str text) {
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = ++p;
            resume = t;
            continue;
        }
        if (p < pattern.n && accepts(pattern, &p, text.p[t])) {
            t++;
            continue;
        }
        if (star == SIZE_MAX)
            return false;
        p = star;
        t = ++resume;
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* MLflow: a value with '*' is a pattern, any other must be equal. */
static bool listed(const struct str_list *list, struct str value) {
    for (size_t i = 0; i < list->n; i++) {
        struct str allowed = list->v[i];
        if (str_chr(allowed, '*') >= 0 ? glob_match(allowed, value) : str_eq(allowed, value))
            return true;
    }
    return false;
}

static bool contains(const struct str_list *list, struct str value) {
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], value))
            return true;
    return false;
}

/* ---- settings --------------------------------------------------------------------------------------------- */

static struct str_list split(struct arena *a, struct str text) {
    struct str_list list = {0};
    if (!text.n)
        return list;
    list.v = ARENA_ARRAY(a, struct str, text.n + 1);
    for (;;) {
        ptrdiff_t comma = str_chr(text, ',');
        list.v[list.n++] = str_dup(a, str_trim(str_sub(text, 0, comma < 0 ? text.n : (size_t)comma)));
        if (comma < 0)
            return list;
        text = str_sub(text, (size_t)comma + 1, text.n);
    }
}

static struct str_list defaults(struct arena *a) {
    size_t n = sizeof default_hosts / sizeof *default_hosts;
    struct str_list list = {ARENA_ARRAY(a, struct str, n), n};
    for (size_t i = 0; i < n; i++)
        list.v[i] = str_of(default_hosts[i]);
    return list;
}

static struct str upper(struct arena *a, struct str s) {
    char *p = arena_raw(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = (char)toupper((unsigned char)s.p[i]);
    p[s.n] = '\0';
    return (struct str){p, s.n};
}

void security_init(struct security *s, struct arena *a, bool off, struct str hosts, struct str origins,
                   struct str frame_options) {
    struct str frame = upper(a, frame_options);
    *s = (struct security){
        .off = off,
        .hosts = hosts.n ? split(a, hosts) : defaults(a),
        .origins = split(a, origins),
        .frame_options = str_is(frame, "NONE") ? STR("") : frame,
    };
    s->any_host = contains(&s->hosts, STR("*"));
    s->any_origin = contains(&s->origins, STR("*"));
}

/* ---- checks ----------------------------------------------------------------------------------------------- */

/* Host name of an origin ("https://Name:1" gives "Name"), as Python's urlparse finds it. */
static struct str origin_host(struct str origin) {
    ptrdiff_t colon = str_find(origin, STR("://"));
    if (colon < 0)
        return STR("");
    struct str rest = str_sub(origin, (size_t)colon + 3, origin.n);
    for (size_t i = 0; i < rest.n; i++)
        if (rest.p[i] == '/' || rest.p[i] == '?' || rest.p[i] == '#')
            rest.n = i;
    for (ptrdiff_t at; (at = str_chr(rest, '@')) >= 0;)
        rest = str_sub(rest, (size_t)at + 1, rest.n);
    if (rest.n && rest.p[0] == '[') {
        ptrdiff_t end = str_chr(rest, ']');
        return end < 0 ? STR("") : str_sub(rest, 1, (size_t)end - 1);
    }
    ptrdiff_t port = str_chr(rest, ':');
    return port < 0 ? rest : str_sub(rest, 0, (size_t)port);
}

/* Any scheme and port of this machine: may change state. MLflow: is_localhost_origin. */
static bool is_localhost(struct str origin) {
    struct str host = origin_host(origin);
    return str_ieq(host, STR("localhost")) || str_is(host, "127.0.0.1") || str_is(host, "::1");
}

/* "http://localhost", 127.0.0.1 or [::1] with an optional port: may read answers. MLflow: LOCALHOST_ORIGIN_PATTERNS. */
static bool is_localhost_http(struct str origin) {
    static const struct str names[] = {{"http://localhost", 16}, {"http://127.0.0.1", 16}, {"http://[::1]", 12}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!str_starts(origin, names[i]))
            continue;
        struct str port = str_sub(origin, names[i].n, origin.n);
        bool digits = port.n > 1 && port.p[0] == ':';
        for (size_t d = 1; d < port.n; d++)
            digits &= port.p[d] >= '0' && port.p[d] <= '9';
        if (!port.n || digits)
            return true;
    }
    return false;
}

static bool changes_state(struct str method) {
    return str_is(method, "POST") || str_is(method, "PUT") || str_is(method, "DELETE") || str_is(method, "PATCH");
}

static bool blocks_origin(const struct security *s, const struct security_request *r) {
    if (!r->api || !r->origin.n || !changes_state(r->method) || s->any_origin)
        return false;
    return !is_localhost(r->origin) && !listed(&s->origins, r->origin);
}

const char *security_refusal(const struct security *s, const struct security_request *r) {
    if (s->off)
        return NULL;
    if (!r->health && !s->any_host && (!r->host.n || !listed(&s->hosts, r->host)))
        return invalid_host;
    return blocks_origin(s, r) ? blocked_origin : NULL;
}

bool security_origin_allowed(const struct security *s, struct str origin) {
    return s->any_origin || is_localhost_http(origin) || contains(&s->origins, origin);
}

/* ---- headers ---------------------------------------------------------------------------------------------- */

static void add_cors_headers(const struct security *s, struct str origin, struct exchange *x) {
    response_header(x, "Vary", STR("Origin"));
    if (!origin.p)
        return;
    response_header(x, "Access-Control-Expose-Headers", STR("*"));
    if (s->any_origin) {
        response_header(x, "Access-Control-Allow-Origin", STR("*"));
        return;
    }
    response_header(x, "Access-Control-Allow-Credentials", STR("true"));
    if (security_origin_allowed(s, origin))
        response_header(x, "Access-Control-Allow-Origin", origin);
}

static bool has_header(const struct response *r, const char *name) {
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_is(r->headers[i].name, name))
            return true;
    return false;
}

void security_add_headers(const struct security *s, const struct security_request *r, struct exchange *x) {
    if (s->off)
        return;
    if (!has_header(&x->res, "X-Content-Type-Options"))
        response_header(x, "X-Content-Type-Options", STR("nosniff"));
    if (s->frame_options.n && !str_starts(r->path, STR("/static-files/lib/notebook-trace-renderer")))
        response_header(x, "X-Frame-Options", s->frame_options);
    add_cors_headers(s, r->origin, x);
}

static bool names_method(const char *methods, struct str method) {
    struct str rest = str_of(methods);
    while (rest.n) {
        ptrdiff_t comma = str_chr(rest, ',');
        size_t n = comma < 0 ? rest.n : (size_t)comma;
        if (str_eq(str_sub(rest, 0, n), method))
            return true;
        rest = str_sub(rest, n + 2, rest.n);
    }
    return false;
}

/* Only what a list of header names is made of is sent back. */
static bool is_name_list(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && !strchr("-_,.* ", s.p[i]))
            return false;
    return s.n > 0;
}

void security_preflight(const struct security *s, struct exchange *x, struct str origin, struct str method,
                        struct str headers) {
    const char *methods = s->any_origin ? any_methods : cors_methods;
    bool origin_ok = security_origin_allowed(s, origin), method_ok = names_method(methods, method);
    response_header(x, "Vary", STR("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
    response_header(x, "Access-Control-Allow-Methods", str_of(methods));
    response_header(x, "Access-Control-Max-Age", STR("600"));
    if (is_name_list(headers))
        response_header(x, "Access-Control-Allow-Headers", headers);
    if (s->any_origin)
        response_header(x, "Access-Control-Allow-Origin", STR("*"));
    else
        response_header(x, "Access-Control-Allow-Credentials", STR("true"));
    if (origin_ok && !s->any_origin)
        response_header(x, "Access-Control-Allow-Origin", origin);
    if (origin_ok && method_ok) {
        response_text(x, 200, "text/plain; charset=utf-8", STR("OK"));
        return;
    }
    struct str text = str_fmt(x->c->arena, "Disallowed CORS %s%s%s", origin_ok ? "" : "origin",
                              origin_ok || method_ok ? "" : ", ", method_ok ? "" : "method");
    response_text(x, 400, "text/plain; charset=utf-8", text);
}
