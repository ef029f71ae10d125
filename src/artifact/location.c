/* Which artifact locations a client may store, and which ones this server may follow; see uri.h. Keeps the invariant
 * that no client can make the server connect to a host that its operator has not configured. */
#include <stdlib.h>

#include "app/app.h"
#include "artifact/path.h"
#include "artifact/uri.h"
#include "base/num.h"

enum { LOCATION_MAX_DEFAULT = 2048 };

static const char allowed_variable[] = "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES";

/* Schemes whose URI names the host to connect to: the family they are compared as, and the ports that a URI without one
 * means. MLflow: host_policy. */
static const struct host_scheme {
    const char *name, *family;
    int ports[2];
} host_schemes[] = {
    {"ftp", "ftp", {21, 21}},
    {"sftp", "sftp", {0, 0}},
    {"hdfs", "hdfs", {0, 0}},
    {"viewfs", "hdfs", {0, 0}},
    {"http", "http", {80, 80}},
    {"https", "http", {443, 443}},
    {"mlflow-artifacts", "http", {80, 443}},
    {"r2", "r2", {443, 443}},
    {"b2", "b2", {443, 443}},
    {"abfss", "abfss", {443, 443}},
};

/* What a URI would make the server connect to. */
struct target {
    const struct host_scheme *scheme;
    struct str host;
    int ports[2];
    bool malformed;
};

static const struct host_scheme *find_scheme(const struct uri *u) {
    if (str_is(u->scheme, "mlflow-artifacts") && u->authority.n == 0)
        return NULL; /* the server itself */
    for (size_t i = 0; i < sizeof host_schemes / sizeof *host_schemes; i++)
        if (str_is(u->scheme, host_schemes[i].name))
            return &host_schemes[i];
    return NULL;
}

/* HTTP clients end the host at a backslash, so what stands there is not what would be connected to. */
static bool is_odd(struct str authority) {
    for (size_t i = 0; i < authority.n; i++)
        if (authority.p[i] == '\\' || (unsigned char)authority.p[i] <= ' ')
            return true;
    return false;
}

static void read_port(struct target *t, struct str text) {
    int64_t port;
    if (text.n == 0)
        return;
    if (num_parse_int(text.p, text.n, &port) && port >= 0 && port <= 65535)
        t->ports[0] = t->ports[1] = (int)port;
    else
        t->malformed = true;
}

/* Reads the target of a URI; false when it names no host. */
static bool target_of(struct arena *a, struct str uri, struct target *out) {
    struct uri u = uri_split(a, uri);
    *out = (struct target){.scheme = find_scheme(&u)};
    if (!out->scheme)
        return false;
    memcpy(out->ports, out->scheme->ports, sizeof out->ports);
    out->malformed = is_odd(u.authority);
    struct str host = u.authority;
    for (ptrdiff_t at; (at = str_chr(host, '@')) >= 0;)
        host = str_sub(host, (size_t)at + 1, host.n);
    bool ipv6 = host.n && host.p[0] == '[';
    ptrdiff_t end = ipv6 ? str_chr(host, ']') + 1 : str_chr(host, ':');
    if (end > 0 || (end == 0 && !ipv6)) {
        struct str rest = str_sub(host, (size_t)end, host.n);
        read_port(out, str_sub(rest, rest.n > 0, rest.n));
        host = str_sub(host, 0, (size_t)end);
    }
    out->host = str_lower(a, host);
    return true;
}

static bool same_target(const struct target *a, const struct target *b) {
    if (a->malformed || b->malformed || strcmp(a->scheme->family, b->scheme->family) != 0 || !str_eq(a->host, b->host))
        return false;
    for (int i = 0; i < 4; i++)
        if (a->ports[i / 2] == b->ports[i % 2])
            return true;
    return false;
}

/* Is it the host of the server's own storage? */
static bool is_trusted(const struct ctx *c, const struct target *t) {
    if (!c->app)
        return false;
    const struct config *config = &c->app->config;
    struct target own;
    return (target_of(c->arena, config->default_artifact_root, &own) && same_target(t, &own)) ||
           (target_of(c->arena, config->artifacts_destination, &own) && same_target(t, &own));
}

/* Is the scheme in the operator's comma-separated list? */
static bool scheme_allowed(struct str scheme) {
    struct str list = str_of(getenv(allowed_variable));
    while (list.n) {
        ptrdiff_t comma = str_chr(list, ',');
        struct str word = str_sub(list, 0, comma < 0 ? list.n : (size_t)comma);
        if (str_ieq(str_trim(word), scheme))
            return true;
        list = str_sub(list, word.n + 1, list.n);
    }
    return false;
}

int artifact_host_check(struct ctx *c, struct str uri, const char *field) {
    struct uri u = uri_split(c->arena, uri);
    struct target t;
    if (!target_of(c->arena, uri, &t) || scheme_allowed(u.scheme) || is_trusted(c, &t))
        return 0;
    struct str subject =
        field ? str_fmt(c->arena, "'%s' cannot use the '%.*s' scheme", field, STR_FMT(u.scheme))
              : str_fmt(c->arena, "The tracking server does not connect to artifact location '%.*s'", STR_FMT(uri));
    return fail_invalid(c,
                        "%.*s: the '%.*s' scheme addresses a host other than the tracking server's configured artifact "
                        "storage, so the server would connect to the host named in the URI. Set the %s environment "
                        "variable on the server to allow it.",
                        STR_FMT(subject), STR_FMT(u.scheme), allowed_variable);
}

/* The query must not hold "..", however often it is decoded. */
static int check_query(struct ctx *c, struct str query) {
    for (int round = 0; round < 10; round++) {
        if (str_find(query, STR("..")) >= 0)
            break;
        struct str next = path_unquote(c->arena, query);
        if (next.n == query.n)
            return 0;
        query = next;
    }
    return fail_invalid(c, "Invalid query string");
}

static int64_t location_max(void) {
    struct str text = str_of(getenv("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH"));
    int64_t max;
    return text.n && num_parse_int(text.p, text.n, &max) ? max : LOCATION_MAX_DEFAULT;
}

static int check_length(struct ctx *c, struct str uri) {
    int64_t max = location_max();
    if ((int64_t)utf8_length(uri) <= max)
        return 0;
    return fail_invalid(c,
                        "Invalid artifact path length. The length of the artifact path cannot be greater than %lld "
                        "characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH "
                        "environment variable.",
                        (long long)max);
}

int artifact_location_check(struct ctx *c, struct str uri, const char *field) {
    struct uri u = uri_split(c->arena, uri);
    if (str_chr(uri, '\0') >= 0)
        return fail_invalid(c, "'%s' cannot hold a NUL character.", field);
    if (u.fragment.n || u.params.n)
        return fail_invalid(c, "'%s' URL can't include fragments or params.", field);
    int err = check_query(c, u.query);
    if (!err)
        err = artifact_host_check(c, uri, field);
    if (err)
        return err;
    if (str_starts(uri, STR("runs:")))
        return fail_invalid(c, "Artifact location cannot be a runs:/ URI. Given: '%.*s'", STR_FMT(uri));
    if (str_is(u.scheme, "file") && !uri_local_path(c->arena, uri).p)
        return fail_invalid(c,
                            "%.*s is not a valid remote uri. For remote access on windows, please consider using a "
                            "different scheme such as SMB (e.g. smb://<hostname>/<path>).",
                            STR_FMT(uri));
    return check_length(c, uri);
}
