// Numbers as text; see num.h. C++ only for <charconv>: no exceptions, no allocation.
#include "base/num.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

size_t num_format_int(char *out, int64_t v) {
    return static_cast<size_t>(std::to_chars(out, out + NUM_MAX, v).ptr - out);
}

size_t num_format_double(char *out, double v) {
    char *end = std::to_chars(out, out + NUM_MAX - 2, v).ptr;
    size_t n = static_cast<size_t>(end - out);
    for (size_t i = 0; i < n; i++)
        if (out[i] == '.' || out[i] == 'e')
            return n;
    out[n++] = '.';
    out[n++] = '0';
    return n;
}

bool num_parse_int(const char *p, size_t n, int64_t *out) {
    auto r = std::from_chars(p, p + n, *out);
    return n > 0 && r.ec == std::errc() && r.ptr == p + n;
}

// from_chars leaves the value alone when it is out of range: tell a huge number from a tiny one by its exponent.
static double out_of_range(const char *p, size_t n) {
    const char *e = static_cast<const char *>(std::memchr(p, 'e', n));
    if (!e)
        e = static_cast<const char *>(std::memchr(p, 'E', n));
    double size = e && e + 1 < p + n && e[1] == '-' ? 0.0 : std::numeric_limits<double>::infinity();
    return p[0] == '-' ? -size : size;
}

bool num_parse_double(const char *p, size_t n, double *out) {
    if (n == 0 || !((p[0] >= '0' && p[0] <= '9') || p[0] == '-' || p[0] == '.'))
        return false;
    if (p[0] == '-' && (n == 1 || !((p[1] >= '0' && p[1] <= '9') || p[1] == '.')))
        return false;
    auto r = std::from_chars(p, p + n, *out);
    if (r.ptr != p + n || r.ec == std::errc::invalid_argument)
        return false;
    if (r.ec == std::errc::result_out_of_range)
        *out = out_of_range(p, n);
    return true;
}
