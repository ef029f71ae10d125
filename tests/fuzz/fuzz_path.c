/* Fuzzer of artifact paths and URIs. A path that is accepted must stay relative and without `..` parts through every
 * further decoding, in its normal form too; URIs must be put together without reading past them. */
#include "artifact/path.h"
#include "artifact/uri.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool leads_out(struct str path) {
    if (path.n && path.p[0] == '/')
        return true;
    for (;;) {
        ptrdiff_t slash = str_chr(path, '/');
        if (str_is(str_sub(path, 0, slash < 0 ? path.n : (size_t)slash), ".."))
            return true;
        if (slash < 0)
            return false;
        path = str_sub(path, (size_t)slash + 1, path.n);
    }
}

static void check_path(struct ctx *c, struct str in) {
    struct str path;
    if (path_check(c, in, &path))
        return;
    must(str_chr(path, '\0') < 0);
    for (int i = 0; i < 12; i++) {
        must(!leads_out(path));
        struct str normal = path_normal(c->arena, path);
        must(!leads_out(normal));
        must(str_eq(normal, path_normal(c->arena, normal)));
        if (normal.n)
            must(str_eq(normal, path_join(c->arena, path_dir(normal), path_base(normal))));
        path = path_unquote(c->arena, path);
    }
}

static void check_uri(struct ctx *c, struct str uri) {
    if (artifact_location_check(c, uri, "field") && str_chr(uri, '\0') >= 0)
        return;
    struct str longer = uri_append_path(c->arena, uri, STR("part"));
    must(str_find(longer, STR("part")) >= 0);
    (void)uri_local_path(c->arena, uri_resolve_local(c->arena, uri));
    if (uri_is_proxied(uri))
        (void)uri_proxied_path(c->arena, uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ctx c = {.arena = arena_new()};
    struct str in = str_dup(c.arena, (struct str){(const char *)data, size});
    check_path(&c, in);
    check_uri(&c, in);
    arena_free(c.arena);
    return 0;
}
