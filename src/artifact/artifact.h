/* Artifacts: a root where files are kept, whatever keeps them. The one way to artifact storage for api, service and
 * commands.
 *
 * A backend fills the table of operations; `local.c` is the one for directories. Paths are relative, checked by
 * path_check and normal (path_normal); "" is the root. Nothing a path or a link says leads out of the root. What
 * artifact_commit acknowledged survives a crash; what was not committed leaves nothing. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct artifacts;
struct artifact_writer;

enum { ARTIFACT_UNKNOWN_SIZE = -1 };

/* A file opened for reading. The descriptor is the caller's to close. */
struct artifact_file {
    int fd;
    uint64_t size;
    int64_t mtime_ns;
};

struct artifact_info {
    struct str path; /* relative to the root */
    bool is_dir;
    uint64_t size;
};

/* Entries of one directory, ordered by path. `next` is the token of the next page, absent at the end. */
struct artifact_listing {
    struct artifact_info *v;
    size_t n;
    struct str next;
};

struct artifact_ops {
    int (*begin)(struct ctx *c, struct artifacts *a, struct str path, int64_t size, struct artifact_writer **out);
    int (*append)(struct ctx *c, struct artifact_writer *w, const char *p, size_t n);
    int (*commit)(struct ctx *c, struct artifact_writer *w);
    void (*abort)(struct artifact_writer *w);
    int (*read)(struct ctx *c, struct artifacts *a, struct str path, struct artifact_file *out);
    int (*list)(struct ctx *c, struct artifacts *a, struct str dir, struct str token, struct artifact_listing *out);
    int (*stat)(struct ctx *c, struct artifacts *a, struct str path, struct artifact_info *out);
    int (*remove)(struct ctx *c, struct artifacts *a, struct str path);
    void (*close)(struct artifacts *a);
};

/* Head of every backend's own struct. */
struct artifacts {
    const struct artifact_ops *ops;
};
struct artifact_writer {
    const struct artifact_ops *ops;
};

enum artifact_open {
    ARTIFACT_SERVE = 1, /* the server's own destination: make it, and clear what a crash left behind */
};

/* Opens a root named by a file: URI or a path; a missing one is made at the first write. ERR_NOT_IMPLEMENTED for
 * other schemes. Close with artifacts_close. */
[[nodiscard]] int artifacts_open(struct ctx *c, struct str uri, unsigned flags, struct artifacts **out);
void artifacts_close(struct artifacts *a); /* NULL is ignored */

/* Writing: begin, append any number of times, then commit or abort; either ends the writer. `size` is what the client
 * announced, or ARTIFACT_UNKNOWN_SIZE. A failed begin needs no abort, a failed append does, a failed commit has
 * aborted. Out of space is ERR_LIMIT_EXCEEDED; a name that is a directory, too long or reserved is
 * ERR_INVALID_PARAMETER. */
[[nodiscard]] int artifact_begin(struct ctx *c, struct artifacts *a, struct str path, int64_t size,
                                 struct artifact_writer **out);
[[nodiscard]] int artifact_append(struct ctx *c, struct artifact_writer *w, const char *p, size_t n);
[[nodiscard]] int artifact_commit(struct ctx *c, struct artifact_writer *w);
void artifact_abort(struct artifact_writer *w); /* NULL is ignored */

/* Opens a file. ERR_NOT_FOUND "No such artifact"; ERR_INVALID_PARAMETER for a directory. */
[[nodiscard]] int artifact_read(struct ctx *c, struct artifacts *a, struct str path, struct artifact_file *out);

/* Lists a directory. What is missing or not a directory gives an empty listing, as in MLflow. `token` is absent for
 * the first page. */
[[nodiscard]] int artifact_list(struct ctx *c, struct artifacts *a, struct str dir, struct str token,
                                struct artifact_listing *out);

[[nodiscard]] int artifact_stat(struct ctx *c, struct artifacts *a, struct str path, struct artifact_info *out);

/* Removes a file or a whole tree; links are removed, not followed. What is missing is fine. */
[[nodiscard]] int artifact_remove(struct ctx *c, struct artifacts *a, struct str path);
