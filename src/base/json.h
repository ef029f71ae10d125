/* JSON: a strict pull parser and the writers of an answer.
 *
 * The parser walks a text without building a tree; msg.c drives it with message tables, other code with
 * json_skip and json_raw to keep free-form parts verbatim. It accepts what Python's json module accepts (bare
 * NaN, Infinity), and refuses depth over 100, invalid UTF-8, lone surrogates and trailing bytes. */
#pragma once
#include "base/buf.h"

enum json_type {
    JSON_ERROR,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    const char *start, *p, *end;
    struct arena *arena; /* unescaped strings go here */
    const char *error;   /* first fault, NULL while all is well */
    int depth;
};

/* Starts at the first byte of `text`, which must outlive the parse. The text is checked for UTF-8 here. */
void json_start(struct json *j, struct str text, struct arena *a);

/* The type of the value that comes next (white space skipped), judged by its first byte. */
enum json_type json_peek(struct json *j);

/* Reads the value that comes next. Each returns false on a fault or another type, with `error` set. Strings are
 * copied to the arena and NUL-terminated. */
[[nodiscard]] bool json_string(struct json *j, struct str *out);
[[nodiscard]] bool json_number(struct json *j, struct str *out); /* the digits as written; "NaN" and so on too */
[[nodiscard]] bool json_skip(struct json *j);                    /* any value */
[[nodiscard]] bool json_raw(struct json *j, struct str *out);    /* any value, as the bytes it is written with */

/* Objects and arrays: enter, then call next until it gives false; check `error` afterwards.
 *     if (json_enter(j, '{')) while (json_next_key(j, &key)) ...read one value...  */
[[nodiscard]] bool json_enter(struct json *j, char bracket);
[[nodiscard]] bool json_next_key(struct json *j, bool *first, struct str *key);
[[nodiscard]] bool json_next_item(struct json *j, bool *first);

/* True when only white space is left. */
[[nodiscard]] bool json_at_end(struct json *j);

/* Writes a quoted JSON string; non-ASCII UTF-8 stays as it is. */
void json_put_string(struct buf *b, struct str s);

/* Writes a double as MLflow does: shortest form, and "NaN", "Infinity", "-Infinity" as strings. */
void json_put_double(struct buf *b, double v);

/* Name of a value's type as a Python programmer knows it ("str", "int", "float", "bool", "list", "dict",
 * "NoneType"): error messages of the official server use these. `raw` is one value. */
const char *json_python_type(struct str raw);

/* Rewrites one valid value compactly, as Python's json.dumps(separators=(",", ":")) writes it. */
void json_put_compact(struct buf *b, struct str raw);
