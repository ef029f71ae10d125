/* Artifact URIs; see uri.h. Parts are cut as Python's urlparse cuts them and put together as urlunparse does, since
 * the results are stored in databases that both servers read. */
#include "artifact/uri.h"

#include <stdlib.h>
#include <unistd.h>

#include "artifact/path.h"
#include "base/buf.h"

static bool is_alpha(char ch) {
    return (ch | 0x20) >= 'a' && (ch | 0x20) <= 'z';
}

static bool is_scheme_char(char ch) {
    return is_alpha(ch) || (ch >= '0' && ch <= '9') || ch == '+' || ch == '-' || ch == '.';
}

/* Is `name` one of the words? */
static bool is_one_of(struct str name, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_is(name, words[i]))
            return true;
    return false;
}

/* Schemes whose last path segment may carry ";parameters", and schemes that have an authority: Python's lists. */
static const char *const params_schemes[] = {"",     "ftp",   "hdl", "prospero", "http", "https", "shttp",
                                             "rtsp", "rtsps", "sip", "sips",     "mms",  "sftp",  "tel"};
static const char *const netloc_schemes[] = {"",     "ftp",     "http",  "gopher", "nntp",    "telnet", "imap",
                                             "wais", "file",    "mms",   "https",  "shttp",   "snews",  "prospero",
                                             "rtsp", "rtsps",   "rsync", "svn",    "svn+ssh", "sftp",   "nfs",
                                             "git",  "git+ssh", "ws",    "wss"};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Takes `*rest` up to the first of `stops`, leaving what follows. */
static struct str take_until(struct str *rest, const char *stops) {
    size_t n = 0;
    while (n < rest->n && !memchr(stops, rest->p[n], strlen(stops)))
        n++;
    struct str head = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return head;
}

static struct str take_scheme(struct arena *a, struct str *rest) {
    ptrdiff_t colon = str_chr(*rest, ':');
    if (colon <= 0 || !is_alpha(rest->p[0]))
        return STR("");
    for (ptrdiff_t i = 0; i < colon; i++)
        if (!is_scheme_char(rest->p[i]))
            return STR("");
    struct str scheme = str_lower(a, str_sub(*rest, 0, (size_t)colon));
    *rest = str_sub(*rest, (size_t)colon + 1, rest->n);
    return scheme;
}

/* Cuts what follows `mark` off the end of `*rest`. */
static struct str cut_after(struct str *rest, char mark) {
    ptrdiff_t at = str_chr(*rest, mark);
    if (at < 0)
        return str_sub(*rest, rest->n, 0);
    struct str tail = str_sub(*rest, (size_t)at + 1, rest->n);
    rest->n = (size_t)at;
    return tail;
}

static struct str cut_params(struct str *path) {
    size_t base = path->n - path_base(*path).n;
    struct str last = str_sub(*path, base, path->n), all = last;
    struct str params = cut_after(&last, ';');
    path->n -= all.n - last.n;
    return params;
}

struct uri uri_split(struct arena *a, struct str text) {
    while (text.n && (unsigned char)text.p[0] <= 0x20)
        text = str_sub(text, 1, text.n);
    struct uri u = {.scheme = take_scheme(a, &text), .authority = STR(""), .params = STR("")};
    u.has_authority = str_starts(text, STR("//"));
    if (u.has_authority) {
        text = str_sub(text, 2, text.n);
        u.authority = take_until(&text, "/?#");
    }
    u.fragment = cut_after(&text, '#');
    u.query = cut_after(&text, '?');
    u.path = text;
    if (is_one_of(u.scheme, params_schemes, COUNT(params_schemes)))
        u.params = cut_params(&u.path);
    return u;
}

static struct str uri_unsplit(struct arena *a, const struct uri *u) {
    struct buf b = BUF_IN(a);
    if (u->scheme.n)
        buf_fmt(&b, "%.*s:", STR_FMT(u->scheme));
    bool netloc = u->scheme.n && is_one_of(u->scheme, netloc_schemes, COUNT(netloc_schemes));
    if (u->authority.n || (netloc && !str_starts(u->path, STR("//")))) {
        buf_fmt(&b, "//%.*s", STR_FMT(u->authority));
        if (u->path.n && u->path.p[0] != '/')
            buf_char(&b, '/');
    }
    buf_str(&b, u->path);
    if (u->params.n)
        buf_fmt(&b, ";%.*s", STR_FMT(u->params));
    if (u->query.n)
        buf_fmt(&b, "?%.*s", STR_FMT(u->query));
    if (u->fragment.n)
        buf_fmt(&b, "#%.*s", STR_FMT(u->fragment));
    return buf_end(&b);
}

/* MLflow: _join_posixpaths_and_append_absolute_suffixes. */
static struct str append_suffix(struct arena *a, struct str prefix, struct str suffix) {
    if (prefix.n == 0)
        return suffix;
    while (suffix.n && suffix.p[0] == '/')
        suffix = str_sub(suffix, 1, suffix.n);
    return str_fmt(a, "%.*s%s%.*s", STR_FMT(prefix), prefix.p[prefix.n - 1] == '/' ? "" : "/", STR_FMT(suffix));
}

struct str uri_append_path(struct arena *a, struct str uri, struct str path) {
    struct uri u = uri_split(a, uri);
    if (u.scheme.n == 0)
        return append_suffix(a, uri, path);
    struct str prefix = STR("");
    if (u.path.n == 0 || u.path.p[0] != '/') {
        prefix = str_fmt(a, "%.*s:", STR_FMT(u.scheme));
        u.scheme = STR("");
    }
    u.path = append_suffix(a, u.path, path);
    return str_fmt(a, "%.*s%.*s", STR_FMT(prefix), STR_FMT(uri_unsplit(a, &u)));
}

/* A host that is this machine: none, ".", localhost..., 127.0.0.1... */
static bool is_this_host(struct str authority) {
    ptrdiff_t at = str_chr(authority, '@');
    struct str host = str_sub(authority, at < 0 ? 0 : (size_t)at + 1, authority.n);
    return host.n == 0 || str_is(host, ".") || str_starts(host, STR("localhost")) || str_starts(host, STR("127.0.0.1"));
}

static bool is_local(const struct uri *u, struct str text) {
    if (str_is(text, "databricks"))
        return false;
    return u->scheme.n == 0 || (str_is(u->scheme, "file") && is_this_host(u->authority));
}

struct str uri_local_path(struct arena *a, struct str uri) {
    struct uri u = uri_split(a, uri);
    if (!is_local(&u, uri))
        return (struct str){0};
    return path_unquote(a, u.scheme.n ? u.path : uri);
}

/* The working directory and a relative path, without `.` parts and doubled slashes; `..` stays, as in pathlib. */
static struct str below_cwd(struct arena *a, struct str path) {
    char *cwd = getcwd(NULL, 0);
    struct buf b = BUF_IN(a);
    buf_z(&b, cwd && strcmp(cwd, "/") != 0 ? cwd : "");
    free(cwd);
    while (path.n) {
        struct str part = take_until(&path, "/");
        path = str_sub(path, 1, path.n);
        if (part.n && !str_is(part, "."))
            buf_fmt(&b, "/%.*s", STR_FMT(part));
    }
    if (b.n == 0)
        buf_char(&b, '/');
    return buf_end(&b);
}

struct str uri_resolve_local(struct arena *a, struct str uri) {
    struct uri u = uri_split(a, uri);
    struct str path = uri_local_path(a, uri);
    if (!path.p || (path.n && path.p[0] == '/'))
        return uri;
    path = below_cwd(a, path);
    if (u.scheme.n == 0)
        return path;
    return uri_unsplit(a, &(struct uri){.scheme = u.scheme, .path = path, .query = u.query, .fragment = u.fragment});
}

struct str uri_default_root(struct str flag, bool serve_artifacts, struct str backend_store_uri) {
    if (flag.n)
        return flag;
    if (serve_artifacts)
        return STR("mlflow-artifacts:/");
    bool database = str_find(backend_store_uri, STR("://")) > 0 && !str_starts(backend_store_uri, STR("file:"));
    return backend_store_uri.n && !database ? backend_store_uri : STR("./mlruns");
}

bool uri_is_proxied(struct str uri) {
    static const char *const schemes[] = {"http", "https", "mlflow-artifacts"};
    ptrdiff_t colon = str_chr(uri, ':');
    for (size_t i = 0; colon > 0 && i < COUNT(schemes); i++)
        if (str_ieq(str_sub(uri, 0, (size_t)colon), str_of(schemes[i])))
            return true;
    return false;
}

struct str uri_proxied_path(struct arena *a, struct str uri) {
    struct uri u = uri_split(a, uri);
    struct str path = u.path;
    if (!str_is(u.scheme, "mlflow-artifacts")) {
        struct str anchor = STR("/api/2.0/mlflow-artifacts/artifacts/");
        ptrdiff_t at = str_find(path, anchor);
        if (at < 0)
            return (struct str){0};
        path = str_sub(path, (size_t)at + anchor.n, path.n);
    }
    while (path.n && path.p[0] == '/')
        path = str_sub(path, 1, path.n);
    return str_dup(a, path);
}
