/* Errors: one code per MLflow `error_code`, and the message that goes with it.
 *
 * Every fallible function returns 0 or one of these negative codes and has written the message once, into the
 * request's context (see ctx.h), where the fact was known. */
#pragma once
#include "base/str.h"

enum err {
    OK = 0,
    ERR_INTERNAL = -1,
    ERR_TEMPORARILY_UNAVAILABLE = -2,
    ERR_BAD_REQUEST = -3,
    ERR_INVALID_PARAMETER = -4,
    ERR_NOT_FOUND = -5,           /* RESOURCE_DOES_NOT_EXIST */
    ERR_ALREADY_EXISTS = -6,      /* RESOURCE_ALREADY_EXISTS */
    ERR_PERMISSION_DENIED = -7,
    ERR_UNAUTHENTICATED = -8,
    ERR_ENDPOINT_NOT_FOUND = -9,
    ERR_INVALID_STATE = -10,
    ERR_NOT_IMPLEMENTED = -11,
    ERR_RESOURCE_CONFLICT = -12,
    ERR_LIMIT_EXCEEDED = -13,     /* RESOURCE_EXHAUSTED */
    ERR_FEATURE_DISABLED = -14,
    ERR_TOO_LARGE = -15,          /* a body over the limit: BAD_REQUEST with status 413 */
    ERR_METHOD = -16,             /* a known path with another method: status 405 */
    ERR_DEADLINE = -17,           /* DEADLINE_EXCEEDED */
    ERR_RETRY = -18,              /* inside the store: run the transaction again; never leaves it */
    ERR_NO_ATTRIBUTE = -19,       /* INVALID_PARAMETER_VALUE for a name that an entity lacks */
};

/* How a code looks on the wire. `sqlstate` and `error_class` are NULL where MLflow sends none. */
struct err_info {
    enum err code;
    const char *name;
    int status;
    const char *sqlstate;
    const char *error_class;
};

/* The row of a code; unknown codes give the one of ERR_INTERNAL. MLflow: exceptions, error classification. */
const struct err_info *err_info(enum err code);
