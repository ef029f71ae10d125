/* URL rules and public addresses; see address.h. */
#include "hooks/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "hooks/curl_lib.h"

/* Blocks that are not globally reachable. IANA: special-purpose address registries. */
static const struct {
    const char *net;
    int bits;
} private4[] = {
    {"0.0.0.0", 8},       {"10.0.0.0", 8},      {"100.64.0.0", 10},   {"127.0.0.0", 8},     {"169.254.0.0", 16},
    {"172.16.0.0", 12},   {"192.0.0.0", 24},    {"192.0.2.0", 24},    {"192.168.0.0", 16},  {"198.18.0.0", 15},
    {"198.51.100.0", 24}, {"203.0.113.0", 24},  {"224.0.0.0", 4},     {"240.0.0.0", 4},
}, private6[] = {
    {"::", 128},     {"::1", 128},     {"::", 96},       {"64:ff9b:1::", 48}, {"100::", 64},  {"2001::", 23},
    {"2001:db8::", 32}, {"3fff::", 20}, {"5f00::", 16},  {"fc00::", 7},       {"fe80::", 10}, {"ff00::", 8},
};

static bool in_block(const unsigned char *addr, const unsigned char *net, int bits) {
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(addr, net, (size_t)whole) != 0)
        return false;
    return rest == 0 || (addr[whole] >> (8 - rest)) == (net[whole] >> (8 - rest));
}

static bool public4(const unsigned char *addr) {
    unsigned char net[4];
    for (size_t i = 0; i < sizeof private4 / sizeof *private4; i++)
        if (inet_pton(AF_INET, private4[i].net, net) == 1 && in_block(addr, net, private4[i].bits))
            return false;
    return true;
}

static bool public6(const unsigned char *addr) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    unsigned char net[16];
    if (memcmp(addr, mapped, 12) == 0 || memcmp(addr, nat64, 12) == 0)
        return public4(addr + 12);
    if (addr[0] == 0x20 && addr[1] == 0x02) /* 6to4 */
        return public4(addr + 2);
    for (size_t i = 0; i < sizeof private6 / sizeof *private6; i++)
        if (inet_pton(AF_INET6, private6[i].net, net) == 1 && in_block(addr, net, private6[i].bits))
            return false;
    return true;
}

bool address_is_public(const struct sockaddr *addr) {
    if (addr->sa_family == AF_INET)
        return public4((const unsigned char *)&((const struct sockaddr_in *)addr)->sin_addr);
    if (addr->sa_family == AF_INET6)
        return public6((const unsigned char *)&((const struct sockaddr_in6 *)addr)->sin6_addr);
    return false;
}

static bool listed(struct str list, struct str item) {
    while (list.n) {
        ptrdiff_t comma = str_chr(list, ',');
        size_t n = comma < 0 ? list.n : (size_t)comma;
        if (str_eq(str_trim(str_sub(list, 0, n)), item))
            return true;
        list = str_sub(list, n + 1, SIZE_MAX);
    }
    return false;
}

static int fail_not_public(struct ctx *c, const char *host, const struct addrinfo *a) {
    char text[INET6_ADDRSTRLEN] = "?";
    getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
    return fail_invalid(c, "Webhook URL must not resolve to a non-public IP address. '%s' resolves to %s.", host, text);
}

static int check_host_public(struct ctx *c, const char *host) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(host, NULL, &hints, &found), err = OK;
    if (rc != 0)
        return fail_invalid(c, "Cannot resolve Webhook URL hostname '%s': %s", host, gai_strerror(rc));
    for (struct addrinfo *a = found; a && !err; a = a->ai_next)
        if (!address_is_public(a->ai_addr))
            err = fail_not_public(c, host, a);
    freeaddrinfo(found);
    return err;
}

/* The part of `s` before the first of the characters in `stops`. */
static struct str before(struct str s, const char *stops) {
    for (size_t i = 0; i < s.n; i++)
        if (strchr(stops, s.p[i]))
            return str_sub(s, 0, i);
    return s;
}

/* The host of "scheme://user@host:port/...", as it is written, without the brackets of an IPv6 address. */
static struct str host_of(struct str url) {
    ptrdiff_t slashes = str_find(url, STR("://")), at;
    if (slashes < 0)
        return (struct str){0};
    struct str host = before(str_sub(url, (size_t)slashes + 3, SIZE_MAX), "/?#\\");
    while ((at = str_chr(host, '@')) >= 0)
        host = str_sub(host, (size_t)at + 1, SIZE_MAX);
    if (host.n && host.p[0] == '[')
        return before(str_sub(host, 1, SIZE_MAX), "]");
    return before(host, ":");
}

/* What libcurl makes of the URL decides where a request goes, so it must be able to read it. */
static int check_readable(struct ctx *c, struct str url) {
    const struct curl_lib *lib;
    int err = curl_lib_get(c, &lib);
    if (err)
        return err;
    CURLU *parsed = lib->url();
    bool ok = parsed && lib->url_set(parsed, CURLUPART_URL, str_dup(c->arena, url).p, 0) == CURLUE_OK;
    lib->url_cleanup(parsed);
    return ok ? OK : fail_invalid(c, "Invalid webhook URL '%.*s'", STR_FMT(url));
}

int webhook_url_check(struct ctx *c, const struct address_policy *policy, struct str url) {
    if (str_trim(url).n == 0)
        return fail_invalid(c, "Webhook URL cannot be empty or just whitespace: '%.*s'", STR_FMT(url));
    ptrdiff_t colon = str_chr(url, ':');
    struct str scheme = str_lower(c->arena, str_sub(url, 0, colon < 0 ? 0 : (size_t)colon));
    if (!listed(policy->schemes, scheme))
        return fail_invalid(c, "Invalid webhook URL scheme: '%.*s'. Allowed schemes are: %.*s.", STR_FMT(scheme),
                            STR_FMT(policy->schemes));
    struct str host = str_lower(c->arena, host_of(url));
    if (host.n == 0)
        return fail_invalid(c, "Webhook URL must include a hostname: '%.*s'", STR_FMT(url));
    int err = check_readable(c, url);
    return err || policy->allow_private ? err : check_host_public(c, host.p);
}
