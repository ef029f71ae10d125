/* URL rules and public addresses; see address.h. */
#include "hooks/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>

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

static int check_host_public(struct ctx *c, const char *host) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(host, NULL, &hints, &found), err = OK;
    if (rc != 0)
        return fail_invalid(c, "Cannot resolve Webhook URL hostname '%s': %s", host, gai_strerror(rc));
    for (struct addrinfo *a = found; a && !err; a = a->ai_next)
        if (!address_is_public(a->ai_addr))
            err = fail_invalid(c, "Webhook URL must not resolve to a non-public IP address: hostname '%s'", host);
    freeaddrinfo(found);
    return err;
}

static int check_host(struct ctx *c, const struct address_policy *policy, CURLU *parsed, struct str url) {
    char *host = NULL;
    if (curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host) {
        curl_free(host);
        return fail_invalid(c, "Webhook URL must include a hostname: '%.*s'", STR_FMT(url));
    }
    size_t n = strlen(host);
    if (host[0] == '[' && host[n - 1] == ']') {
        memmove(host, host + 1, n - 2);
        host[n - 2] = 0;
    }
    int err = policy->allow_private ? OK : check_host_public(c, host);
    curl_free(host);
    return err;
}

int webhook_url_check(struct ctx *c, const struct address_policy *policy, struct str url) {
    if (str_trim(url).n == 0)
        return fail_invalid(c, "Webhook URL cannot be empty or just whitespace: '%.*s'", STR_FMT(url));
    ptrdiff_t colon = str_chr(url, ':');
    struct str scheme = str_lower(c->arena, str_sub(url, 0, colon < 0 ? 0 : (size_t)colon));
    if (!listed(policy->schemes, scheme))
        return fail_invalid(c, "Invalid webhook URL scheme: '%.*s'. Allowed schemes are: %.*s.", STR_FMT(scheme),
                            STR_FMT(policy->schemes));
    CURLU *parsed = curl_url();
    int err = parsed && curl_url_set(parsed, CURLUPART_URL, str_dup(c->arena, url).p, 0) == CURLUE_OK
                  ? check_host(c, policy, parsed, url)
                  : fail_invalid(c, "Webhook URL must include a hostname: '%.*s'", STR_FMT(url));
    curl_url_cleanup(parsed);
    return err;
}
