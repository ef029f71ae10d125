/* The tag mlflow.log-model.history: a JSON list of the models that clients before MLflow 3 logged to a run. Called by
 * the api room; declared in params_tags.h.
 *
 * An entry holds the members run_id, artifact_path, utc_time_created, model_uuid and flavors of the model's
 * description, the flavors without their "config". MLflow: Model.get_tags_dict. */
#include "base/json.h"
#include "service/params_tags.h"
#include "service/python_text.h"
#include "service/validate.h"
#include "store/q_params_tags.h"

#define HISTORY STR("mlflow.log-model.history")

enum member { RUN_ID, ARTIFACT_PATH, TIME_CREATED, MODEL_UUID, FLAVORS, MEMBERS };

static const struct {
    const char *name;
    bool required;
} members[MEMBERS] = {
    [RUN_ID] = {"run_id", true},
    [ARTIFACT_PATH] = {"artifact_path", true},
    [TIME_CREATED] = {"utc_time_created", true},
    [MODEL_UUID] = {"model_uuid", false},
    [FLAVORS] = {"flavors", true},
};

/* The members of the description as they are written there; absent ones are empty. */
struct description {
    struct str raw[MEMBERS];
};

static int fail_malformed(struct ctx *c, struct str text) {
    return fail_invalid(c, "Malformed model info. \n %.*s \n is not a valid JSON.", STR_FMT(text));
}

static bool read_description(struct json *j, struct description *d) {
    struct str key, raw;
    bool first = true;
    if (json_peek(j) != JSON_OBJECT || !json_enter(j, '{'))
        return false;
    while (json_next_key(j, &first, &key)) {
        if (json_peek(j) == JSON_ERROR || !json_raw(j, &raw))
            return false;
        for (size_t i = 0; i < MEMBERS; i++)
            if (str_is(key, members[i].name))
                d->raw[i] = raw;
    }
    return json_at_end(j);
}

static int check_members(struct ctx *c, const struct description *d) {
    struct buf missing = BUF_IN(c->arena);
    for (size_t i = 0; i < MEMBERS; i++)
        if (members[i].required && !d->raw[i].n)
            buf_fmt(&missing, "%s'%s'", missing.n ? ", " : "", members[i].name);
    if (missing.n == 0)
        return OK;
    struct str names = buf_end(&missing);
    return fail_invalid(c, "Model json is missing mandatory fields: {%.*s}", STR_FMT(names));
}

static bool is_null(struct str raw) {
    return raw.n == 0 || str_is(raw, "null");
}

/* Writes one flavor: an object without its member "config", anything else as it is. */
static bool put_flavor(struct json *j, struct buf *b) {
    struct str key, raw;
    bool first = true, comma = false;
    if (json_peek(j) != JSON_OBJECT) {
        if (!json_raw(j, &raw))
            return false;
        python_put_dumps(b, raw);
        return true;
    }
    if (!json_enter(j, '{'))
        return false;
    BUF_LIT(b, "{");
    while (json_next_key(j, &first, &key)) {
        if (json_peek(j) == JSON_ERROR || !json_raw(j, &raw))
            return false;
        if (str_is(key, "config"))
            continue;
        buf_z(b, comma ? ", " : "");
        comma = true;
        python_put_json(b, key);
        BUF_LIT(b, ": ");
        python_put_dumps(b, raw);
    }
    BUF_LIT(b, "}");
    return !j->error;
}

static bool put_flavors(struct ctx *c, struct buf *b, struct str raw) {
    struct json j;
    struct str key;
    bool first = true, comma = false;
    BUF_LIT(b, "\"flavors\": {");
    if (!is_null(raw)) {
        json_start(&j, raw, c->arena);
        if (json_peek(&j) != JSON_OBJECT || !json_enter(&j, '{'))
            return false;
        while (json_next_key(&j, &first, &key)) {
            buf_z(b, comma ? ", " : "");
            comma = true;
            python_put_json(b, key);
            BUF_LIT(b, ": ");
            if (!put_flavor(&j, b))
                return false;
        }
        if (j.error)
            return false;
    }
    BUF_LIT(b, "}");
    return true;
}

static bool put_entry(struct ctx *c, struct buf *b, const struct description *d) {
    BUF_LIT(b, "{");
    for (size_t i = 0; i < FLAVORS; i++) {
        if (is_null(d->raw[i]) && i != MODEL_UUID)
            continue;
        buf_fmt(b, "\"%s\": ", members[i].name);
        python_put_dumps(b, is_null(d->raw[i]) ? STR("null") : d->raw[i]);
        BUF_LIT(b, ", ");
    }
    bool good = put_flavors(c, b, d->raw[FLAVORS]);
    BUF_LIT(b, "}");
    return good;
}

/* The list with the entry at its end. A tag that is no list begins anew. */
static bool put_list(struct ctx *c, struct buf *b, struct str old, const struct description *d) {
    struct str list = str_trim(old);
    if (list.n > 2 && list.p[0] == '[' && list.p[list.n - 1] == ']') {
        python_put_dumps(b, str_sub(list, 0, list.n - 1));
        BUF_LIT(b, ", ");
    } else {
        BUF_LIT(b, "[");
    }
    bool good = put_entry(c, b, d);
    BUF_LIT(b, "]");
    return good;
}

int model_log(struct ctx *c, const struct LogModel *req, struct Empty *res) {
    struct description d = {0};
    struct buf list = BUF_IN(c->arena);
    struct run_head run;
    struct str old;
    struct json j;
    (void)res;
    json_start(&j, req->model_json, c->arena);
    if (!read_description(&j, &d))
        return fail_malformed(c, req->model_json);
    int err = check_members(c, &d);
    if (!err)
        err = q_run_active(c, req->run_id, &run);
    if (!err)
        err = q_run_tag_get(c, req->run_id, HISTORY, &old);
    if (err)
        return err;
    if (!put_list(c, &list, old, &d))
        return fail_malformed(c, req->model_json);
    struct RunTag tag = {.key = HISTORY, .value = buf_end(&list)};
    struct str checked = tag.value;
    err = validate_tag(c, AT_TOP, tag.key, &checked);
    return err ? err : q_run_tags_set(c, req->run_id, &tag, 1);
}
