/* Word characters: the letters, numbers and the underscore that names of metrics, params, tags and runs may hold. Used
 * by validate.c. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Is the code point one that a Python regular expression calls \w? */
bool word_char(uint32_t c);
