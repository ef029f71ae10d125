/* Numbers as text: shortest doubles and integers, without locale. Used by the codec, the store and the search
 * grammar. Implemented in C++ for std::to_chars and std::from_chars, which are exact and fast. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room that any formatted number fits in. */
#define NUM_MAX 40

/* Writes the decimal form to `out` (NUM_MAX bytes, no NUL); returns its length. */
size_t num_format_int(char *out, int64_t v);

/* Writes the shortest decimal form that reads back as the same double; whole numbers get ".0" ("1.0", "1e+16").
 * The value must be finite. Returns the length. */
size_t num_format_double(char *out, double v);

/* Reads all `n` bytes as a decimal integer or floating point number (JSON's syntax plus a leading '+' is not
 * accepted). Returns false when anything else stands there; an integer out of range is false, a double out of
 * range becomes an infinity or 0. */
bool num_parse_int(const char *p, size_t n, int64_t *out);
bool num_parse_double(const char *p, size_t n, double *out);

#ifdef __cplusplus
}
#endif
