/* Fernet tokens: how MLflow encrypts webhook secrets in its database (AES-128-CBC, HMAC-SHA256, base64url). */
#pragma once
#include "base/ctx.h"

struct fernet_key {
    unsigned char sign[16], encrypt[16];
};

/* Reads a key as MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY holds it: 32 bytes in base64url. */
[[nodiscard]] bool fernet_key_parse(struct arena *a, struct str text, struct fernet_key *out);

/* A new key in that form. */
struct str fernet_key_new(struct arena *a);

/* Encrypts; the token lives in the context's arena. */
[[nodiscard]] int fernet_encrypt(struct ctx *c, const struct fernet_key *key, struct str plain, struct str *token);

/* Checks and decrypts. ERR_INVALID_STATE when the token was not made with this key. */
[[nodiscard]] int fernet_decrypt(struct ctx *c, const struct fernet_key *key, struct str token, struct str *plain);
