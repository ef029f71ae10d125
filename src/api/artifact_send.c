/* Artifacts as answers; see artifact_send.h. Keeps the invariant that a browser never shows an artifact as a page of
 * this server: always an attachment, never sniffed. */
#include "api/artifact_send.h"

#include <time.h>
#include <unistd.h>

#include "artifact/mime.h"
#include "artifact/path.h"

/* ---- names in headers ---- */

/* The letter below the accent of U+00C0 to U+017F; '?' where there is none. */
static const char plain_letters[] = "AAAAAA?CEEEEIIII?NOOOOO??UUUUY??aaaaaa?ceeeeiiii?nooooo??uuuuy?y"
                                    "AaAaAaCcCcCcCcDd??EeEeEeEeEeGgGgGgGgHh??IiIiIiIiI???JjKk?LlLlLlLl??NnNnNnn??"
                                    "OoOoOo??RrRrRrSsSsSsSsTtTt??UuUuUuUuUuUuWwYyYZzZzZzs";

static bool is_alnum(char ch) {
    return (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z');
}

static bool is_token(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && !strchr("!#$%&'*+-.^_`|~", s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_ascii(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Letters without their accents, other non-ASCII left out; "download" when nothing stays. */
static struct str ascii_form(struct arena *a, struct str s) {
    struct buf b = BUF_IN(a);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        unsigned point = ch >= 0xc3 && ch <= 0xc5 && i + 1 < s.n ? (ch & 0x1fu) << 6 | (s.p[i + 1] & 0x3fu) : 0;
        if (ch < 0x80)
            buf_char(&b, s.p[i]);
        else if (point && plain_letters[point - 0xc0] != '?')
            buf_char(&b, plain_letters[point - 0xc0]);
    }
    return b.n ? buf_end(&b) : STR("download");
}

static void put_quoted(struct buf *b, struct str s) {
    if (is_token(s)) {
        buf_str(b, s);
        return;
    }
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_char(b, '\\');
        if ((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f)
            buf_char(b, s.p[i]);
    }
    buf_char(b, '"');
}

static void put_percent(struct buf *b, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (is_alnum(s.p[i]) || (s.p[i] && strchr("!#$&+-.^_`|~", s.p[i])))
            buf_char(b, s.p[i]);
        else
            buf_fmt(b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
    }
}

struct str attachment_disposition(struct arena *a, struct str name) {
    struct buf b = BUF_IN(a);
    BUF_LIT(&b, "attachment; filename=");
    if (is_ascii(name)) {
        put_quoted(&b, name);
        return buf_end(&b);
    }
    put_quoted(&b, ascii_form(a, name));
    BUF_LIT(&b, "; filename*=UTF-8''");
    put_percent(&b, name);
    return buf_end(&b);
}

/* ---- validators ---- */

static struct str http_date(struct arena *a, time_t t) {
    char text[40];
    struct tm tm;
    size_t n = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
    return str_dup(a, (struct str){text, n});
}

/* Does the list of tags name `etag`? Weak ones count. */
static bool names_etag(struct str list, struct str etag) {
    while (list.n) {
        ptrdiff_t comma = str_chr(list, ',');
        struct str item = str_sub(list, 0, comma < 0 ? list.n : (size_t)comma);
        list = str_sub(list, item.n + 1, list.n);
        item = str_trim(item);
        if (str_starts(item, STR("W/")))
            item = str_sub(item, 2, item.n);
        if (str_is(item, "*") || str_eq(item, etag))
            return true;
    }
    return false;
}

static bool not_newer(struct str since, time_t modified) {
    struct tm tm = {0};
    const char *end = since.p ? strptime(since.p, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
    return end && *end == '\0' && modified <= timegm(&tm);
}

/* Is the copy that the client asks about still right? */
static bool is_unchanged(struct exchange *x, struct str etag, time_t modified) {
    struct str tags = exchange_header(x, "If-None-Match");
    return tags.p ? names_etag(tags, etag) : not_newer(exchange_header(x, "If-Modified-Since"), modified);
}

/* ---- the answer ---- */

static void fill(struct exchange *x, const struct artifact_file *f, struct str name) {
    struct arena *a = x->c->arena;
    time_t modified = (time_t)(f->mtime_ns / 1000000000);
    struct str etag = str_fmt(a, "\"%llx-%llx\"", (unsigned long long)f->mtime_ns, (unsigned long long)f->size);
    response_header(x, "Last-Modified", http_date(a, modified));
    response_header(x, "Cache-Control", STR("no-cache"));
    if (is_unchanged(x, etag, modified)) {
        close(f->fd);
        x->res.status = 304;
        response_header(x, "ETag", etag);
        return;
    }
    x->res.type = str_of(mime_type(name));
    response_header(x, "Content-Disposition", attachment_disposition(a, name));
    response_header(x, "X-Content-Type-Options", STR("nosniff"));
    response_file(x, f->fd, f->size, etag);
}

int artifact_send(struct exchange *x, struct artifacts *root, struct str path) {
    struct artifact_file file;
    int err = artifact_read(x->c, root, path, &file);
    if (!err)
        fill(x, &file, path_base(path));
    return err;
}
