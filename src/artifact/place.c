/* Where a stored artifact URI leads; see place.h. */
#include "artifact/place.h"

#include "artifact/path.h"
#include "artifact/uri.h"

static int place_proxied(struct ctx *c, struct str uri, struct artifacts *served, struct artifact_place *out) {
    struct str path = uri_proxied_path(c->arena, uri);
    if (!path.p || !path_safe(c->arena, path))
        return fail_invalid(c, "Invalid artifact location: '%.*s'", STR_FMT(uri));
    *out = (struct artifact_place){.root = served, .prefix = path_normal(c->arena, path)};
    return 0;
}

int place_open(struct ctx *c, struct str uri, struct artifacts *served, struct artifact_place *out) {
    if (served && uri_is_proxied(uri))
        return place_proxied(c, uri, served, out);
    int err = artifact_host_check(c, uri, NULL);
    if (err)
        return err;
    *out = (struct artifact_place){.prefix = STR(""), .owned = true};
    return artifacts_open(c, uri, 0, &out->root);
}

struct str place_path(struct arena *a, const struct artifact_place *p, struct str path) {
    return path_normal(a, path_join(a, p->prefix, path));
}

void place_close(struct artifact_place *p) {
    if (p->owned)
        artifacts_close(p->root);
    p->root = NULL;
}
