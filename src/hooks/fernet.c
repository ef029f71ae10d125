/* Fernet tokens; see fernet.h. Layout: 0x80, time (8 bytes, big endian), IV (16), ciphertext, HMAC (32). */
#include "hooks/fernet.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/clock.h"

enum { HEAD = 9, IV = 16, MAC = 32, BLOCK = 16 };

bool fernet_key_parse(struct arena *a, struct str text, struct fernet_key *out) {
    struct str raw;
    if (!base64_decode(a, str_trim(text), &raw) || raw.n != sizeof *out)
        return false;
    memcpy(out, raw.p, sizeof *out);
    return true;
}

struct str fernet_key_new(struct arena *a) {
    char raw[sizeof(struct fernet_key)];
    random_bytes(raw, sizeof raw);
    return base64_encode(a, (struct str){raw, sizeof raw}, BASE64_URL);
}

static bool mac_of(const struct fernet_key *key, const unsigned char *p, size_t n, unsigned char *out) {
    unsigned len = 0;
    return HMAC(EVP_sha256(), key->sign, sizeof key->sign, p, n, out, &len) && len == MAC;
}

int fernet_encrypt(struct ctx *c, const struct fernet_key *key, struct str plain, struct str *token) {
    unsigned char *out = arena_alloc(c->arena, HEAD + IV + plain.n + BLOCK + MAC);
    uint64_t now = (uint64_t)clock_ms() / 1000;
    int n = 0, last = 0;
    out[0] = 0x80;
    for (int i = 0; i < 8; i++)
        out[1 + i] = (unsigned char)(now >> (56 - 8 * i));
    random_bytes(out + HEAD, IV);
    EVP_CIPHER_CTX *e = EVP_CIPHER_CTX_new();
    bool ok = e && EVP_EncryptInit_ex(e, EVP_aes_128_cbc(), NULL, key->encrypt, out + HEAD) &&
              EVP_EncryptUpdate(e, out + HEAD + IV, &n, (const unsigned char *)plain.p, (int)plain.n) &&
              EVP_EncryptFinal_ex(e, out + HEAD + IV + n, &last);
    EVP_CIPHER_CTX_free(e);
    size_t len = HEAD + IV + (size_t)n + (size_t)last;
    if (!ok || !mac_of(key, out, len, out + len))
        return fail(c, ERR_INTERNAL, "The webhook secret could not be encrypted.");
    *token = base64_encode(c->arena, (struct str){(char *)out, len + MAC}, BASE64_URL);
    return OK;
}

int fernet_decrypt(struct ctx *c, const struct fernet_key *key, struct str token, struct str *plain) {
    struct str raw;
    unsigned char mac[MAC];
    if (!base64_decode(c->arena, token, &raw) || raw.n < HEAD + IV + BLOCK + MAC || (unsigned char)raw.p[0] != 0x80)
        return fail(c, ERR_INVALID_STATE, "The stored webhook secret is not a valid token.");
    const unsigned char *in = (const unsigned char *)raw.p;
    size_t len = raw.n - MAC;
    if (!mac_of(key, in, len, mac) || CRYPTO_memcmp(mac, in + len, MAC) != 0)
        return fail(c, ERR_INVALID_STATE, "The stored webhook secret was encrypted with another key.");
    unsigned char *out = arena_alloc(c->arena, len);
    int n = 0, last = 0;
    EVP_CIPHER_CTX *d = EVP_CIPHER_CTX_new();
    bool ok = d && EVP_DecryptInit_ex(d, EVP_aes_128_cbc(), NULL, key->encrypt, in + HEAD) &&
              EVP_DecryptUpdate(d, out, &n, in + HEAD + IV, (int)(len - HEAD - IV)) &&
              EVP_DecryptFinal_ex(d, out + n, &last);
    EVP_CIPHER_CTX_free(d);
    if (!ok)
        return fail(c, ERR_INVALID_STATE, "The stored webhook secret could not be decrypted.");
    *plain = (struct str){(char *)out, (size_t)n + (size_t)last};
    return OK;
}
