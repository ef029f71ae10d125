/* Texts as Python writes them: error messages and stored values of MLflow hold them, and clients read them. Called by
 * the services. Pure. */
#pragma once
#include "base/buf.h"

/* repr() of a str: in single quotes, or in double ones when it holds single quotes only. */
void python_put_repr(struct buf *b, struct str s);

/* json.dumps() of a str: like json_put_string, with everything beyond ASCII escaped. */
void python_put_json(struct buf *b, struct str s);

/* json.dumps(json.loads(raw)) of one valid value: ", " and ": " as separators, ASCII only. Numbers stay as they are
 * written. */
void python_put_dumps(struct buf *b, struct str raw);

/* str() of a float: "1.0", "nan", "inf". */
void python_put_float(struct buf *b, double v);

/* Reads the code point at s[*at] and moves on; `s` is valid UTF-8. */
uint32_t utf8_next(struct str s, size_t *at);
