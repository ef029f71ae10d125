/* The request context and its errors; see ctx.h and err.h. */
#include "base/ctx.h"

#include <stdio.h>
#include <stdlib.h>

static const struct err_info table[] = {
    {ERR_INTERNAL, "INTERNAL_ERROR", 500, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ERR_TEMPORARILY_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", 503, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ERR_BAD_REQUEST, "BAD_REQUEST", 400, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ERR_INVALID_PARAMETER, "INVALID_PARAMETER_VALUE", 400, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ERR_NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", 404, "KAM00", "RESOURCE_NOT_FOUND"},
    {ERR_ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS", 400, "KAM00", "RESOURCE_ALREADY_EXISTS"},
    {ERR_PERMISSION_DENIED, "PERMISSION_DENIED", 403, "KAM00", "PERMISSION_DENIED"},
    {ERR_UNAUTHENTICATED, "UNAUTHENTICATED", 401, NULL, NULL},
    {ERR_ENDPOINT_NOT_FOUND, "ENDPOINT_NOT_FOUND", 404, "KAM00", "RESOURCE_NOT_FOUND"},
    {ERR_INVALID_STATE, "INVALID_STATE", 500, "XXM00", "CLIENT_INTERNAL_ERROR"},
    {ERR_NOT_IMPLEMENTED, "NOT_IMPLEMENTED", 501, NULL, NULL},
    {ERR_RESOURCE_CONFLICT, "RESOURCE_CONFLICT", 409, NULL, NULL},
    {ERR_LIMIT_EXCEEDED, "RESOURCE_EXHAUSTED", 429, NULL, NULL},
    {ERR_FEATURE_DISABLED, "FEATURE_DISABLED", 400, "KAM00", "FEATURE_DISABLED"},
    {ERR_TOO_LARGE, "BAD_REQUEST", 413, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ERR_METHOD, "BAD_REQUEST", 405, "KAM00", "INVALID_PARAMETER_VALUE"},
    {ERR_NO_ATTRIBUTE, "INVALID_PARAMETER_VALUE", 400, "KAM04", "ATTRIBUTE_NOT_FOUND"},
    {ERR_DEADLINE, "DEADLINE_EXCEEDED", 504, NULL, NULL},
};

const struct err_info *err_info(enum err code) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return &table[i];
    return &table[0];
}

int fail(struct ctx *c, enum err code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    c->message = str_vfmt(c->arena, fmt, ap);
    va_end(ap);
    c->err = code;
    return code;
}

void must_failed(const char *what, const char *file, int line) {
    fprintf(stderr, "millrace: broken invariant at %s:%d: %s\n", file, line, what);
    abort();
}
