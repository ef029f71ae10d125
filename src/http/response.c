/* Answers: filled by handlers through exchange.h, handed to the HTTP library here.
 *
 * A malloc'ed body changes owner without a copy; an arena's body is sent from where it lies, as the arena is reset
 * only after the answer has gone. Files go out by sendfile. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/num.h"
#include "http/conn.h"

/* MLflow answers these by its web framework; clients print the text. */
static const struct page {
    int status;
    const char *title, *name, *text;
} pages[] = {
    {308, "Redirecting...", "Redirecting...", "The page is served under another URL, named by the Location header."},
    {400, "400 Bad Request", "Bad Request",
     "The browser (or proxy) sent a request that this server could not understand."},
    {404, "404 Not Found", "Not Found",
     "The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
     "try again."},
    {405, "405 Method Not Allowed", "Method Not Allowed", "The method is not allowed for the requested URL."},
};

void response_reset(struct response *r) {
    if (!r->body.arena)
        buf_free(&r->body);
    if (r->fd >= 0)
        close(r->fd);
    *r = (struct response){.status = 200, .fd = -1};
}

static bool is_header_safe(struct str value) {
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
            return false;
    return true;
}

void response_header(struct exchange *x, const char *name, struct str value) {
    struct response *r = &x->res;
    must(is_header_safe(value));
    must(r->n_headers < sizeof r->headers / sizeof *r->headers);
    r->headers[r->n_headers++] = (struct header){str_of(name), str_dup(x->c->arena, value)};
}

void response_text(struct exchange *x, int status, const char *type, struct str text) {
    x->res.status = status;
    x->res.type = str_of(type);
    x->res.body = (struct buf){.p = (char *)(text.p ? text.p : ""), .n = text.n, .arena = x->c->arena};
}

void response_error(struct exchange *x) {
    const struct err_info *info = err_info(x->c->err);
    struct buf b = BUF_IN(x->c->arena);
    response_reset(&x->res);
    BUF_LIT(&b, "{\"error_code\": ");
    json_put_string(&b, str_of(info->name));
    BUF_LIT(&b, ", \"message\": ");
    json_put_string(&b, x->c->message.p ? x->c->message : STR(""));
    if (info->sqlstate)
        buf_fmt(&b, ", \"sqlstate\": \"%s\"", info->sqlstate);
    if (info->error_class)
        buf_fmt(&b, ", \"error_class\": \"%s\"", info->error_class);
    BUF_LIT(&b, "}");
    response_text(x, info->status, "application/json", buf_end(&b));
}

void response_page(struct exchange *x, int status) {
    const struct page *p = pages;
    while (p->status != status)
        p++;
    struct str text =
        str_fmt(x->c->arena, "<!doctype html>\n<html lang=en>\n<title>%s</title>\n<h1>%s</h1>\n<p>%s</p>\n", p->title,
                p->name, p->text);
    response_text(x, status, "text/html; charset=utf-8", text);
}

/* ---- files ------------------------------------------------------------------------------------------------ */

/* Reads a number at the start of *s and steps over it. */
static bool take_number(struct str *s, uint64_t *out) {
    size_t n = 0;
    int64_t v;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (!n || !num_parse_int(s->p, n, &v))
        return false;
    *s = str_sub(*s, n, s->n);
    *out = (uint64_t)v;
    return true;
}

enum range { RANGE_NONE, RANGE_PART, RANGE_OUTSIDE };

/* Reads "bytes=a-b", "bytes=a-" or "bytes=-n". Several ranges, other units and faults are as no range at all. */
static enum range parse_range(struct str text, uint64_t size, uint64_t *offset, uint64_t *length) {
    uint64_t first = 0, last = 0;
    if (!str_starts(text, STR("bytes=")))
        return RANGE_NONE;
    text = str_sub(text, 6, text.n);
    bool has_first = take_number(&text, &first);
    if (!text.n || text.p[0] != '-')
        return RANGE_NONE;
    text = str_sub(text, 1, text.n);
    bool has_last = take_number(&text, &last);
    if (text.n || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_NONE;
    if (!has_first) {
        first = last < size ? size - last : 0;
        last = size ? size - 1 : 0;
    } else if (!has_last || last >= size) {
        last = size ? size - 1 : 0;
    }
    if (first >= size)
        return RANGE_OUTSIDE;
    *offset = first;
    *length = last - first + 1;
    return RANGE_PART;
}

void response_file(struct exchange *x, int fd, uint64_t size, struct str etag) {
    struct response *r = &x->res;
    struct str range = exchange_header(x, "Range"), if_range = exchange_header(x, "If-Range");
    if (if_range.p && !str_eq(if_range, etag))
        range = (struct str){0};
    r->fd = fd;
    r->offset = 0;
    r->length = size;
    response_header(x, "Accept-Ranges", STR("bytes"));
    if (etag.n)
        response_header(x, "ETag", etag);
    enum range kind = parse_range(range, size, &r->offset, &r->length);
    if (kind == RANGE_PART) {
        r->status = 206;
        response_header(x, "Content-Range",
                        str_fmt(x->c->arena, "bytes %llu-%llu/%llu", (unsigned long long)r->offset,
                                (unsigned long long)(r->offset + r->length - 1), (unsigned long long)size));
    } else if (kind == RANGE_OUTSIDE) {
        r->status = 416;
        r->length = 0;
        response_header(x, "Content-Range", str_fmt(x->c->arena, "bytes */%llu", (unsigned long long)size));
    }
}

/* ---- sending ---------------------------------------------------------------------------------------------- */

/* Makes the library's answer; what the exchange's answer owned now belongs to it. NULL without memory. */
static struct MHD_Response *make(struct response *r) {
    struct MHD_Response *made;
    if (r->fd >= 0) {
        made = MHD_create_response_from_fd_at_offset64(r->length, r->fd, r->offset);
        if (made)
            r->fd = -1;
        return made;
    }
    if (r->body.arena || !r->body.p)
        return MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_PERSISTENT);
    made = MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_FREE);
    if (made)
        r->body = (struct buf){0};
    return made;
}

static bool add_headers(struct MHD_Response *made, const struct response *r) {
    bool ok = !r->type.n || MHD_add_response_header(made, "Content-Type", r->type.p) == MHD_YES;
    for (size_t i = 0; i < r->n_headers; i++)
        if (r->headers[i].value.n)
            ok &= MHD_add_response_header(made, r->headers[i].name.p, r->headers[i].value.p) == MHD_YES;
    return ok;
}

enum MHD_Result response_send(struct conn *k) {
    struct response *r = &k->x.res;
    if (!k->preflight)
        security_add_headers(&k->http->security, &k->asked, &k->x);
    if (k->close_after || atomic_load_explicit(&k->http->draining, memory_order_relaxed))
        response_header(&k->x, "Connection", STR("close"));
    struct MHD_Response *made = make(r);
    if (!made)
        return MHD_NO;
    enum MHD_Result sent = MHD_NO;
    if (add_headers(made, r))
        sent = MHD_queue_response(k->mhd, (unsigned)r->status, made);
    MHD_destroy_response(made);
    k->state = CONN_SENT;
    return sent;
}
