/* URI: percent-decoding and query strings, as pure functions (fuzzed). */
#pragma once
#include "base/msg.h"

/* Decodes %XX. A sequence that is not two hex digits stays as it is, and so do %00 and bytes that do not form
 * UTF-8: the result is valid UTF-8 without NUL (werkzeug keeps undecodable bytes quoted as well). `plus` turns '+'
 * into a space, for query strings. The result is a copy in the arena. */
struct str uri_decode(struct arena *a, struct str raw, bool plus);

/* Splits "a=1&b=x%20y" into decoded pairs, in order; empty parts are left out. */
struct param_list uri_parse_query(struct arena *a, struct str query);
