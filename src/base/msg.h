/* Messages: tables that describe the wire contract, and the engine that decodes, checks and encodes by them.
 *
 * A message is listed once, as an X-macro (see api/messages.h). DECLARE_MSG makes the struct, DEFINE_MSG the
 * descriptor. The rules are those of protobuf's JSON mapping as MLflow uses it: int64 and double as number or
 * string, unknown fields ignored, null is absent, snake_case and lowerCamelCase names, int64 written as number,
 * NaN and infinities as strings.
 *
 * In a struct: a string is absent when p == NULL, a list when n == 0, a message when the pointer is NULL; numbers,
 * booleans and enums carry their own `set`. A field with REQ is not read under its lowerCamelCase name, and one object
 * may not use both names of a field: so does MLflow. Enum names that are not known are ignored, as absent. Decoded data lives in the arena given. */
#pragma once
#include "base/buf.h"
#include "base/ctx.h"

struct opt_i64 { int64_t v; bool set; };
struct opt_f64 { double v; bool set; };
struct opt_bool { bool v; bool set; };
struct opt_enum { int v; bool set; };

#define I64(x) ((struct opt_i64){(x), true})
#define F64(x) ((struct opt_f64){(x), true})
#define BOOL(x) ((struct opt_bool){(x), true})
#define ENUM(x) ((struct opt_enum){(int)(x), true})

struct str_list { struct str *v; size_t n; };
struct i64_list { int64_t *v; size_t n; };
struct str_pair { struct str key, value; };
struct str_map { struct str_pair *v; size_t n; };

struct enum_value { const char *name; int value; };
struct enum_def { const char *name; const struct enum_value *values; size_t n; };

enum field_type {
    FIELD_STR,
    FIELD_I64, /* also int32: `flags & NARROW` bounds it */
    FIELD_F64,
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_MSG,
    FIELD_LIST, /* of messages */
    FIELD_STRS, /* of strings */
    FIELD_I64S, /* of integers */
    FIELD_MAP,  /* string to string */
    FIELD_RAW,  /* free JSON, kept as it is written */
};

enum field_flag {
    REQ = 1,    /* must be there and not be empty */
    CHK = 2,    /* a value of the wrong type is named in the error as MLflow names it */
    ALIAS = 4,  /* another name of the field before it: fills that one when it is absent */
    NARROW = 8, /* int32 */
    PATH = 16,  /* taken from the path, not from the body */
    EMPTY = 32, /* written also when absent: "" , 0, false, [] or {} */
    COUNTS = 64, /* its presence alone satisfies REQ of the field before it, whose value stays absent */
};

struct msg;

struct field {
    const char *name;
    size_t name_n;
    const char *quoted; /* "name": as it is written */
    unsigned flags;
    size_t offset;
    enum field_type type;
    const struct msg *sub;        /* FIELD_MSG, FIELD_LIST */
    const struct enum_def *enums; /* FIELD_ENUM */
};

struct msg {
    const char *name;
    size_t size;
    const struct field *fields;
    size_t n;
};

/* One name and value of a query string or a path pattern, already percent-decoded. */
struct param { struct str name, value; };
struct param_list { struct param *v; size_t n; };

/* Decodes a JSON object into `out` (zeroed, m->size bytes). Does not check REQ: see msg_check. Fails with
 * ERR_INVALID_PARAMETER. MLflow: _get_request_message. */
[[nodiscard]] int msg_decode_json(struct ctx *c, const struct msg *m, struct str text, void *out);

/* Decodes a query string: repeated names fill lists, booleans are "true" or "false". */
[[nodiscard]] int msg_decode_params(struct ctx *c, const struct msg *m, const struct param_list *params, void *out);

/* Sets the string fields that `params` names, whatever they held: for the parameters of a path. */
void msg_set_strings(const struct msg *m, const struct param_list *params, void *out);

/* Fills aliased fields and checks that required ones are there. Fails with ERR_INVALID_PARAMETER. */
[[nodiscard]] int msg_check(struct ctx *c, const struct msg *m, void *out);

/* Writes the message as a JSON object. */
void msg_encode_json(struct buf *b, const struct msg *m, const void *in);

/* Name of an enum's value, or NULL; value of a name, or -1. */
const char *enum_name(const struct enum_def *e, int value);
int enum_value_of(const struct enum_def *e, struct str name);

/* ---- the tables' macros ----------------------------------------------------------------------------------
 * #define Metric_FIELDS(F, M) F(M, str, key, , REQ | CHK) F(M, list, tags, Tag, 0)
 * kinds: str i64 f64 bool_ enum_(E) msg(M) list(M) strs i64s map raw
 * DECLARE_MSG(Metric)  struct Metric, struct Metric_list, const struct msg Metric_msg
 * DEFINE_MSG(Metric)   the descriptor, in one .c file */
#define MEMBER_str(name, sub) struct str name;
#define MEMBER_raw(name, sub) struct str name;
#define MEMBER_i64(name, sub) struct opt_i64 name;
#define MEMBER_f64(name, sub) struct opt_f64 name;
#define MEMBER_bool_(name, sub) struct opt_bool name;
#define MEMBER_enum_(name, sub) struct opt_enum name;
#define MEMBER_msg(name, sub) struct sub *name;
#define MEMBER_list(name, sub) struct sub##_list name;
#define MEMBER_strs(name, sub) struct str_list name;
#define MEMBER_i64s(name, sub) struct i64_list name;
#define MEMBER_map(name, sub) struct str_map name;
#define MSG_MEMBER(M, kind, name, sub, flags) MEMBER_##kind(name, sub)

#define ROW_str(sub) FIELD_STR, NULL, NULL
#define ROW_raw(sub) FIELD_RAW, NULL, NULL
#define ROW_i64(sub) FIELD_I64, NULL, NULL
#define ROW_f64(sub) FIELD_F64, NULL, NULL
#define ROW_bool_(sub) FIELD_BOOL, NULL, NULL
#define ROW_enum_(sub) FIELD_ENUM, NULL, &sub##_enum
#define ROW_msg(sub) FIELD_MSG, &sub##_msg, NULL
#define ROW_list(sub) FIELD_LIST, &sub##_msg, NULL
#define ROW_strs(sub) FIELD_STRS, NULL, NULL
#define ROW_i64s(sub) FIELD_I64S, NULL, NULL
#define ROW_map(sub) FIELD_MAP, NULL, NULL
#define MSG_ROW(M, kind, name, sub, flags) {#name, sizeof #name - 1, "\"" #name "\":", flags, offsetof(struct M, name), ROW_##kind(sub)},

#define DECLARE_MSG(M)                 \
    struct M {                         \
        M##_FIELDS(MSG_MEMBER, M)      \
    };                                 \
    struct M##_list {                  \
        struct M *v;                   \
        size_t n;                      \
    };                                 \
    extern const struct msg M##_msg;

#define DEFINE_MSG(M)                                                        \
    static const struct field M##_rows[] = {M##_FIELDS(MSG_ROW, M)};         \
    const struct msg M##_msg = {#M, sizeof(struct M), M##_rows, sizeof M##_rows / sizeof(struct field)};

#define DEFINE_ENUM(E, ...)                                    \
    static const struct enum_value E##_values[] = __VA_ARGS__; \
    const struct enum_def E##_enum = {#E, E##_values, sizeof E##_values / sizeof(struct enum_value)};
