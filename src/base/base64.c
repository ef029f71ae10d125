/* Base64; see base64.h. */
#include "base/base64.h"

#include <stdint.h>

#include "base/arena.h"

static const char alphabets[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

struct str base64_encode(struct arena *a, struct str bytes, enum base64_alphabet alphabet) {
    const unsigned char *in = (const unsigned char *)bytes.p;
    const char *digits = alphabets[alphabet];
    size_t n = (bytes.n + 2) / 3 * 4;
    char *out = arena_raw(a, n + 1), *o = out;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        *o++ = digits[v >> 18];
        *o++ = digits[v >> 12 & 63];
        *o++ = left > 1 ? digits[v >> 6 & 63] : '=';
        *o++ = left > 2 ? digits[v & 63] : '=';
    }
    *o = 0;
    return (struct str){out, n};
}

static int digit(char c) {
    if (c == '-' || c == '+')
        return 62;
    if (c == '_' || c == '/')
        return 63;
    const char *at = c ? strchr(alphabets[0], c) : NULL;
    return at ? (int)(at - alphabets[0]) : -1;
}

bool base64_decode(struct arena *a, struct str text, struct str *bytes) {
    while (text.n && text.p[text.n - 1] == '=')
        text.n--;
    if (text.n % 4 == 1)
        return false;
    char *out = arena_raw(a, text.n / 4 * 3 + 4), *o = out;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < text.n; i++) {
        int d = digit(text.p[i]);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *o++ = (char)(bits >> have & 0xFF);
        }
    }
    *o = 0;
    *bytes = (struct str){out, (size_t)(o - out)};
    return true;
}
