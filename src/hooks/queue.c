/* The delivery queue; see queue.h. One thread around a curl multi handle: claim what is due, send, settle. A delivery is
 * claimed by moving its due time past the longest a request can take, so another replica, or this program after a
 * crash, takes it up only when nobody can be sending it any more. */
#include "hooks/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "hooks/send.h"
#include "store/q_webhooks.h"

enum {
    IDLE_MS = 5000,        /* between two looks when nothing is announced: other replicas queue too */
    ANNOUNCED_MS = 50,     /* after a nudge, which may come before the commit ... */
    ANNOUNCED_LOOKS = 20,  /* ... so look this often */
    CLAIM_SLACK_MS = 15000,
    BACKOFF_MS = 1000,
    BACKOFF_MAX_MS = 60000,
    STOP_MS = 5000,
    MAX_PARALLEL = 64,
};

/* One delivery under way, with the arena that holds all of it. */
struct flight {
    struct flight *next, **link; /* among those under way */
    struct arena *arena;
    struct queued item;
    struct send_request request;
};

struct hooks {
    struct hooks_options options;
    pthread_mutex_t key_lock; /* guards the two that follow */
    bool has_key;
    struct fernet_key key;
    struct store *store;
    CURLM *multi;
    pthread_t thread;
    atomic_bool stop;
    atomic_int announced; /* looks left after the last nudge */
    struct flight *flights;
    size_t n_flights;
};

/* ---- options -------------------------------------------------------------------------------------------- */

static int64_t env_number(const char *name, int64_t fallback, int64_t low, int64_t high) {
    int64_t v;
    struct str text = str_of(getenv(name));
    if (!text.n || !num_parse_int(text.p, text.n, &v) || v < low || v > high)
        return fallback;
    return v;
}

void hooks_options_from_env(struct arena *a, struct hooks_options *o) {
    struct str schemes = str_of(getenv("MLFLOW_WEBHOOK_ALLOWED_SCHEMES"));
    struct str allow = str_of(getenv("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"));
    *o = (struct hooks_options){
        .policy = {.schemes = schemes.n ? str_dup(a, schemes) : STR("https"),
                   .allow_private = str_ieq(allow, STR("true")) || str_is(allow, "1")},
        .timeout_s = (long)env_number("MLFLOW_WEBHOOK_REQUEST_TIMEOUT", 30, 1, 600),
        .max_retries = env_number("MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES", 3, 0, 100),
        .max_parallel = (size_t)env_number("MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS", 10, 1, MAX_PARALLEL),
        .secret_key = str_dup(a, str_of(getenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"))),
    };
}

const struct hooks_options *hooks_options_of(const struct hooks *h) {
    return &h->options;
}

/* ---- the key -------------------------------------------------------------------------------------------- */

/* Reads the key file, or makes it with a new key. Of two programs that make it at once, one wins. */
static int key_from_file(struct ctx *c, struct str path, struct str *key) {
    char text[128];
    int fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        *key = fernet_key_new(c->arena);
        bool ok = write(fd, key->p, key->n) == (ssize_t)key->n && fsync(fd) == 0;
        close(fd);
        return ok ? OK : fail(c, ERR_INTERNAL, "Cannot write the webhook key file '%s': %s", path.p, strerror(errno));
    }
    fd = open(path.p, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (n < 0)
        fail(c, ERR_INTERNAL, "Cannot read the webhook key file '%s': %s", path.p, strerror(errno));
    if (fd >= 0)
        close(fd);
    *key = str_dup(c->arena, (struct str){text, n < 0 ? 0 : (size_t)n});
    return n < 0 ? ERR_INTERNAL : OK;
}

static int choose_key(struct ctx *c, struct hooks *h) {
    struct str text = h->options.secret_key;
    if (!text.n && h->options.key_file.n) {
        int err = key_from_file(c, h->options.key_file, &text);
        if (err)
            return err;
    }
    if (!text.n)
        text = fernet_key_new(c->arena);
    h->has_key = fernet_key_parse(c->arena, text, &h->key);
    return h->has_key ? OK : fail_invalid(c, "The webhook encryption key must be 32 bytes in URL-safe base64.");
}

int hooks_key(struct ctx *c, struct hooks *h, struct fernet_key *out) {
    pthread_mutex_lock(&h->key_lock);
    int err = h->has_key ? OK : choose_key(c, h);
    *out = h->key;
    pthread_mutex_unlock(&h->key_lock);
    return err;
}

/* ---- settling ------------------------------------------------------------------------------------------- */

struct outcome {
    struct str id;
    int64_t next; /* 0: over */
};

static int settle(struct ctx *c, void *arg) {
    const struct outcome *o = arg;
    return o->next ? q_webhook_retry(c, o->id, o->next) : q_webhook_done(c, o->id);
}

/* A context for the thread's own transactions. */
static struct ctx thread_ctx(struct arena *a) {
    return (struct ctx){.arena = a, .workspace = STR("default"), .deadline = clock_monotonic_ms() + 60000};
}

/* 1 s, 2 s, 4 s and so on, as the receiver asks if it does, with up to a second of jitter. MLflow: webhook retries. */
static int64_t next_try(const struct flight *f) {
    int64_t wait = BACKOFF_MS;
    unsigned char jitter;
    for (int64_t i = 1; i <= f->item.attempts && wait < BACKOFF_MAX_MS; i++)
        wait *= 2;
    if (f->request.retry_after > 0)
        wait = f->request.retry_after * 1000;
    random_bytes(&jitter, 1);
    return clock_ms() + (wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS) + jitter * 4;
}

static void flight_free(struct hooks *h, struct flight *f) {
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
    h->n_flights--;
    curl_multi_remove_handle(h->multi, f->request.curl);
    send_release(&f->request);
    arena_free(f->arena);
}

static void flight_end(struct hooks *h, struct flight *f, CURLcode rc) {
    struct outcome o = {.id = f->item.delivery_id};
    struct ctx c = thread_ctx(f->arena);
    long status = 0;
    curl_easy_getinfo(f->request.curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK)
        status = 0;
    if (!f->request.blocked && send_worth_retrying(status) && f->item.attempts < h->options.max_retries)
        o.next = next_try(f);
    if (status == 0 || status >= 400)
        log_warning("webhook %s: delivery %s %s: %s", f->item.webhook_id.p, f->item.delivery_id.p,
                    o.next ? "will be tried again" : "failed",
                    f->request.blocked ? "the address is not public"
                    : status           ? str_fmt(f->arena, "status %ld", status).p
                                       : curl_easy_strerror(rc));
    if (store_write(&c, h->store, settle, &o))
        log_error("webhook delivery %s could not be settled: %s", f->item.delivery_id.p, c.message.p);
    flight_free(h, f);
}

static void settle_finished(struct hooks *h) {
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        char *request = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &request);
        flight_end(h, (struct flight *)(request - offsetof(struct flight, request)), m->data.result);
    }
}

/* ---- claiming ------------------------------------------------------------------------------------------- */

struct claim {
    struct hooks *hooks;
    struct queued items[MAX_PARALLEL];
    size_t n, limit;
};

static int claim(struct ctx *c, void *arg) {
    struct claim *k = arg;
    int64_t now = clock_ms();
    return q_webhook_claim(c, now, now + k->hooks->options.timeout_s * 1000 + CLAIM_SLACK_MS, (int64_t)k->limit,
                           k->items, &k->n);
}

static int look(struct ctx *c, void *arg) {
    return q_webhook_next_due(c, arg);
}

static struct queued copy_item(struct arena *a, const struct queued *q) {
    return (struct queued){str_dup(a, q->delivery_id), str_dup(a, q->webhook_id), str_dup(a, q->url),
                           q->secret.p ? str_dup(a, q->secret) : q->secret, str_dup(a, q->body), q->attempts};
}

/* Puts one claimed delivery on its way. One that cannot be made is dropped from the queue. */
static void flight_start(struct hooks *h, const struct queued *item) {
    struct arena *a = arena_new();
    struct ctx c = thread_ctx(a);
    struct flight *f = ARENA_NEW(a, struct flight);
    struct str secret = {0};
    *f = (struct flight){.arena = a, .item = copy_item(a, item), .request = {.policy = &h->options.policy}};
    struct fernet_key key;
    int err = f->item.secret.n ? hooks_key(&c, h, &key) : OK;
    if (!err && f->item.secret.n)
        err = fernet_decrypt(&c, &key, f->item.secret, &secret);
    if (!err)
        err = send_prepare(&c, &f->request,
                           &(struct delivery){f->item.delivery_id, f->item.url, secret, f->item.body},
                           h->options.timeout_s);
    if (!err && curl_multi_add_handle(h->multi, f->request.curl) == CURLM_OK) {
        f->next = h->flights;
        f->link = &h->flights;
        if (f->next)
            f->next->link = &f->next;
        h->flights = f;
        h->n_flights++;
        return;
    }
    log_error("webhook %s: delivery %s dropped: %s", f->item.webhook_id.p, f->item.delivery_id.p,
              err ? c.message.p : "no connection could be made");
    (void)!store_write(&c, h->store, settle, &(struct outcome){.id = f->item.delivery_id});
    if (!err)
        send_release(&f->request);
    arena_free(a);
}

/* Starts what is due while there is room. Returns milliseconds until the next look. */
static int start_due(struct hooks *h, struct arena *a) {
    struct ctx c = thread_ctx(a);
    struct claim k = {.hooks = h, .limit = h->options.max_parallel - h->n_flights};
    int64_t due = 0, now = clock_ms();
    if (k.limit == 0)
        return IDLE_MS;
    if (store_read(&c, h->store, look, &due) || due == 0)
        return IDLE_MS;
    if (due > now)
        return due - now < IDLE_MS ? (int)(due - now) : IDLE_MS;
    if (store_write(&c, h->store, claim, &k)) {
        log_error("webhook queue: %s", c.message.p);
        return IDLE_MS;
    }
    for (size_t i = 0; i < k.n; i++)
        flight_start(h, &k.items[i]);
    return k.n == k.limit ? IDLE_MS : 0;
}

static void *run(void *arg) {
    struct hooks *h = arg;
    struct arena *a = arena_new();
    int running;
    while (!atomic_load(&h->stop)) {
        int wait = start_due(h, a);
        arena_reset(a);
        if (atomic_load(&h->announced) > 0 && wait > ANNOUNCED_MS) {
            atomic_fetch_sub(&h->announced, 1);
            wait = ANNOUNCED_MS;
        }
        curl_multi_perform(h->multi, &running);
        settle_finished(h);
        curl_multi_poll(h->multi, NULL, 0, wait, NULL);
    }
    for (int64_t end = clock_monotonic_ms() + STOP_MS; h->n_flights > 0 && clock_monotonic_ms() < end;) {
        curl_multi_perform(h->multi, &running);
        settle_finished(h);
        curl_multi_poll(h->multi, NULL, 0, ANNOUNCED_MS, NULL);
    }
    while (h->flights) /* still owed: claimed again once its time has passed */
        flight_free(h, h->flights);
    arena_free(a);
    return NULL;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static int create_queue(struct ctx *c, void *arg) {
    (void)arg;
    return q_webhook_queue_create(c);
}

static void hooks_free(struct hooks *h) {
    curl_multi_cleanup(h->multi);
    pthread_mutex_destroy(&h->key_lock);
    free(h);
}

int hooks_open(struct ctx *c, struct store *s, const struct hooks_options *o, struct hooks **out) {
    struct hooks *h = calloc(1, sizeof *h);
    must(h);
    h->options = *o;
    h->store = s;
    pthread_mutex_init(&h->key_lock, NULL);
    int err = store_write(c, s, create_queue, NULL);
    if (!err && (curl_global_init(CURL_GLOBAL_DEFAULT) || !(h->multi = curl_multi_init()) ||
                 pthread_create(&h->thread, NULL, run, h)))
        err = fail(c, ERR_INTERNAL, "The webhook queue cannot be started.");
    if (err) {
        hooks_free(h);
        return err;
    }
    *out = h;
    return OK;
}

void hooks_close(struct hooks *h) {
    if (!h)
        return;
    atomic_store(&h->stop, true);
    curl_multi_wakeup(h->multi);
    pthread_join(h->thread, NULL);
    hooks_free(h);
}

void hooks_nudge(struct hooks *h) {
    if (!h)
        return;
    atomic_store(&h->announced, ANNOUNCED_LOOKS);
    curl_multi_wakeup(h->multi);
}
