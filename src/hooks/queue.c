/* The delivery queue; see queue.h. One thread around a curl multi handle: claim what is due, send, settle; without
 * anything under way it sleeps. A delivery is
 * claimed by moving its due time past the longest a request can take, so another replica, or this program after a
 * crash, takes it up only when nobody can be sending it any more. */
#include "hooks/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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
    const struct curl_lib *lib; /* NULL until the first delivery is due */
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the three that follow */
    pthread_cond_t wake;
    bool stop;
    int announced; /* looks left after the last nudge */
    size_t n_flights; /* changed by the thread alone, which may read it without the lock */
    struct flight *flights;
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

/* Counts a flight that starts, or ends. */
static void count_flight(struct hooks *h, bool starts) {
    pthread_mutex_lock(&h->lock);
    h->n_flights += starts ? 1 : (size_t)-1;
    pthread_mutex_unlock(&h->lock);
}

static void flight_free(struct hooks *h, struct flight *f) {
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
    count_flight(h, false);
    h->lib->multi_remove_handle(h->multi, f->request.curl);
    send_release(&f->request);
    arena_free(f->arena);
}

static void flight_end(struct hooks *h, struct flight *f, CURLcode rc) {
    struct outcome o = {.id = f->item.delivery_id};
    struct ctx c = thread_ctx(f->arena);
    long status = 0;
    h->lib->easy_getinfo(f->request.curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK)
        status = 0;
    if (!f->request.blocked && send_worth_retrying(status) && f->item.attempts < h->options.max_retries)
        o.next = next_try(f);
    if (status == 0 || status >= 400)
        log_warning("webhook %s: delivery %s %s: %s", f->item.webhook_id.p, f->item.delivery_id.p,
                    o.next ? "will be tried again" : "failed",
                    f->request.blocked ? "the address is not public"
                    : status           ? str_fmt(f->arena, "status %ld", status).p
                                       : h->lib->easy_strerror(rc));
    if (store_write(&c, h->store, settle, &o))
        log_error("webhook delivery %s could not be settled: %s", f->item.delivery_id.p, c.message.p);
    flight_free(h, f);
}

static void settle_finished(struct hooks *h) {
    int left;
    for (CURLMsg *m; (m = h->lib->multi_info_read(h->multi, &left));) {
        char *request = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        h->lib->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &request);
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
    if (!err && h->lib->multi_add_handle(h->multi, f->request.curl) == CURLM_OK) {
        f->next = h->flights;
        f->link = &h->flights;
        if (f->next)
            f->next->link = &f->next;
        h->flights = f;
        count_flight(h, true);
        return;
    }
    log_error("webhook %s: delivery %s dropped: %s", f->item.webhook_id.p, f->item.delivery_id.p,
              err ? c.message.p : "no connection could be made");
    (void)!store_write(&c, h->store, settle, &(struct outcome){.id = f->item.delivery_id});
    if (!err)
        send_release(&f->request);
    arena_free(a);
}

static int load_curl(struct ctx *c, struct hooks *h) {
    int err = h->multi ? OK : curl_lib_get(c, &h->lib);
    if (!err && !h->multi && !(h->multi = h->lib->multi_init()))
        err = fail(c, ERR_INTERNAL, "The webhook queue cannot be started.");
    return err;
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
    if (load_curl(&c, h) || store_write(&c, h->store, claim, &k)) {
        log_error("webhook queue: %s", c.message.p);
        return IDLE_MS;
    }
    for (size_t i = 0; i < k.n; i++)
        flight_start(h, &k.items[i]);
    return k.n == k.limit ? IDLE_MS : 0;
}

/* Moves the requests under way for at most `wait` milliseconds. */
static void move_flights(struct hooks *h, int wait) {
    int running;
    h->lib->multi_perform(h->multi, &running);
    settle_finished(h);
    if (h->n_flights)
        h->lib->multi_poll(h->multi, NULL, 0, wait, NULL);
}

/* Sleeps until a nudge, the end, or for `ms`. */
static void sleep_ms(struct hooks *h, int ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    int before = h->announced;
    while (!h->stop && h->announced <= before && pthread_cond_timedwait(&h->wake, &h->lock, &until) == 0)
        ;
}

/* Waits for what comes next: an answer, a nudge, or the next look in `wait` milliseconds. Is there a next time? */
static bool wait_for_work(struct hooks *h, int wait) {
    if (h->n_flights)
        move_flights(h, wait < ANNOUNCED_MS ? wait : ANNOUNCED_MS);
    pthread_mutex_lock(&h->lock);
    if (h->announced > 0) {
        h->announced--;
        wait = wait < ANNOUNCED_MS ? wait : ANNOUNCED_MS;
    }
    if (!h->n_flights && wait > 0)
        sleep_ms(h, wait);
    bool go_on = !h->stop;
    pthread_mutex_unlock(&h->lock);
    return go_on;
}

static void *run(void *arg) {
    struct hooks *h = arg;
    struct arena *a = arena_new();
    int wait;
    do {
        wait = start_due(h, a);
        arena_reset(a);
    } while (wait_for_work(h, wait));
    for (int64_t end = clock_monotonic_ms() + STOP_MS; h->n_flights > 0 && clock_monotonic_ms() < end;)
        move_flights(h, ANNOUNCED_MS);
    while (h->flights) /* still owed: claimed again once its time has passed */
        flight_free(h, h->flights);
    arena_free(a);
    return NULL;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static int queue_is_there(struct ctx *c, void *arg) {
    return q_webhook_queue_exists(c, arg);
}

static int make_queue(struct ctx *c, void *arg) {
    (void)arg;
    return q_webhook_queue_create(c);
}

/* Makes the queue's table in a database that has none. */
static int create_queue(struct ctx *c, struct store *s) {
    bool found = false;
    int err = store_read(c, s, queue_is_there, &found);
    return err || found ? err : store_write(c, s, make_queue, NULL);
}

static void hooks_free(struct hooks *h) {
    if (h->multi)
        h->lib->multi_cleanup(h->multi);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    pthread_mutex_destroy(&h->key_lock);
    free(h);
}

/* The queue's waits are by the monotonic clock. */
static void init_wake(struct hooks *h) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&h->wake, &attr);
    pthread_condattr_destroy(&attr);
}

int hooks_open(struct ctx *c, struct store *s, const struct hooks_options *o, struct hooks **out) {
    struct hooks *h = calloc(1, sizeof *h);
    must(h);
    h->options = *o;
    h->store = s;
    pthread_mutex_init(&h->key_lock, NULL);
    pthread_mutex_init(&h->lock, NULL);
    init_wake(h);
    int err = create_queue(c, s);
    if (!err && pthread_create(&h->thread, NULL, run, h))
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
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    hooks_free(h);
}

void hooks_nudge(struct hooks *h) {
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->announced = ANNOUNCED_LOOKS;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
}
