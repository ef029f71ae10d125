/* Artifacts: hands each operation to the backend of the root; see artifact.h. */
#include "artifact/artifact.h"

void artifacts_close(struct artifacts *a) {
    if (a)
        a->ops->close(a);
}

int artifact_begin(struct ctx *c, struct artifacts *a, struct str path, int64_t size, struct artifact_writer **out) {
    *out = NULL;
    return a->ops->begin(c, a, path, size, out);
}

int artifact_append(struct ctx *c, struct artifact_writer *w, const char *p, size_t n) {
    return w->ops->append(c, w, p, n);
}

int artifact_commit(struct ctx *c, struct artifact_writer *w) {
    return w->ops->commit(c, w);
}

void artifact_abort(struct artifact_writer *w) {
    if (w)
        w->ops->abort(w);
}

int artifact_read(struct ctx *c, struct artifacts *a, struct str path, struct artifact_file *out) {
    return a->ops->read(c, a, path, out);
}

int artifact_list(struct ctx *c, struct artifacts *a, struct str dir, struct str token, struct artifact_listing *out) {
    return a->ops->list(c, a, dir, token, out);
}

int artifact_stat(struct ctx *c, struct artifacts *a, struct str path, struct artifact_info *out) {
    return a->ops->stat(c, a, path, out);
}

int artifact_remove(struct ctx *c, struct artifacts *a, struct str path) {
    return a->ops->remove(c, a, path);
}
