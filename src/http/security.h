/* Security: the checks of Host and Origin and the headers that go with them, as MLflow 3.17 has them
 * (security_utils, fastapi_security). Pure functions on strings; request.c asks them before a handler runs. */
#pragma once
#include "base/msg.h"
#include "http/exchange.h"

/* Settings, made once at start. */
struct security {
    bool off;                     /* --disable-security-middleware */
    struct str_list hosts;        /* allowed Host values and patterns; any, when it holds "*" */
    struct str_list origins;      /* allowed origins and patterns, as given */
    bool any_host, any_origin;
    struct str frame_options;     /* value of X-Frame-Options, upper case; empty for none */
};

/* What the checks need to know of a request. */
struct security_request {
    struct str method, path;      /* path: below the static prefix, decoded */
    struct str host, origin;      /* absent when not sent */
    bool health;                  /* /health and /version: any Host */
    bool api;
};

/* Reads the lists from comma-separated texts; absent ones give MLflow's defaults (localhost and private networks; no
 * further origins). */
void security_init(struct security *s, struct arena *a, bool off, struct str hosts, struct str origins,
                   struct str frame_options);

/* NULL when the request may pass, or the text of the refusal (status 403). */
const char *security_refusal(const struct security *s, const struct security_request *r);

/* May a page of this origin read answers? */
bool security_origin_allowed(const struct security *s, struct str origin);

/* Adds the headers of every answer. */
void security_add_headers(const struct security *s, const struct security_request *r, struct exchange *x);

/* Answers a CORS preflight. `method` and `headers` are what the browser asks for. */
void security_preflight(const struct security *s, struct exchange *x, struct str origin, struct str method,
                        struct str headers);

/* Python's fnmatch.fnmatchcase: '*', '?', '[a-z]', '[!a]'. */
bool glob_match(struct str pattern, struct str text);
