/* The delivery queue of webhooks: one thread that sends what is due, several requests at a time, and tries again what
 * failed. What is owed stands in the database, so a restart goes on where the last run stopped. Opened and closed by
 * cmd_server.c; services put events in through service/webhooks.c. */
#pragma once
#include "hooks/address.h"
#include "hooks/fernet.h"
#include "store/store.h"

struct hooks;

struct hooks_options {
    struct address_policy policy;
    long timeout_s;         /* MLFLOW_WEBHOOK_REQUEST_TIMEOUT, 30 */
    int64_t max_retries;    /* MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES, 3 */
    size_t max_parallel;    /* MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS, 10 */
    struct str secret_key;  /* MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY; absent: kept in `key_file` */
    struct str key_file;    /* where a key of our own is kept (mode 0600); absent: a key for this run alone */
};

/* The options as the environment gives them, in memory that must outlive the queue. `key_file` is left absent. */
void hooks_options_from_env(struct arena *a, struct hooks_options *o);

/* Starts delivering from the store. */
[[nodiscard]] int hooks_open(struct ctx *c, struct store *s, const struct hooks_options *o, struct hooks **out);

/* Stops; requests under way get the rest of their time, at most 5 s. NULL is ignored. */
void hooks_close(struct hooks *h);

/* Tells the thread that something may have been queued. Cheap; may come before the commit. */
void hooks_nudge(struct hooks *h);

const struct hooks_options *hooks_options_of(const struct hooks *h);

/* The key of the secrets. Without one in the options, the first call reads the key file or makes it. */
[[nodiscard]] int hooks_key(struct ctx *c, struct hooks *h, struct fernet_key *out);
