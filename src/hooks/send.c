/* Sending one webhook request; see send.h. */
#include "hooks/send.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"

struct str send_signature(struct arena *a, struct str secret, struct str id, struct str time, struct str body) {
    struct buf content = BUF_IN(a);
    unsigned char mac[32];
    unsigned n = sizeof mac;
    buf_str(&content, id);
    buf_char(&content, '.');
    buf_str(&content, time);
    buf_char(&content, '.');
    buf_str(&content, body);
    must(HMAC(EVP_sha256(), secret.p, (int)secret.n, (const unsigned char *)content.p, content.n, mac, &n));
    struct str code = base64_encode(a, (struct str){(char *)mac, n}, BASE64_STANDARD);
    return str_fmt(a, "v1,%.*s", STR_FMT(code));
}

bool send_worth_retrying(long status) {
    return status == 0 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

/* Looks at the address of the connection that is about to be made: nothing resolved in between can differ. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to) {
    struct send_request *r = arg;
    (void)purpose;
    if (!r->policy->allow_private && !address_is_public(&to->addr)) {
        r->blocked = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take_answer(char *p, size_t size, size_t n, void *arg) {
    struct send_request *r = arg;
    size_t room = r->answer ? SEND_ANSWER_MAX - r->answer->n : 0;
    if (r->answer)
        buf_add(r->answer, p, size * n < room ? size * n : room);
    return size * n;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg) {
    struct send_request *r = arg;
    struct str line = {p, size * n}, name = STR("retry-after:");
    if (line.n > name.n && str_ieq(str_sub(line, 0, name.n), name))
        r->retry_after = strtol(line.p + name.n, NULL, 10);
    return size * n;
}

static int add_header(struct ctx *c, struct send_request *r, const char *name, struct str value) {
    struct curl_slist *more = r->lib->slist_append(r->headers, str_fmt(c->arena, "%s: %.*s", name, STR_FMT(value)).p);
    if (!more)
        return fail(c, ERR_INTERNAL, "The webhook request could not be made.");
    r->headers = more;
    return OK;
}

static int add_headers(struct ctx *c, struct send_request *r, const struct delivery *d) {
    struct str now = str_fmt(c->arena, "%ld", (long)(clock_ms() / 1000));
    int err = add_header(c, r, "Content-Type", STR("application/json"));
    if (!err)
        err = add_header(c, r, "X-MLflow-Delivery-Id", d->id);
    if (!err)
        err = add_header(c, r, "X-MLflow-Timestamp", now);
    if (!err && d->secret.n)
        err = add_header(c, r, "X-MLflow-Signature", send_signature(c->arena, d->secret, d->id, now, d->body));
    return err;
}

int send_prepare(struct ctx *c, struct send_request *r, const struct delivery *d, long timeout_s) {
    int err = curl_lib_get(c, &r->lib);
    if (err)
        return err;
    r->curl = r->lib->easy_init();
    if (!r->curl)
        return fail(c, ERR_INTERNAL, "The webhook request could not be made.");
    err = add_headers(c, r, d);
    if (err) {
        send_release(r);
        return err;
    }
    __typeof__(curl_easy_setopt) *set = r->lib->easy_setopt;
    set(r->curl, CURLOPT_URL, str_dup(c->arena, d->url).p);
    set(r->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    set(r->curl, CURLOPT_HTTPHEADER, r->headers);
    set(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)d->body.n);
    set(r->curl, CURLOPT_COPYPOSTFIELDS, d->body.p);
    set(r->curl, CURLOPT_TIMEOUT, timeout_s);
    set(r->curl, CURLOPT_NOSIGNAL, 1L);
    set(r->curl, CURLOPT_FOLLOWLOCATION, 0L);
    set(r->curl, CURLOPT_PROXY, "");
    set(r->curl, CURLOPT_USERAGENT, "millrace/" MILLRACE_VERSION);
    set(r->curl, CURLOPT_ERRORBUFFER, r->error);
    set(r->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set(r->curl, CURLOPT_OPENSOCKETDATA, r);
    set(r->curl, CURLOPT_WRITEFUNCTION, take_answer);
    set(r->curl, CURLOPT_WRITEDATA, r);
    set(r->curl, CURLOPT_HEADERFUNCTION, take_header);
    set(r->curl, CURLOPT_HEADERDATA, r);
    set(r->curl, CURLOPT_PRIVATE, r);
    return OK;
}

void send_release(struct send_request *r) {
    r->lib->easy_cleanup(r->curl);
    r->lib->slist_free_all(r->headers);
    r->curl = NULL;
    r->headers = NULL;
}
