/* Sending one webhook request: body, signature, address guard. Used by the delivery queue and by the test operation. */
#pragma once
#include "base/buf.h"
#include "hooks/address.h"
#include "hooks/curl_lib.h"

/* What is sent, and where to. Strings live as long as the request. */
struct delivery {
    struct str id;      /* X-MLflow-Delivery-Id, the same for every try */
    struct str url;
    struct str secret;  /* absent: not signed */
    struct str body;    /* the JSON document */
};

/* A prepared request; owns its curl handle. */
struct send_request {
    const struct curl_lib *lib;
    CURL *curl;
    struct curl_slist *headers;
    struct buf *answer;          /* at most SEND_ANSWER_MAX bytes of what came back; NULL: thrown away */
    const struct address_policy *policy;
    char error[CURL_ERROR_SIZE];
    bool blocked;                /* the address guard refused the connection */
    long retry_after;            /* seconds, from the answer's Retry-After; 0 without */
};

enum { SEND_ANSWER_MAX = 64 * 1024 };

/* Prepares a POST with a time limit in seconds; redirects are not followed and proxies not used. Fill `policy` and
 * `answer` before. */
[[nodiscard]] int send_prepare(struct ctx *c, struct send_request *r, const struct delivery *d, long timeout_s);
void send_release(struct send_request *r);

/* "v1,<base64>": HMAC-SHA256 of "<id>.<time>.<body>". MLflow: webhook signatures. */
struct str send_signature(struct arena *a, struct str secret, struct str id, struct str time, struct str body);

/* Should an answer with this status (0: none came) be tried again? MLflow: 429 and 5xx gateway answers. */
bool send_worth_retrying(long status);
