/* The message engine: decodes JSON and query strings into structs by their tables, checks, encodes; see msg.h.
 * Called by the api room for every operation, and by fuzz_msg. */
#include "base/msg.h"

#include <limits.h>
#include <math.h>

#include "base/json.h"
#include "base/num.h"

/* The first value of a wrong type, reported after the whole text turned out to be JSON. */
struct mismatch {
    const struct field *field;
    struct str raw;
};

struct decoder {
    struct ctx *c;
    struct json j;
    struct mismatch bad;
    const struct field *twice; /* the first field that came under both of its names */
};

/* Which of a message's fields came under which name, one bit each: fields past the 64th are not watched. */
struct seen {
    uint64_t snake, camel;
};

const char *enum_name(const struct enum_def *e, int value) {
    for (size_t i = 0; i < e->n; i++)
        if (e->values[i].value == value)
            return e->values[i].name;
    return NULL;
}

int enum_value_of(const struct enum_def *e, struct str name) {
    for (size_t i = 0; i < e->n; i++)
        if (str_is(name, e->values[i].name))
            return e->values[i].value;
    return -1;
}

static bool is_snake_name(const struct field *f, struct str key) {
    return key.n == f->name_n && memcmp(key.p, f->name, key.n) == 0;
}

/* Does `key` name the field, as snake_case or as lowerCamelCase? */
static bool names_field(const struct field *f, struct str key) {
    if (is_snake_name(f, key))
        return true;
    size_t k = 0;
    for (size_t i = 0; i < f->name_n; i++, k++) {
        char want = f->name[i];
        if (want == '_' && i + 1 < f->name_n) {
            want = f->name[++i];
            if (want >= 'a' && want <= 'z')
                want = (char)(want - 32);
        }
        if (k >= key.n || key.p[k] != want)
            return false;
    }
    return k == key.n;
}

/* Looks from `guess` on, since fields mostly come in the table's order. */
static const struct field *find_field(const struct msg *m, struct str key, size_t guess) {
    for (size_t i = 0; i < m->n; i++) {
        const struct field *f = &m->fields[(guess + i) % m->n];
        if (names_field(f, key))
            return f;
    }
    return NULL;
}

static void *member(const struct field *f, void *out) {
    return (char *)out + f->offset;
}

/* ---- scalars from text ---------------------------------------------------------------------------------- */

/* "artifactLocation" for "artifact_location". */
static struct str camel_name(struct arena *a, const struct field *f) {
    struct buf b = BUF_IN(a);
    for (size_t i = 0; i < f->name_n; i++) {
        bool up = f->name[i] == '_' && i + 1 < f->name_n;
        char ch = f->name[up ? ++i : i];
        buf_char(&b, up && ch >= 'a' && ch <= 'z' ? (char)(ch - 32) : ch);
    }
    return buf_end(&b);
}

/* A number written as text, as Python reads it: white space around it and a plus sign count for nothing. */
static struct str bare_number(struct str s) {
    static const char space[] = {' ', '\t', '\n', '\v', '\f', '\r'};
    while (s.n && memchr(space, s.p[0], sizeof space))
        s.p++, s.n--;
    while (s.n && memchr(space, s.p[s.n - 1], sizeof space))
        s.n--;
    if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
        s.p++, s.n--;
    return s;
}

/* An integer as protobuf reads it: "12", "12.0" and "1e3" are integers, "1.5" is not, and no spaces. */
static bool parse_integer(struct str s, int64_t *out) {
    double d;
    if (memchr(s.p, ' ', s.n))
        return false;
    s = bare_number(s);
    if (num_parse_int(s.p, s.n, out))
        return true;
    if (!num_parse_double(s.p, s.n, &d) || d != floor(d) || fabs(d) >= 9223372036854775808.0)
        return false;
    *out = (int64_t)d;
    return true;
}

static bool parse_real(struct str s, double *out) {
    s = bare_number(s);
    bool minus = s.n && s.p[0] == '-';
    struct str name = minus ? (struct str){s.p + 1, s.n - 1} : s;
    if (str_ieq(name, STR("inf")) || str_ieq(name, STR("infinity")))
        *out = minus ? -INFINITY : INFINITY;
    else if (str_ieq(name, STR("nan")))
        *out = NAN;
    else
        return num_parse_double(s.p, s.n, out);
    return true;
}

static bool parse_enum(const struct enum_def *e, struct str s, int *out) {
    int64_t number;
    *out = enum_value_of(e, s);
    if (*out >= 0)
        return true;
    if (!parse_integer(s, &number) || number < INT_MIN || number > INT_MAX || !enum_name(e, (int)number))
        return false;
    *out = (int)number;
    return true;
}

/* Sets a scalar member from its text; false when the text is not of that type. */
static bool set_scalar(const struct field *f, void *out, struct str s) {
    void *at = member(f, out);
    int64_t number;
    switch (f->type) {
    case FIELD_STR: *(struct str *)at = s; return true;
    case FIELD_I64: {
        struct opt_i64 v = {.set = true};
        if (!parse_integer(s, &v.v) || ((f->flags & NARROW) && (v.v < INT32_MIN || v.v > INT32_MAX)))
            return false;
        *(struct opt_i64 *)at = v;
        return true;
    }
    case FIELD_F64: {
        struct opt_f64 v = {.set = true};
        if (!parse_real(s, &v.v))
            return false;
        *(struct opt_f64 *)at = v;
        return true;
    }
    case FIELD_ENUM: {
        struct opt_enum v = {.set = true};
        if (parse_enum(f->enums, s, &v.v))
            *(struct opt_enum *)at = v;
        return ((struct opt_enum *)at)->set || !num_parse_int(s.p, s.n, &number); /* unknown names are ignored */
    }
    case FIELD_BOOL: {
        bool yes = str_ieq(s, STR("true"));
        if (!yes && !str_ieq(s, STR("false")))
            return false;
        *(struct opt_bool *)at = BOOL(yes);
        return true;
    }
    default: return false;
    }
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

/* Room for one more item of `size` bytes at the end of an arena array of n items; capacity is the next power of 2. */
static void *push(struct arena *a, void **v, size_t *n, size_t size) {
    if ((*n & (*n - 1)) == 0) {
        size_t cap = *n ? *n * 2 : 1;
        *v = arena_grow(a, *n ? *v : NULL, *n * size, cap * size);
    }
    return memset((char *)*v + (*n)++ * size, 0, size);
}

static void push_str(struct arena *a, struct str_list *l, struct str s) {
    void *v = l->v;
    *(struct str *)push(a, &v, &l->n, sizeof s) = s;
    l->v = v;
}

static void push_i64(struct arena *a, struct i64_list *l, int64_t i) {
    void *v = l->v;
    *(int64_t *)push(a, &v, &l->n, sizeof i) = i;
    l->v = v;
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static bool decode_object(struct decoder *d, const struct msg *m, void *out);

/* Takes the next value as a mismatch of the field and steps over it. */
static bool wrong_type(struct decoder *d, const struct field *f) {
    struct str raw;
    if (!json_raw(&d->j, &raw))
        return false;
    bool missing = (f->flags & REQ) && f->type == FIELD_F64 && str_is(raw, "\"\""); /* for msg_check to name */
    if (!d->bad.field && !missing)
        d->bad = (struct mismatch){f, raw};
    return true;
}

/* A list with an item of a wrong type is a mismatch as a whole; it began at `from`. */
static bool list_end(struct decoder *d, const struct field *f, const char *from) {
    if (d->bad.field == f)
        d->bad.raw = (struct str){from, (size_t)(d->j.p - from)};
    return !d->j.error;
}

/* Reads a value that may be written as string or number, as `text`; false leaves it unread. */
static bool scalar_text(struct decoder *d, const struct field *f, struct str *text, bool *fits) {
    enum json_type t = json_peek(&d->j);
    *fits = true;
    if (f->type == FIELD_BOOL && (t == JSON_TRUE || t == JSON_FALSE))
        return json_raw(&d->j, text);
    if (f->type == FIELD_F64 && (t == JSON_TRUE || t == JSON_FALSE)) { /* MLflow: a metric that is true is 1 */
        *text = t == JSON_TRUE ? STR("1") : STR("0");
        return json_skip(&d->j);
    }
    if (f->type != FIELD_BOOL && t == JSON_STRING)
        return json_string(&d->j, text);
    if (f->type != FIELD_STR && f->type != FIELD_BOOL && f->type != FIELD_STRS && t == JSON_NUMBER)
        return json_number(&d->j, text);
    *fits = false;
    return true;
}

static bool decode_scalar(struct decoder *d, const struct field *f, void *out) {
    struct str text;
    bool fits;
    struct json before = d->j;
    if (!scalar_text(d, f, &text, &fits))
        return false;
    if (fits && set_scalar(f, out, text))
        return true;
    d->j = before;
    return wrong_type(d, f);
}

static bool decode_list(struct decoder *d, const struct field *f, void *out) {
    struct { void *v; size_t n; } *l = member(f, out);
    bool first = true;
    if (json_peek(&d->j) != JSON_ARRAY)
        return wrong_type(d, f);
    const char *from = d->j.p;
    l->v = arena_raw(d->c->arena, 0);
    l->n = 0;
    if (!json_enter(&d->j, '['))
        return false;
    while (json_next_item(&d->j, &first)) {
        if (json_peek(&d->j) != JSON_OBJECT) {
            if (!wrong_type(d, f))
                return false;
            continue;
        }
        if (!decode_object(d, f->sub, push(d->c->arena, &l->v, &l->n, f->sub->size)))
            return false;
    }
    return list_end(d, f, from);
}

/* One item of a list of strings or integers. */
static bool decode_item(struct decoder *d, const struct field *f, void *out) {
    struct str text;
    bool fits;
    int64_t number;
    struct json before = d->j;
    if (!scalar_text(d, f, &text, &fits))
        return false;
    if (fits && f->type == FIELD_STRS) {
        push_str(d->c->arena, member(f, out), text);
        return true;
    }
    if (fits && parse_integer(text, &number)) {
        push_i64(d->c->arena, member(f, out), number);
        return true;
    }
    d->j = before;
    return wrong_type(d, f);
}

static bool decode_items(struct decoder *d, const struct field *f, void *out) {
    bool first = true;
    if (json_peek(&d->j) != JSON_ARRAY)
        return wrong_type(d, f);
    const char *from = d->j.p;
    *(struct str_list *)member(f, out) = (struct str_list){arena_raw(d->c->arena, 0), 0};
    if (!json_enter(&d->j, '['))
        return false;
    while (json_next_item(&d->j, &first))
        if (!decode_item(d, f, out))
            return false;
    return list_end(d, f, from);
}

static bool decode_map(struct decoder *d, const struct field *f, void *out) {
    struct str_map *map = member(f, out);
    struct str_pair pair;
    void *v = NULL;
    bool first = true;
    if (json_peek(&d->j) != JSON_OBJECT)
        return wrong_type(d, f);
    *map = (struct str_map){0};
    if (!json_enter(&d->j, '{'))
        return false;
    while (json_next_key(&d->j, &first, &pair.key)) {
        if (json_peek(&d->j) != JSON_STRING) {
            if (!wrong_type(d, f))
                return false;
            continue;
        }
        if (!json_string(&d->j, &pair.value))
            return false;
        *(struct str_pair *)push(d->c->arena, &v, &map->n, sizeof pair) = pair;
    }
    map->v = v;
    return !d->j.error;
}

static bool decode_message(struct decoder *d, const struct field *f, void *out) {
    if (json_peek(&d->j) != JSON_OBJECT)
        return wrong_type(d, f);
    void *sub = arena_alloc(d->c->arena, f->sub->size);
    *(void **)member(f, out) = sub;
    return decode_object(d, f->sub, sub);
}

static bool decode_value(struct decoder *d, const struct field *f, void *out) {
    if (json_peek(&d->j) == JSON_NULL || (f->flags & PATH))
        return json_skip(&d->j);
    switch (f->type) {
    case FIELD_MSG: return decode_message(d, f, out);
    case FIELD_LIST: return decode_list(d, f, out);
    case FIELD_STRS:
    case FIELD_I64S: return decode_items(d, f, out);
    case FIELD_MAP: return decode_map(d, f, out);
    case FIELD_RAW: return json_raw(&d->j, member(f, out));
    default: return decode_scalar(d, f, out);
    }
}

/* Notes the name a field came under. Is it to be read under this name? */
static bool take_name(struct decoder *d, const struct msg *m, const struct field *f, struct str key,
                      struct seen *seen) {
    size_t i = (size_t)(f - m->fields);
    uint64_t bit = i < 64 ? (uint64_t)1 << i : 0;
    bool snake = is_snake_name(f, key);
    *(snake ? &seen->snake : &seen->camel) |= bit;
    if ((seen->snake & seen->camel & bit) && !d->twice)
        d->twice = f;
    return snake || !(f->flags & REQ);
}

static bool decode_object(struct decoder *d, const struct msg *m, void *out) {
    struct seen seen = {0};
    struct str key;
    bool first = true;
    size_t guess = 0;
    if (!json_enter(&d->j, '{'))
        return false;
    while (json_next_key(&d->j, &first, &key)) {
        const struct field *f = find_field(m, key, guess);
        if (f)
            guess = (size_t)(f - m->fields) + 1;
        bool wanted = f && take_name(d, m, f, key, &seen);
        if (!(wanted ? decode_value(d, f, out) : json_skip(&d->j)))
            return false;
    }
    return !d->j.error;
}

static int fail_type(struct ctx *c, const struct mismatch *bad) {
    struct buf shown = BUF_IN(c->arena);
    json_put_compact(&shown, bad->raw);
    struct str s = str_sub(buf_end(&shown), 0, 500);
    return fail_invalid(c,
                        "Invalid value %.*s for parameter '%s' supplied:  Hint: Value was of type '%s'. "
                        "See the API docs for more information about request parameters.",
                        STR_FMT(s), bad->field->name, json_python_type(bad->raw));
}

static int fail_syntax(struct ctx *c, const struct json *j) {
    return fail_invalid(c, "The request body is not valid JSON: %s at byte %td.",
                        j->error ? j->error : "unexpected bytes after the value", j->p - j->start);
}

/* Old clients send their JSON quoted as a string once more. MLflow: _get_normalized_request_json. */
static int unquote_twice_encoded(struct decoder *d) {
    struct str inner;
    if (json_peek(&d->j) != JSON_STRING)
        return OK;
    if (!json_string(&d->j, &inner) || !json_at_end(&d->j))
        return fail_syntax(d->c, &d->j);
    json_start(&d->j, inner, d->c->arena);
    return OK;
}

int msg_decode_json(struct ctx *c, const struct msg *m, struct str text, void *out) {
    struct decoder d = {.c = c};
    if (str_trim(text).n == 0)
        return OK;
    json_start(&d.j, text, c->arena);
    int err = unquote_twice_encoded(&d);
    if (err)
        return err;
    enum json_type t = json_peek(&d.j);
    if (t == JSON_NULL && json_skip(&d.j) && json_at_end(&d.j))
        return OK;
    if (t != JSON_OBJECT && t != JSON_ERROR && json_skip(&d.j) && json_at_end(&d.j))
        return fail_invalid(c, "The request body must be a JSON object.");
    if (!decode_object(&d, m, out) || !json_at_end(&d.j))
        return fail_syntax(c, &d.j);
    if (d.twice)
        return fail_invalid(c, "Request specifies both '%s' and '%s'; provide only one of them.", d.twice->name,
                            camel_name(c->arena, d.twice).p);
    return d.bad.field ? fail_type(c, &d.bad) : OK;
}

/* ---- query strings and paths ---------------------------------------------------------------------------- */

static int set_param(struct ctx *c, const struct field *f, struct str value, void *out) {
    int64_t number;
    switch (f->type) {
    case FIELD_STRS: push_str(c->arena, member(f, out), value); return OK;
    case FIELD_I64S:
        if (!parse_integer(value, &number))
            break;
        push_i64(c->arena, member(f, out), number);
        return OK;
    case FIELD_BOOL:
        if (!set_scalar(f, out, value))
            return fail_invalid(c, "Invalid boolean value: %.*s, must be 'true' or 'false'.", STR_FMT(value));
        return OK;
    default:
        if (set_scalar(f, out, value))
            return OK;
    }
    struct buf raw = BUF_IN(c->arena);
    json_put_string(&raw, value);
    return fail_type(c, &(struct mismatch){f, buf_end(&raw)});
}

int msg_decode_params(struct ctx *c, const struct msg *m, const struct param_list *params, void *out) {
    for (size_t i = params->n; i-- > 0;) { /* backwards: of a repeated scalar the first one counts */
        const struct param *p = &params->v[i];
        for (size_t k = 0; k < m->n; k++) {
            const struct field *f = &m->fields[k];
            bool list = f->type == FIELD_STRS || f->type == FIELD_I64S;
            if (list || (f->flags & PATH) || !str_eq(p->name, (struct str){f->name, f->name_n}))
                continue;
            int err = set_param(c, f, p->value, out);
            if (err)
                return err;
        }
    }
    for (size_t i = 0; i < params->n; i++)
        for (size_t k = 0; k < m->n; k++) {
            const struct field *f = &m->fields[k];
            if ((f->type != FIELD_STRS && f->type != FIELD_I64S) ||
                !str_eq(params->v[i].name, (struct str){f->name, f->name_n}))
                continue;
            int err = set_param(c, f, params->v[i].value, out);
            if (err)
                return err;
        }
    return OK;
}

void msg_set_strings(const struct msg *m, const struct param_list *params, void *out) {
    for (size_t i = 0; i < params->n; i++)
        for (size_t k = 0; k < m->n; k++)
            if (m->fields[k].type == FIELD_STR && str_is(params->v[i].name, m->fields[k].name))
                *(struct str *)member(&m->fields[k], out) = params->v[i].value;
}

/* ---- checks --------------------------------------------------------------------------------------------- */

/* Absent, or an empty string: what MLflow's "required" refuses. A list that is there may be empty. */
static bool is_missing(const struct field *f, const void *out) {
    const void *at = (const char *)out + f->offset;
    switch (f->type) {
    case FIELD_STR:
    case FIELD_RAW: return ((const struct str *)at)->n == 0;
    case FIELD_I64: return !((const struct opt_i64 *)at)->set;
    case FIELD_F64: return !((const struct opt_f64 *)at)->set;
    case FIELD_BOOL: return !((const struct opt_bool *)at)->set;
    case FIELD_ENUM: return !((const struct opt_enum *)at)->set;
    case FIELD_MSG: return !*(void *const *)at;
    default: return ((const struct str_list *)at)->v == NULL;
    }
}

/* `run_uuid` is another name of `run_id`, and so on: all aliases are strings. */
static void fill_aliases(const struct msg *m, void *out) {
    for (size_t i = 1; i < m->n; i++) {
        struct str *real = (struct str *)member(&m->fields[i - 1], out);
        if ((m->fields[i].flags & ALIAS) && real->n == 0)
            *real = *(struct str *)member(&m->fields[i], out);
    }
}

/* Is field i one whose presence satisfies the field before it? */
static bool stands_in(const struct msg *m, size_t i, const void *out) {
    return i < m->n && (m->fields[i].flags & COUNTS) && !is_missing(&m->fields[i], out);
}

int msg_check(struct ctx *c, const struct msg *m, void *out) {
    fill_aliases(m, out);
    for (size_t i = 0; i < m->n; i++)
        if ((m->fields[i].flags & REQ) && is_missing(&m->fields[i], out) && !stands_in(m, i + 1, out))
            return fail_invalid(c,
                                "Missing value for required parameter '%s'. "
                                "See the API docs for more information about request parameters.",
                                m->fields[i].name);
    return OK;
}

/* ---- encoding ------------------------------------------------------------------------------------------- */

static void put_items(struct buf *b, const struct field *f, const void *at) {
    const struct { const char *v; size_t n; } *list = at;
    buf_char(b, '[');
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            buf_char(b, ',');
        if (f->type == FIELD_LIST)
            msg_encode_json(b, f->sub, list->v + i * f->sub->size);
        else if (f->type == FIELD_STRS)
            json_put_string(b, ((const struct str_list *)at)->v[i]);
        else
            buf_int(b, ((const struct i64_list *)at)->v[i]);
    }
    buf_char(b, ']');
}

static void put_map(struct buf *b, const struct str_map *map) {
    buf_char(b, '{');
    for (size_t i = 0; i < map->n; i++) {
        if (i)
            buf_char(b, ',');
        json_put_string(b, map->v[i].key);
        buf_char(b, ':');
        json_put_string(b, map->v[i].value);
    }
    buf_char(b, '}');
}

static void put_enum(struct buf *b, const struct field *f, int value) {
    const char *name = enum_name(f->enums, value);
    if (name)
        json_put_string(b, str_of(name));
    else
        buf_int(b, value);
}

static void put_value(struct buf *b, const struct field *f, const void *at) {
    switch (f->type) {
    case FIELD_STR: json_put_string(b, *(const struct str *)at); break;
    case FIELD_RAW: buf_str(b, *(const struct str *)at); break;
    case FIELD_I64: buf_int(b, ((const struct opt_i64 *)at)->v); break;
    case FIELD_F64: json_put_double(b, ((const struct opt_f64 *)at)->v); break;
    case FIELD_BOOL: buf_z(b, ((const struct opt_bool *)at)->v ? "true" : "false"); break;
    case FIELD_ENUM: put_enum(b, f, ((const struct opt_enum *)at)->v); break;
    case FIELD_MSG: msg_encode_json(b, f->sub, *(void *const *)at); break;
    case FIELD_MAP: put_map(b, at); break;
    default: put_items(b, f, at); break;
    }
}

/* Is there something to write? An empty string that is there counts, an empty list does not. */
static bool is_written(const struct field *f, const void *in) {
    const void *at = (const char *)in + f->offset;
    if (f->flags & EMPTY)
        return true;
    switch (f->type) {
    case FIELD_STR: return ((const struct str *)at)->p != NULL;
    case FIELD_LIST:
    case FIELD_STRS:
    case FIELD_I64S:
    case FIELD_MAP: return ((const struct str_list *)at)->n > 0;
    default: return !is_missing(f, in);
    }
}

void msg_encode_json(struct buf *b, const struct msg *m, const void *in) {
    bool first = true;
    buf_char(b, '{');
    for (size_t i = 0; i < m->n; i++) {
        const struct field *f = &m->fields[i];
        if (!is_written(f, in))
            continue;
        if (!first)
            buf_char(b, ',');
        first = false;
        buf_add(b, f->quoted, f->name_n + 3);
        put_value(b, f, (const char *)in + f->offset);
    }
    buf_char(b, '}');
}
