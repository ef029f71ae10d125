/* Artifact paths: which relative paths a client may name. Pure functions, fuzzed by tests/fuzz/fuzz_path.c.
 *
 * A path that passed path_check stays beneath its root however often a reader decodes it. The store opens files with
 * RESOLVE_BENEATH all the same. */
#pragma once
#include <stdbool.h>

#include "base/ctx.h"

/* Checks a path that came over the wire, decoded once, and gives the form it is used in: control characters escaped
 * as "%0a", the rest as it came. Refuses `..` parts, absolute paths and NUL, also when they only appear after further
 * percent-decoding. ERR_INVALID_PARAMETER "Invalid path". MLflow: validate_path_is_safe; other than there, a `#` is
 * allowed and a `%` is kept. */
[[nodiscard]] int path_check(struct ctx *c, struct str in, struct str *out);

/* Is the path safe in the sense above? */
bool path_safe(struct arena *a, struct str path);

/* Checks that a name to write to is already in normal form. ERR_INVALID_PARAMETER. MLflow: verify_artifact_path. */
[[nodiscard]] int path_check_unique(struct ctx *c, struct str path);

/* Without `.` parts, doubled and trailing slashes; "" is the root itself. `..` parts are resolved as in Python's
 * posixpath.normpath, but the path must be checked before. */
struct str path_normal(struct arena *a, struct str path);

/* `a/b`, or the one that is not empty. */
struct str path_join(struct arena *a, struct str dir, struct str name);

/* The part behind the last slash, and the part before it. */
struct str path_base(struct str path);
struct str path_dir(struct str path);

/* Percent-decodes once; malformed escapes stay. */
struct str path_unquote(struct arena *a, struct str s);
