/* The rules of webhooks; see webhooks.h. */
#include "service/webhooks.h"

#include <time.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hooks/queue.h"
#include "hooks/send.h"
#include "search/page_token.h"
#include "store/q_webhooks.h"

enum {
    MAX_NAME = 63,
    MAX_PAGE = 1000,
    DEFAULT_PAGE = 100,
    MAX_WAITING = 10000, /* deliveries in the queue; what comes on top is dropped with a warning */
};

/* ---- events --------------------------------------------------------------------------------------------- */

enum fact {
    FACT_NAME = 1,
    FACT_VERSION = 2,
    FACT_KEY = 4,
    FACT_VALUE = 8,
    FACT_ALIAS = 16,
    FACT_SOURCE = 32,
    FACT_RUN = 64,
    FACT_TEMPLATE = 128,
    FACT_TAGS = 256,
    FACT_DESCRIPTION = 512,
};

/* The events there are, and the members of their payloads. MLflow: VALID_ENTITY_ACTIONS, webhook payload types. */
static const struct event_kind {
    enum webhook_entity entity;
    enum webhook_action action;
    unsigned facts;
} kinds[] = {
    {HOOK_REGISTERED_MODEL, HOOK_CREATED, FACT_NAME | FACT_TAGS | FACT_DESCRIPTION},
    {HOOK_MODEL_VERSION, HOOK_CREATED, FACT_NAME | FACT_VERSION | FACT_SOURCE | FACT_RUN | FACT_TAGS | FACT_DESCRIPTION},
    {HOOK_MODEL_VERSION_TAG, HOOK_DELETED, FACT_NAME | FACT_VERSION | FACT_KEY},
    {HOOK_MODEL_VERSION_TAG, HOOK_SET, FACT_NAME | FACT_VERSION | FACT_KEY | FACT_VALUE},
    {HOOK_MODEL_VERSION_ALIAS, HOOK_CREATED, FACT_NAME | FACT_ALIAS | FACT_VERSION},
    {HOOK_MODEL_VERSION_ALIAS, HOOK_DELETED, FACT_NAME | FACT_ALIAS},
    {HOOK_PROMPT, HOOK_CREATED, FACT_NAME | FACT_TAGS | FACT_DESCRIPTION},
    {HOOK_PROMPT_VERSION, HOOK_CREATED, FACT_NAME | FACT_VERSION | FACT_TEMPLATE | FACT_TAGS | FACT_DESCRIPTION},
    {HOOK_PROMPT_TAG, HOOK_DELETED, FACT_NAME | FACT_KEY},
    {HOOK_PROMPT_TAG, HOOK_SET, FACT_NAME | FACT_KEY | FACT_VALUE},
    {HOOK_PROMPT_VERSION_TAG, HOOK_DELETED, FACT_NAME | FACT_VERSION | FACT_KEY},
    {HOOK_PROMPT_VERSION_TAG, HOOK_SET, FACT_NAME | FACT_VERSION | FACT_KEY | FACT_VALUE},
    {HOOK_PROMPT_ALIAS, HOOK_CREATED, FACT_NAME | FACT_ALIAS | FACT_VERSION},
    {HOOK_PROMPT_ALIAS, HOOK_DELETED, FACT_NAME | FACT_ALIAS},
    {HOOK_BUDGET_POLICY, HOOK_EXCEEDED, 0},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const struct event_kind *find_kind(int entity, int action) {
    for (size_t i = 0; i < N_KINDS; i++)
        if ((int)kinds[i].entity == entity && (int)kinds[i].action == action)
            return &kinds[i];
    return NULL;
}

/* "['created', 'deleted']": the actions an entity has, in alphabetical order as the table is. */
static struct str actions_of(struct ctx *c, int entity) {
    struct buf b = BUF_IN(c->arena);
    buf_char(&b, '[');
    for (size_t i = 0; i < N_KINDS; i++)
        if ((int)kinds[i].entity == entity)
            buf_fmt(&b, "%s'%s'", b.n > 1 ? ", " : "", webhook_word(c->arena, &WebhookAction_enum, kinds[i].action).p);
    buf_char(&b, ']');
    return buf_end(&b);
}

static int check_event(struct ctx *c, const struct WebhookEvent *e) {
    if (find_kind(e->entity.v, e->action.v))
        return OK;
    if (e->entity.v == 0 || e->action.v == 0)
        return fail_invalid(c, "A webhook event must have an entity and an action.");
    return fail_invalid(c, "Invalid action '%s' for entity '%s'. Valid actions are: %s",
                        webhook_word(c->arena, &WebhookAction_enum, e->action.v).p,
                        webhook_word(c->arena, &WebhookEntity_enum, e->entity.v).p, actions_of(c, e->entity.v).p);
}

static int check_events(struct ctx *c, const struct WebhookEvent_list *events) {
    int err = OK;
    if (events->n == 0)
        return fail_invalid(c, "Webhook events must be a non-empty list of WebhookEvent objects: [].");
    for (size_t i = 0; i < events->n && !err; i++)
        err = check_event(c, &events->v[i]);
    uint64_t seen = 0; /* one bit per kind */
    for (size_t i = 0; i < events->n && !err; i++) {
        uint64_t bit = (uint64_t)1 << (find_kind(events->v[i].entity.v, events->v[i].action.v) - kinds);
        if (seen & bit)
            err = fail(c, ERR_BAD_REQUEST, "A webhook cannot listen to the same event twice.");
        seen |= bit;
    }
    return err;
}

/* ---- payloads ------------------------------------------------------------------------------------------- */

static void put_member(struct buf *b, const char *name, struct str value) {
    if (b->p[b->n - 1] != '{')
        BUF_LIT(b, ", ");
    buf_fmt(b, "\"%s\": ", name);
    if (value.p)
        json_put_string(b, value);
    else
        BUF_LIT(b, "null");
}

static void put_tags(struct buf *b, const struct str_map *tags) {
    BUF_LIT(b, ", \"tags\": {");
    for (size_t i = 0; tags && i < tags->n; i++) {
        if (i)
            BUF_LIT(b, ", ");
        json_put_string(b, tags->v[i].key);
        BUF_LIT(b, ": ");
        json_put_string(b, tags->v[i].value);
    }
    buf_char(b, '}');
}

static void put_facts(struct buf *b, unsigned facts, const struct webhook_facts *f) {
    const struct {
        enum fact fact;
        const char *name;
        struct str value;
    } members[] = {
        {FACT_NAME, "name", f->name},       {FACT_ALIAS, "alias", f->alias},          {FACT_VERSION, "version", f->version},
        {FACT_KEY, "key", f->key},          {FACT_VALUE, "value", f->value},          {FACT_SOURCE, "source", f->source},
        {FACT_RUN, "run_id", f->run_id},    {FACT_TEMPLATE, "template", f->template}, {FACT_TAGS, "tags", {0}},
        {FACT_DESCRIPTION, "description", f->description},
    };
    buf_char(b, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!(facts & members[i].fact))
            continue;
        if (members[i].fact == FACT_TAGS)
            put_tags(b, f->tags);
        else
            put_member(b, members[i].name, members[i].value);
    }
    buf_char(b, '}');
}

/* "2026-01-31T12:00:00.123000+00:00", as Python's isoformat writes it. */
static void put_time(struct buf *b, int64_t ms) {
    struct tm tm;
    time_t seconds = ms / 1000;
    char text[32];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_fmt(b, "%s.%03d000+00:00", text, (int)(ms % 1000));
}

static struct str make_body(struct ctx *c, const struct event_kind *kind, const struct webhook_facts *facts) {
    struct buf b = BUF_IN(c->arena);
    buf_fmt(&b, "{\"entity\": \"%s\", \"action\": \"%s\", \"timestamp\": \"",
            webhook_word(c->arena, &WebhookEntity_enum, kind->entity).p,
            webhook_word(c->arena, &WebhookAction_enum, kind->action).p);
    put_time(&b, clock_ms());
    BUF_LIT(&b, "\", \"data\": ");
    if (kind->facts)
        put_facts(&b, kind->facts, facts);
    else
        BUF_LIT(&b, "{\"budget_policy_id\": \"bp-abc123\", \"budget_unit\": \"USD\", \"budget_amount\": 100.0, "
                    "\"current_spend\": 105.5, \"duration_unit\": \"MONTHS\", \"duration_value\": 1, "
                    "\"target_scope\": \"ENDPOINT\", \"workspace\": \"default\", \"target_value\": \"ep-abc123\", "
                    "\"window_start\": 1704067200000}");
    buf_char(&b, '}');
    return buf_end(&b);
}

int webhook_emit(struct ctx *c, enum webhook_entity entity, enum webhook_action action,
                 const struct webhook_facts *facts) {
    const struct event_kind *kind = find_kind(entity, action);
    const struct WebhookEvent event = {.entity = ENUM(entity), .action = ENUM(action)};
    int64_t queued = 0;
    must(kind);
    int err = q_webhook_enqueue(c, &event, make_body(c, kind, facts), clock_ms(), MAX_WAITING, &queued);
    if (queued < 0)
        log_warning("webhook queue: %d deliveries are waiting, an event was dropped", MAX_WAITING);
    if (queued > 0)
        hooks_nudge(c->app->hooks);
    return err;
}

/* The example that a test sends. MLflow: get_example_payload_for_event. */
static struct str example_body(struct ctx *c, const struct event_kind *kind) {
    bool prompt = kind->entity >= HOOK_PROMPT && kind->entity <= HOOK_PROMPT_ALIAS;
    bool version = (kind->facts & (FACT_SOURCE | FACT_TEMPLATE)) != 0;
    struct str_pair tag = {STR("example_key"), STR("example_value")};
    const struct str_map tags = {&tag, 1};
    return make_body(c, kind,
                     &(struct webhook_facts){.name = prompt ? STR("example_prompt") : STR("example_model"),
                                             .version = STR("1"),
                                             .key = tag.key,
                                             .value = tag.value,
                                             .alias = STR("example_alias"),
                                             .source = STR("models:/123"),
                                             .run_id = STR("abcd1234abcd5678"),
                                             .template = STR("Hello {{name}}!"),
                                             .tags = &tags,
                                             .description = str_fmt(c->arena, "An example %s%s",
                                                                    prompt    ? "prompt"
                                                                    : version ? "model"
                                                                              : "registered model",
                                                                    version ? " version" : "")});
}

/* ---- operations ----------------------------------------------------------------------------------------- */

static bool alphanumeric(char ch) {
    return (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z');
}

static int check_name(struct ctx *c, struct str name) {
    bool ok = name.n > 0 && name.n <= MAX_NAME && alphanumeric(name.p[0]) && alphanumeric(name.p[name.n - 1]);
    for (size_t i = 0; i < name.n && ok; i++)
        ok = alphanumeric(name.p[i]) || strchr("._-", name.p[i]);
    if (ok)
        return OK;
    return fail_invalid(c,
                        "Webhook name '%.*s' is invalid. It must start and end with a letter or digit, be less than "
                        "63 characters long, and contain only letters, digits, dots (.), underscores (_), and "
                        "hyphens (-).",
                        STR_FMT(name));
}

static const struct address_policy *policy_of(const struct ctx *c) {
    return &hooks_options_of(c->app->hooks)->policy;
}

/* What a write operation works on inside its transaction. */
struct change {
    struct Webhook *webhook;
    struct WebhookEvent_list events;
    struct str secret; /* the token to store; absent: none, or the one that is there */
    const struct UpdateWebhook *update;
};

static int seal(struct ctx *c, struct str secret, struct str *token) {
    struct fernet_key key;
    if (secret.n == 0)
        return OK;
    int err = hooks_key(c, c->app->hooks, &key);
    return err ? err : fernet_encrypt(c, &key, secret, token);
}

static int unseal(struct ctx *c, struct str token, struct str *secret) {
    struct fernet_key key;
    if (token.n == 0)
        return OK;
    int err = hooks_key(c, c->app->hooks, &key);
    return err ? err : fernet_decrypt(c, &key, token, secret);
}

static int insert(struct ctx *c, void *arg) {
    const struct change *k = arg;
    struct str id = k->webhook->webhook_id;
    int err = q_webhook_insert(c, k->webhook, k->secret);
    if (!err)
        err = q_webhook_events_set(c, id, &k->events);
    return err ? err : q_webhook_get(c, id, k->webhook, NULL);
}

int webhook_create(struct ctx *c, const struct CreateWebhook *req, struct CreateWebhookResponse *res) {
    struct change k = {.webhook = ARENA_NEW(c->arena, struct Webhook), .events = req->events};
    int64_t now = clock_ms();
    int err = check_events(c, &req->events);
    if (!err)
        err = check_name(c, req->name);
    if (!err)
        err = webhook_url_check(c, policy_of(c), req->url);
    if (!err)
        err = seal(c, req->secret, &k.secret);
    if (err)
        return err;
    *k.webhook = (struct Webhook){
        .webhook_id = uuid_dashed(c->arena),
        .name = req->name,
        .description = req->description.n ? req->description : (struct str){0},
        .url = req->url,
        .status = ENUM(req->status.set ? req->status.v : WEBHOOK_ACTIVE),
        .creation_timestamp = I64(now),
        .last_updated_timestamp = I64(now),
    };
    res->webhook = k.webhook;
    return store_write(c, c->app->store, insert, &k);
}

struct list {
    struct webhook_page page;
    struct ListWebhooksResponse *res;
};

static int read_list(struct ctx *c, void *arg) {
    struct list *l = arg;
    return q_webhooks_list(c, &l->page, &l->res->webhooks);
}

static int read_token(struct ctx *c, struct str text, uint64_t query, struct webhook_page *page) {
    struct page_token token = {0};
    int err = page_token_read(c, text, query, 2, &token);
    if (err)
        return err;
    page->offset = token.offset;
    if (token.values) {
        page->created = token.values[0].i;
        page->id = token.values[1].s;
    }
    return OK;
}

int webhooks_list(struct ctx *c, const struct ListWebhooks *req, struct ListWebhooksResponse *res) {
    int64_t limit = req->max_results.v ? req->max_results.v : DEFAULT_PAGE;
    struct list l = {.page = {.limit = limit + 1}, .res = res};
    uint64_t query = page_fingerprint(0, STR("webhooks"));
    if (limit < 1 || limit > MAX_PAGE)
        return fail_invalid(c, "max_results must be between 1 and 1000.");
    int err = read_token(c, req->page_token, query, &l.page);
    if (!err)
        err = store_read(c, c->app->store, read_list, &l);
    if (err || (int64_t)res->webhooks.n <= limit)
        return err;
    res->webhooks.n = (size_t)limit;
    const struct Webhook *last = &res->webhooks.v[limit - 1];
    const struct bind key[] = {BIND_I(last->creation_timestamp.v), BIND_S(last->webhook_id)};
    res->next_page_token = page_token_write(c, query, key, 2);
    return OK;
}

struct lookup {
    struct str id;
    struct Webhook *webhook;
    struct str secret;
};

static int read_one(struct ctx *c, void *arg) {
    struct lookup *l = arg;
    return q_webhook_get(c, l->id, l->webhook, &l->secret);
}

int webhook_get(struct ctx *c, const struct GetWebhook *req, struct GetWebhookResponse *res) {
    struct lookup l = {.id = req->webhook_id, .webhook = ARENA_NEW(c->arena, struct Webhook)};
    res->webhook = l.webhook;
    return store_read(c, c->app->store, read_one, &l);
}

static int apply_update(struct ctx *c, void *arg) {
    const struct change *k = arg;
    const struct UpdateWebhook *u = k->update;
    struct Webhook *w = k->webhook;
    int err = q_webhook_get(c, u->webhook_id, w, NULL);
    if (err)
        return err;
    if (u->name.n)
        w->name = u->name;
    if (u->description.p)
        w->description = u->description;
    if (u->url.n)
        w->url = u->url;
    if (u->status.set)
        w->status = u->status;
    w->last_updated_timestamp = I64(clock_ms());
    err = q_webhook_update(c, w, u->secret.p != NULL, k->secret);
    if (!err && u->events.n > 0)
        err = q_webhook_events_set(c, u->webhook_id, &u->events);
    return err ? err : q_webhook_get(c, u->webhook_id, w, NULL);
}

int webhook_update(struct ctx *c, const struct UpdateWebhook *req, struct UpdateWebhookResponse *res) {
    struct change k = {.webhook = ARENA_NEW(c->arena, struct Webhook), .update = req};
    struct lookup l = {.id = req->webhook_id, .webhook = k.webhook};
    int err = store_read(c, c->app->store, read_one, &l);
    if (!err && req->name.n)
        err = check_name(c, req->name);
    if (!err && req->url.n)
        err = webhook_url_check(c, policy_of(c), req->url);
    if (!err && req->events.n)
        err = check_events(c, &req->events);
    if (!err)
        err = seal(c, req->secret, &k.secret);
    if (err)
        return err;
    res->webhook = k.webhook;
    return store_write(c, c->app->store, apply_update, &k);
}

static int delete_one(struct ctx *c, void *arg) {
    struct lookup *l = arg;
    int err = read_one(c, l);
    return err ? err : q_webhook_delete(c, l->id, clock_ms());
}

int webhook_delete(struct ctx *c, const struct DeleteWebhook *req, struct Empty *res) {
    struct lookup l = {.id = req->webhook_id, .webhook = ARENA_NEW(c->arena, struct Webhook)};
    (void)res;
    return store_write(c, c->app->store, delete_one, &l);
}

/* Sends the request and waits; what goes wrong on the way is part of the result, not an error. */
static int send_and_tell(struct ctx *c, const struct delivery *d, struct WebhookTestResult *out) {
    const struct hooks_options *o = hooks_options_of(c->app->hooks);
    struct buf answer = BUF_IN(c->arena);
    struct send_request r = {.policy = &o->policy, .answer = &answer};
    long status = 0;
    int err = send_prepare(c, &r, d, o->timeout_s);
    if (err)
        return err;
    CURLcode rc = r.lib->easy_perform(r.curl);
    r.lib->easy_getinfo(r.curl, CURLINFO_RESPONSE_CODE, &status);
    out->success = BOOL(rc == CURLE_OK && status < 400);
    if (rc == CURLE_OK) {
        out->response_status = I64(status);
        out->response_body = buf_end(&answer);
    } else {
        out->error_message = str_fmt(c->arena, "Failed to test webhook: %s",
                                     r.blocked    ? "the address is not public"
                                     : r.error[0] ? r.error
                                                  : r.lib->easy_strerror(rc));
    }
    send_release(&r);
    return OK;
}

int webhook_test(struct ctx *c, const struct TestWebhook *req, struct TestWebhookResponse *res) {
    struct Webhook w = {0};
    struct lookup l = {.id = req->webhook_id, .webhook = &w};
    struct str secret = {0};
    int err = req->event ? check_event(c, req->event) : OK;
    if (!err)
        err = store_read(c, c->app->store, read_one, &l);
    if (!err)
        err = unseal(c, l.secret, &secret);
    if (err)
        return err;
    const struct WebhookEvent *event = req->event ? req->event : &w.events.v[0];
    const struct event_kind *kind = w.events.n || req->event ? find_kind(event->entity.v, event->action.v) : NULL;
    if (!kind)
        return fail_invalid(c, "The webhook listens to no event that can be tested.");
    const struct delivery d = {uuid_hex(c->arena), w.url, secret, example_body(c, kind)};
    res->result = ARENA_NEW(c->arena, struct WebhookTestResult);
    return send_and_tell(c, &d, res->result);
}
