/* Base64, standard and URL-safe. Used by page tokens, webhook secrets and signatures. */
#pragma once
#include "base/str.h"

struct arena;

enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

/* Encodes with padding. */
struct str base64_encode(struct arena *a, struct str bytes, enum base64_alphabet alphabet);

/* Decodes either alphabet, padded or not. Returns false when something else stands there. */
[[nodiscard]] bool base64_decode(struct arena *a, struct str text, struct str *bytes);
