/* What the parts of the local store (local.c, local_write.c, local_remove.c) share. Not for other rooms. */
#pragma once
#include "artifact/artifact.h"

/* Names that start so are not artifacts: files on their way in. MLflow's local store hides and refuses them too. */
#define RESERVED_PREFIX ".artifact.uploading."
/* Directory at a served root for files on their way in; cleared at start. */
#define STAGING_NAME RESERVED_PREFIX "millrace"

struct local {
    struct artifacts head;
    bool served;
    char path[]; /* of the root, NUL-terminated */
};

/* Opens the root directory; with `make`, makes it and its parents. -1 with errno. */
int local_root(const struct local *l, bool make);

/* Records the failure that `error` (an errno) means for `path`. */
int local_fail(struct ctx *c, int error, struct str path);

/* Is a part of the path reserved? */
bool local_reserved(struct str path);

int local_begin(struct ctx *c, struct artifacts *a, struct str path, int64_t size, struct artifact_writer **out);
int local_append(struct ctx *c, struct artifact_writer *w, const char *p, size_t n);
int local_commit(struct ctx *c, struct artifact_writer *w);
void local_abort(struct artifact_writer *w);
int local_remove(struct ctx *c, struct artifacts *a, struct str path);

/* Removes what a crash left in the staging directory; files that another process is writing stay. */
void local_clear_staging(int root);
