/* Events of the registry; see registry_events.h. */
#include "service/registry_events.h"

#include "service/models.h"
#include "service/webhooks.h"
#include "store/q_webhooks.h"

#define TAG_IS_PROMPT "mlflow.prompt.is_prompt"
#define TAG_PROMPT_TYPE "_mlflow_prompt_type"
#define TAG_PROMPT_TEXT "mlflow.prompt.text"

/* Emits the event of a model, or of a prompt when `name` is one; 0 for none. */
static int emit(struct ctx *c, struct str name, enum webhook_entity model, enum webhook_entity prompt,
                enum webhook_action action, const struct webhook_facts *facts) {
    bool any = false, is_prompt = false;
    int err = q_webhooks_any(c, &any);
    if (err || !any)
        return err;
    err = model_is_prompt(c, name, &is_prompt);
    enum webhook_entity entity = is_prompt ? prompt : model;
    return err || !entity ? err : webhook_emit(c, entity, action, facts);
}

/* Is the tag one of those that make a prompt, which its events do not show? */
static bool is_internal(struct str key) {
    return str_is(key, TAG_IS_PROMPT) || str_is(key, TAG_PROMPT_TYPE) || str_is(key, TAG_PROMPT_TEXT);
}

/* Adds a tag to the map of an event; the last of a key counts, as in a Python dict. */
static void put_tag(struct str_map *map, struct str key, struct str value) {
    struct str_pair pair = {key, value.p ? value : STR("")};
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->v[i].key, key)) {
            map->v[i] = pair;
            return;
        }
    map->v[map->n++] = pair;
}

int event_model_created(struct ctx *c, const struct CreateRegisteredModel *req) {
    struct str_map tags = {ARENA_ARRAY(c->arena, struct str_pair, req->tags.n), 0};
    struct str_map shown = {ARENA_ARRAY(c->arena, struct str_pair, req->tags.n), 0};
    bool any = false, is_prompt = false;
    int err = q_webhooks_any(c, &any);
    if (!err && any)
        err = model_is_prompt(c, req->name, &is_prompt);
    if (err || !any)
        return err;
    for (size_t i = 0; i < req->tags.n; i++)
        put_tag(&tags, req->tags.v[i].key, req->tags.v[i].value);
    for (size_t i = 0; i < tags.n; i++)
        if (!is_prompt || !is_internal(tags.v[i].key))
            shown.v[shown.n++] = tags.v[i];
    return webhook_emit(c, is_prompt ? HOOK_PROMPT : HOOK_REGISTERED_MODEL, HOOK_CREATED,
                        &(struct webhook_facts){.name = req->name,
                                                .description = req->description.p ? req->description : STR(""),
                                                .tags = &shown});
}

static struct str or_null(struct str s) {
    return s.n ? s : (struct str){0};
}

int event_version_created(struct ctx *c, const struct CreateModelVersion *req, int64_t version, struct str source,
                          struct str run_id) {
    struct str_map tags = {ARENA_ARRAY(c->arena, struct str_pair, req->tags.n), 0}, shown = tags;
    struct webhook_facts facts = {.name = req->name, .source = source, .run_id = or_null(run_id),
                                  .description = or_null(req->description), .tags = &tags};
    bool any = false, is_prompt = false;
    int err = q_webhooks_any(c, &any);
    if (err || !any)
        return err;
    facts.version = str_fmt(c->arena, "%ld", (long)version);
    for (size_t i = 0; i < req->tags.n; i++)
        put_tag(&tags, req->tags.v[i].key, req->tags.v[i].value);
    for (size_t i = 0; i < tags.n; i++)
        is_prompt = is_prompt || (str_is(tags.v[i].key, TAG_IS_PROMPT) && str_ieq(tags.v[i].value, STR("true")));
    if (!is_prompt)
        return webhook_emit(c, HOOK_MODEL_VERSION, HOOK_CREATED, &facts);
    shown.v = ARENA_ARRAY(c->arena, struct str_pair, tags.n);
    for (size_t i = 0; i < tags.n; i++)
        if (str_is(tags.v[i].key, TAG_PROMPT_TEXT))
            facts.template = tags.v[i].value;
        else if (!is_internal(tags.v[i].key))
            shown.v[shown.n++] = tags.v[i];
    facts.tags = &shown;
    return webhook_emit(c, HOOK_PROMPT_VERSION, HOOK_CREATED, &facts);
}

int event_model_tag(struct ctx *c, struct str name, struct str key, struct str value) {
    return emit(c, name, 0, HOOK_PROMPT_TAG, value.p ? HOOK_SET : HOOK_DELETED,
                &(struct webhook_facts){.name = name, .key = key, .value = value});
}

int event_version_tag(struct ctx *c, struct str name, struct str version, struct str key, struct str value) {
    return emit(c, name, HOOK_MODEL_VERSION_TAG, HOOK_PROMPT_VERSION_TAG, value.p ? HOOK_SET : HOOK_DELETED,
                &(struct webhook_facts){.name = name, .version = version, .key = key, .value = value});
}

int event_alias(struct ctx *c, struct str name, struct str alias, struct str version) {
    return emit(c, name, HOOK_MODEL_VERSION_ALIAS, HOOK_PROMPT_ALIAS, version.p ? HOOK_CREATED : HOOK_DELETED,
                &(struct webhook_facts){.name = name, .alias = alias, .version = version});
}
