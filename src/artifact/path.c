/* Which relative paths a client may name; see path.h. Called by the handlers before a path reaches a store; keeps the
 * invariant that nothing with a `..` part or an absolute form gets through, however it is encoded. */
#include "artifact/path.h"

#include "base/buf.h"

enum { DECODE_ROUNDS = 10 };

static int hex_value(char ch) {
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch = (char)(ch | 0x20);
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

struct str path_unquote(struct arena *a, struct str s) {
    char *out = arena_raw(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int hi = s.p[i] == '%' && i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_value(s.p[i + 2]) : -1;
        if (lo >= 0) {
            out[n++] = (char)(hi * 16 + lo);
            i += 2;
        } else {
            out[n++] = s.p[i];
        }
    }
    out[n] = '\0';
    return (struct str){out, n};
}

/* Without "file:" and an authority, which Python would take for a local file. */
static struct str without_file_scheme(struct str s) {
    if (!str_starts(s, STR("file:")))
        return s;
    s = str_sub(s, 5, s.n);
    if (!str_starts(s, STR("//")))
        return s;
    ptrdiff_t slash = str_chr(str_sub(s, 2, s.n), '/');
    return slash < 0 ? str_sub(s, s.n, 0) : str_sub(s, 2 + (size_t)slash, s.n);
}

/* A drive, a share or a root, in the forms of POSIX and of Windows. */
static bool is_absolute(struct str s) {
    if (s.n && (s.p[0] == '/' || s.p[0] == '\\'))
        return true;
    bool drive = s.n >= 3 && s.p[1] == ':' && ((s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z');
    return drive && (s.p[2] == '/' || s.p[2] == '\\');
}

static bool is_separator(char ch) {
    return ch == '/' || ch == '\\';
}

static bool has_parent_part(struct str s) {
    for (size_t i = 0, start = 0; i <= s.n; i++) {
        if (i < s.n && !is_separator(s.p[i]))
            continue;
        if (i - start == 2 && s.p[start] == '.' && s.p[start + 1] == '.')
            return true;
        start = i + 1;
    }
    return false;
}

/* Judged as it stands, and as a file: URI. */
static bool form_safe(struct str s) {
    struct str file = without_file_scheme(s);
    return str_chr(s, '\0') < 0 && !has_parent_part(s) && !has_parent_part(file) && !is_absolute(s) &&
           !is_absolute(file);
}

bool path_safe(struct arena *a, struct str path) {
    for (int round = 0; round < DECODE_ROUNDS; round++) {
        if (!form_safe(path))
            return false;
        struct str next = path_unquote(a, path);
        if (next.n == path.n)
            return true;
        path = next;
    }
    return false;
}

static bool is_control(char ch) {
    return (unsigned char)ch < 0x20 || ch == 0x7f;
}

static struct str escape_controls(struct arena *a, struct str s) {
    struct buf b = BUF_IN(a);
    for (size_t i = 0; i < s.n; i++) {
        if (is_control(s.p[i]))
            buf_fmt(&b, "%%%02x", (unsigned)s.p[i]);
        else
            buf_char(&b, s.p[i]);
    }
    return buf_end(&b);
}

int path_check(struct ctx *c, struct str in, struct str *out) {
    if (!path_safe(c->arena, in) || !utf8_valid(in))
        return fail_invalid(c, "Invalid path");
    *out = escape_controls(c->arena, in);
    return 0;
}

struct str path_normal(struct arena *a, struct str path) {
    char *out = arena_raw(a, path.n + 1);
    size_t n = 0, depth = 0;
    for (size_t i = 0; i < path.n;) {
        ptrdiff_t slash = str_chr(str_sub(path, i, path.n), '/');
        struct str part = str_sub(path, i, slash < 0 ? path.n : (size_t)slash);
        i += part.n + 1;
        if (part.n == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..") && depth > 0) {
            while (n > 0 && out[n - 1] != '/')
                n--;
            n -= n > 0;
            depth--;
            continue;
        }
        if (n > 0)
            out[n++] = '/';
        memcpy(out + n, part.p, part.n);
        n += part.n;
        depth += !str_is(part, "..");
    }
    out[n] = '\0';
    return (struct str){out, n};
}

int path_check_unique(struct ctx *c, struct str path) {
    struct str normal = path_normal(c->arena, path);
    if (str_eq(normal, path) && !str_starts(normal, STR("..")))
        return 0;
    return fail_invalid(c,
                        "Invalid artifact path: '%.*s'. Names may be treated as files in certain cases, and must not "
                        "resolve to other names when treated as such. This name would resolve to '%.*s'",
                        STR_FMT(path), STR_FMT(normal.n ? normal : STR(".")));
}

struct str path_join(struct arena *a, struct str dir, struct str name) {
    if (dir.n == 0 || name.n == 0)
        return dir.n ? dir : name.p ? name : STR("");
    return str_fmt(a, "%.*s%s%.*s", STR_FMT(dir), dir.p[dir.n - 1] == '/' ? "" : "/", STR_FMT(name));
}

static size_t base_start(struct str path) {
    size_t i = path.n;
    while (i > 0 && path.p[i - 1] != '/')
        i--;
    return i;
}

struct str path_base(struct str path) {
    return str_sub(path, base_start(path), path.n);
}

struct str path_dir(struct str path) {
    size_t n = base_start(path);
    while (n > 0 && path.p[n - 1] == '/')
        n--;
    return str_sub(path, 0, n);
}
