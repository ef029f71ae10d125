/* Which artifact locations a client may store, and which ones this server may follow; see uri.h. Keeps the invariant
 * that no client can make the server connect to a host that its operator has not configured. */
#include <stdlib.h>

#include "artifact/path.h"
#include "artifact/uri.h"
#include "base/num.h"

enum { LOCATION_MAX_DEFAULT = 2048 };

static const char allowed_variable[] = "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES";

/* Schemes whose URI names the host to connect to. MLflow: host_policy. */
static const char *const host_schemes[] = {"ftp",  "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts",
                                           "r2",   "b2",   "abfss"};

static bool addresses_host(const struct uri *u) {
    if (str_is(u->scheme, "mlflow-artifacts") && u->authority.n == 0)
        return false;
    for (size_t i = 0; i < sizeof host_schemes / sizeof *host_schemes; i++)
        if (str_is(u->scheme, host_schemes[i]))
            return true;
    return false;
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
    if (!addresses_host(&u) || scheme_allowed(u.scheme))
        return 0;
    struct str subject = field ? str_fmt(c->arena, "'%s' cannot use the '%.*s' scheme", field, STR_FMT(u.scheme))
                               : str_fmt(c->arena, "The tracking server does not connect to artifact location '%.*s'",
                                         STR_FMT(uri));
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
