/* Validation of names, values and batches; see validate.h. */
#include "service/validate.h"

#include <stdlib.h>

#include "base/json.h"
#include "service/python_text.h"
#include "service/word_chars.h"

#define BAD_CHARACTERS                                                                                                 \
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "            \
    "and slashes (/)."
#define BAD_PATH                                                                                                       \
    "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "       \
    "This name would resolve to "
#define SEE_DOCS " See the API docs for more information about request parameters."

/* "metrics[3].name", or "name" at the top. */
static struct str path_of(struct ctx *c, struct place at, const char *field) {
    if (!at.list)
        return str_of(field);
    return str_fmt(c->arena, "%s[%zu].%s", at.list, at.index, field);
}

int validate_present(struct ctx *c, struct place at, const char *field, bool present) {
    if (present)
        return OK;
    struct str path = path_of(c, at, field);
    return fail_invalid(c, "Missing value for required parameter '%.*s'." SEE_DOCS, STR_FMT(path));
}

/* ---- names ---------------------------------------------------------------------------------------------- */

static bool name_char(uint32_t u) {
    return u == '/' || u == '.' || u == '-' || u == ' ' || u == ':' || word_char(u);
}

/* One line break at the end is let through, as the official pattern does. */
static bool has_name_chars_only(struct str s) {
    if (s.n && s.p[s.n - 1] == '\n')
        s.n--;
    for (size_t i = 0; i < s.n;)
        if (!name_char(utf8_next(s, &i)))
            return false;
    return true;
}

/* Appends one component of a path to the `n` bytes at `out`, where `root` bytes are leading slashes. */
static size_t join(char *out, size_t n, size_t root, struct str part) {
    struct str so_far = {out, n};
    bool parent = str_is(part, "..");
    bool can_go_up = n > root && !str_is(so_far, "..") && !str_ends(so_far, STR("/.."));
    if (part.n == 0 || str_is(part, ".") || (parent && n == root && root > 0))
        return n;
    if (parent && can_go_up) {
        while (n > root && out[n - 1] != '/')
            n--;
        return n > root ? n - 1 : n;
    }
    if (n > root)
        out[n++] = '/';
    memcpy(out + n, part.p, part.n);
    return n + part.n;
}

/* The path without empty parts, "." and "..": Python's posixpath.normpath. */
static struct str normal_path(struct ctx *c, struct str s) {
    char *out = arena_raw(c->arena, s.n + 2);
    size_t root = 0, n;
    while (root < s.n && s.p[root] == '/')
        root++;
    root = root > 2 ? 1 : root;
    memset(out, '/', root);
    n = root;
    for (size_t i = 0; i <= s.n;) {
        size_t end = i;
        while (end < s.n && s.p[end] != '/')
            end++;
        n = join(out, n, root, str_sub(s, i, end - i));
        i = end + 1;
    }
    if (n == 0)
        out[n++] = '.';
    return (struct str){out, n};
}

/* Would the name, taken as a path, be another one or lead out? */
static bool is_bad_path(struct ctx *c, struct str s, struct str *normal) {
    bool plain = str_chr(s, '/') < 0;
    *normal = s;
    if (plain && s.n && !str_is(s, ".") && !str_starts(s, STR("..")))
        return false;
    *normal = normal_path(c, s);
    return !str_eq(*normal, s) || str_is(s, ".") || str_starts(s, STR("..")) || s.p[0] == '/';
}

/* Fails with "Invalid value <name> for parameter '<path>' supplied: <why>". */
static int fail_value(struct ctx *c, struct place at, const char *field, struct str value, const char *why) {
    struct str path = path_of(c, at, field);
    struct buf b = BUF_IN(c->arena);
    BUF_LIT(&b, "Invalid value ");
    python_put_json(&b, value);
    buf_fmt(&b, " for parameter '%.*s' supplied%s", STR_FMT(path), why);
    struct str text = buf_end(&b);
    return fail_invalid(c, "%.*s", STR_FMT(text));
}

static int check_name(struct ctx *c, struct place at, const char *field, struct str name) {
    struct str normal;
    if (!has_name_chars_only(name))
        return fail_value(c, at, field, name, ": " BAD_CHARACTERS);
    if (!is_bad_path(c, name, &normal))
        return OK;
    struct buf why = BUF_IN(c->arena);
    BUF_LIT(&why, ": " BAD_PATH);
    python_put_repr(&why, normal);
    return fail_value(c, at, field, name, buf_end(&why).p);
}

/* ---- lengths -------------------------------------------------------------------------------------------- */

static int fail_length(struct ctx *c, struct str what, size_t limit) {
    return fail_invalid(c, "'%.*s' exceeds the maximum length of %zu characters", STR_FMT(what), limit);
}

static bool longer(struct str s, size_t limit) {
    return s.n > limit && utf8_length(s) > limit;
}

/* MLflow: MLFLOW_TRUNCATE_LONG_VALUES, on unless it says otherwise. */
static bool cuts_long_values(void) {
    struct str v = str_of(getenv("MLFLOW_TRUNCATE_LONG_VALUES"));
    return !str_ieq(v, STR("false")) && !str_is(v, "0");
}

static struct str cut(struct str s, size_t limit) {
    size_t at = 0;
    for (size_t i = 0; i < limit && at < s.n; i++)
        utf8_next(s, &at);
    return str_sub(s, 0, at);
}

/* ---- items ---------------------------------------------------------------------------------------------- */

static int fail_timestamp(struct ctx *c, struct place at, const struct Metric *m) {
    struct buf value = BUF_IN(c->arena);
    struct str path = path_of(c, at, "timestamp");
    python_put_float(&value, m->value.v);
    struct str text = buf_end(&value);
    return fail_invalid(c,
                        "Invalid value %ld for parameter '%.*s' supplied: metric '%.*s' (value=%.*s). "
                        "Timestamp must be a nonnegative long (64-bit integer) ",
                        (long)m->timestamp.v, STR_FMT(path), STR_FMT(m->key), STR_FMT(text));
}

int validate_metric(struct ctx *c, struct place at, const struct Metric *m) {
    int err = check_name(c, at, "name", m->key);
    if (err)
        return err;
    if (m->timestamp.v < 0)
        return fail_timestamp(c, at, m);
    return longer(m->key, MAX_KEY) ? fail_length(c, STR("Metric name"), MAX_KEY) : OK;
}

/* A key and a value that may be cut; `key_name` and `value_name` are what the texts call them. */
static int check_pair(struct ctx *c, struct str key, struct str *value, struct str key_name, struct str value_name,
                      size_t limit) {
    if (!value->p)
        *value = STR("");
    if (longer(key, MAX_KEY))
        return fail_length(c, key_name, MAX_KEY);
    if (!longer(*value, limit))
        return OK;
    if (!cuts_long_values())
        return fail_length(c, value_name, limit);
    *value = cut(*value, limit);
    return OK;
}

int validate_param(struct ctx *c, struct place at, struct str key, struct str *value) {
    int err = check_name(c, at, "key", key);
    return err ? err : check_pair(c, key, value, STR("Param key"), STR("Param value"), MAX_PARAM_VALUE);
}

int validate_key(struct ctx *c, struct str key) {
    return check_name(c, AT_TOP, "key", key);
}

int validate_tag(struct ctx *c, struct place at, struct str key, struct str *value) {
    int err = check_name(c, at, "key", key);
    if (err)
        return err;
    if (key.n <= MAX_KEY && value->n <= MAX_TAG_VALUE && value->p)
        return OK;
    return check_pair(c, key, value, path_of(c, at, "key"), path_of(c, at, "value"), MAX_TAG_VALUE);
}

int validate_run_id(struct ctx *c, struct str run_id) {
    struct str s = run_id;
    if (s.n && s.p[s.n - 1] == '\n')
        s.n--;
    bool good =
        s.n && s.p[0] != '_' && (unsigned char)s.p[0] < 0x80 && word_char((unsigned char)s.p[0]) && !longer(s, 256);
    for (size_t i = 0; good && i < s.n;) {
        uint32_t u = utf8_next(s, &i);
        good = u == '-' || word_char(u);
    }
    return good ? OK : fail_value(c, AT_TOP, "run_id", run_id, ".");
}

/* ---- tags of experiments -------------------------------------------------------------------------------- */

#define NOT_AN_OBJECT "Trace archival config must be encoded as a JSON object."
#define BAD_DURATION                                                                                                   \
    "Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', or 'd'."

/* Members of the JSON that configures trace archival. */
struct archival {
    struct str type, value, older_than;
    bool has_value, has_older_than;
};

static bool read_member(struct json *j, struct str *out, bool *there) {
    enum json_type t = json_peek(j);
    *there = t != JSON_NULL;
    *out = (struct str){0};
    return t == JSON_STRING ? json_string(j, out) : json_skip(j);
}

static bool read_archival(struct json *j, struct archival *out) {
    struct str key;
    bool first = true, there;
    if (json_peek(j) != JSON_OBJECT || !json_enter(j, '{'))
        return false;
    while (json_next_key(j, &first, &key)) {
        bool done = str_is(key, "type")         ? read_member(j, &out->type, &there)
                    : str_is(key, "value")      ? read_member(j, &out->value, &out->has_value)
                    : str_is(key, "older_than") ? read_member(j, &out->older_than, &out->has_older_than)
                                                : json_skip(j);
        if (!done)
            return false;
    }
    return json_at_end(j);
}

/* "30d", "12h", "5m" */
static int check_duration(struct ctx *c, struct str text) {
    struct str s = str_trim(text);
    if (!text.p)
        return fail_invalid(c, BAD_DURATION);
    if (longer(s, 32))
        return fail_invalid(c, "Trace archival duration must be at most 32 characters.");
    bool good = s.n >= 2 && s.p[0] >= '1' && s.p[0] <= '9' && strchr("mhd", s.p[s.n - 1]);
    for (size_t i = 1; i + 1 < s.n && good; i++)
        good = s.p[i] >= '0' && s.p[i] <= '9';
    return good ? OK : fail_invalid(c, BAD_DURATION);
}

/* MLflow: _validate_trace_experiment_tag */
static int check_archival(struct ctx *c, struct str key, struct str value) {
    bool retention = str_is(key, "mlflow.trace.archivalRetention");
    struct archival a = {0};
    struct json j;
    if (!retention && !str_is(key, "mlflow.trace.archiveNow"))
        return OK;
    json_start(&j, value, c->arena);
    if (!read_archival(&j, &a))
        return fail_invalid(c, NOT_AN_OBJECT);
    if (retention && !str_is(a.type, "duration"))
        return fail_invalid(c, "Trace archival config must use type 'duration'.");
    if (!retention && !a.has_older_than)
        return OK;
    return check_duration(c, retention ? a.value : a.older_than);
}

int validate_experiment_tag(struct ctx *c, struct str key, struct str value) {
    int err = check_name(c, AT_TOP, "key", key);
    if (err)
        return err;
    if (longer(key, MAX_KEY))
        return fail_length(c, STR("key"), MAX_KEY);
    if (longer(value, MAX_EXPERIMENT_TAG_VALUE))
        return fail_length(c, STR("value"), MAX_EXPERIMENT_TAG_VALUE);
    return check_archival(c, key, value);
}

/* ---- batches -------------------------------------------------------------------------------------------- */

static int check_count(struct ctx *c, const char *what, size_t limit, size_t n) {
    if (n <= limit)
        return OK;
    return fail_invalid(c,
                        "A batch logging request can contain at most %zu %s. Got %zu %s. "
                        "Please split up %s across multiple requests and try again.",
                        limit, what, n, what, what);
}

int validate_batch_limits(struct ctx *c, size_t metrics, size_t params, size_t tags) {
    int err = check_count(c, "metrics", MAX_BATCH_METRICS, metrics);
    if (!err)
        err = check_count(c, "params", MAX_BATCH_PARAMS, params);
    if (!err)
        err = check_count(c, "tags", MAX_BATCH_TAGS, tags);
    return err ? err : check_count(c, "metrics, params, and tags", MAX_BATCH_ITEMS, metrics + params + tags);
}

static bool seen_before(const struct Param_list *params, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (str_eq(params->v[k].key, params->v[i].key))
            return true;
    return false;
}

int validate_params_unique(struct ctx *c, const struct Param_list *params) {
    struct buf twice = BUF_IN(c->arena);
    for (size_t i = 0; i < params->n; i++) {
        if (!seen_before(params, i))
            continue;
        if (twice.n)
            BUF_LIT(&twice, ", ");
        python_put_repr(&twice, params->v[i].key);
    }
    struct str keys = buf_end(&twice);
    if (!keys.n)
        return OK;
    return fail_invalid(c,
                        "Duplicate parameter keys have been submitted: [%.*s]. Please ensure "
                        "the request contains only one param value per param key.",
                        STR_FMT(keys));
}

/* ---- datasets ------------------------------------------------------------------------------------------- */

struct length_rule {
    const char *name;
    struct str text;
    size_t limit;
};

static int check_lengths(struct ctx *c, const struct length_rule *rules, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (longer(rules[i].text, rules[i].limit))
            return fail_length(c, str_of(rules[i].name), rules[i].limit);
    return OK;
}

int validate_dataset_input(struct ctx *c, const struct DatasetInput *in) {
    static const struct Dataset none;
    const struct Dataset *d = in->dataset ? in->dataset : &none;
    const struct length_rule rules[] = {
        {"name", d->name, 500},         {"digest", d->digest, 36},         {"source", d->source, 65535},
        {"schema", d->schema, 1048575}, {"profile", d->profile, 16777215},
    };
    int err = check_lengths(c, rules, sizeof rules / sizeof *rules);
    for (size_t i = 0; i < in->tags.n && !err; i++) {
        const struct InputTag *t = &in->tags.v[i];
        err = check_lengths(c, (const struct length_rule[]){{"key", t->key, 255}, {"value", t->value, 500}}, 2);
    }
    return err;
}
