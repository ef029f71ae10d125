/* Route table: a trie of path segments; see route.h.
 *
 * A node has literal children (sorted, found by bisection), one child for a {name} segment and one for {name...},
 * and an operation per method. Literal segments win over parameters; when a literal branch leads nowhere the
 * parameter is tried, so /traces/get and /traces/{id}/tags live side by side. The trie never changes after
 * route_table_new. */
#include "http/route.h"

#include <stdlib.h>

#include "http/uri.h"

enum method { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, N_METHODS };

static const char *const method_names[N_METHODS] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

enum { MAX_PARAMS = 8 };

struct node {
    struct str segment;
    struct str param; /* name, when this is a parameter node */
    struct node **children;
    size_t n_children;
    struct node *one, *rest; /* {name} and {name...} */
    struct route_target targets[N_METHODS];
};

struct route_table {
    struct arena *arena;
    struct node *root;
    struct str prefix;
};

/* What a lookup carries through the recursion. */
struct walk {
    struct arena *arena;
    enum method method;
    unsigned allowed; /* bits of methods of the paths that match */
    struct param params[MAX_PARAMS];
    size_t n_params;
    const struct route_target *found;
};

static int method_of(struct str name) {
    for (int i = 0; i < N_METHODS; i++)
        if (str_is(name, method_names[i]))
            return i;
    return -1;
}

/* ---- building --------------------------------------------------------------------------------------------- */

static struct node *find_child(const struct node *n, struct str segment) {
    size_t low = 0, high = n->n_children;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = str_cmp(segment, n->children[mid]->segment);
        if (order == 0)
            return n->children[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static struct node *literal_child(struct arena *a, struct node *n, struct str segment) {
    struct node *child = find_child(n, segment);
    if (child)
        return child;
    child = ARENA_NEW(a, struct node);
    child->segment = str_dup(a, segment);
    struct node **more = ARENA_ARRAY(a, struct node *, n->n_children + 1);
    size_t i = 0;
    for (; i < n->n_children && str_cmp(n->children[i]->segment, segment) < 0; i++)
        more[i] = n->children[i];
    more[i] = child;
    for (; i < n->n_children; i++)
        more[i + 1] = n->children[i];
    n->children = more;
    n->n_children++;
    return child;
}

static struct node *param_child(struct arena *a, struct node **slot, struct str name) {
    if (!*slot) {
        *slot = ARENA_NEW(a, struct node);
        (*slot)->param = str_dup(a, name);
    }
    must(str_eq((*slot)->param, name));
    return *slot;
}

static struct node *child_for(struct arena *a, struct node *n, struct str segment) {
    if (!segment.n || segment.p[0] != '{')
        return literal_child(a, n, segment);
    struct str name = str_sub(segment, 1, segment.n - 2);
    if (!str_ends(name, STR("...")))
        return param_child(a, &n->one, name);
    return param_child(a, &n->rest, str_sub(name, 0, name.n - 3));
}

/* First segment of `path` and what follows its slash; false when the path has ended. */
static bool next_segment(struct str *path, struct str *segment) {
    if (!path->p)
        return false;
    ptrdiff_t slash = str_chr(*path, '/');
    *segment = str_sub(*path, 0, slash < 0 ? path->n : (size_t)slash);
    *path = slash < 0 ? (struct str){0} : str_sub(*path, segment->n + 1, path->n);
    return true;
}

/* "/a/{b}/{c...}" as "/a/<b>/<path:c>" */
static struct str rule_of(struct arena *a, struct str prefix, struct str pattern) {
    struct buf b = BUF_IN(a);
    buf_str(&b, prefix);
    for (struct str segment, rest = str_sub(pattern, 1, pattern.n); next_segment(&rest, &segment);) {
        buf_char(&b, '/');
        if (!segment.n || segment.p[0] != '{') {
            buf_str(&b, segment);
            continue;
        }
        struct str name = str_sub(segment, 1, segment.n - 2);
        bool all = str_ends(name, STR("..."));
        buf_fmt(&b, all ? "<path:%.*s>" : "<%.*s>", (int)(all ? name.n - 3 : name.n), name.p);
    }
    return buf_end(&b);
}

static void add_path(struct route_table *t, const struct route *route, struct str pattern) {
    int method = method_of(str_of(route->method));
    must(method >= 0 && pattern.n && pattern.p[0] == '/');
    struct node *n = t->root;
    for (struct str segment, rest = str_sub(pattern, 1, pattern.n); next_segment(&rest, &segment);)
        n = child_for(t->arena, n, segment);
    must(!n->targets[method].route);
    n->targets[method] = (struct route_target){route, rule_of(t->arena, t->prefix, pattern)};
}

static void add_route(struct route_table *t, const struct route *r) {
    static const char *const prefixes[] = {"ajax-api", "api"};
    const char *path = r->path[0] == '/' ? r->path + 1 : r->path;
    if (r->flags & BARE) {
        add_path(t, r, str_fmt(t->arena, "/%s", path));
        return;
    }
    size_t n = r->flags & AJAX_ONLY ? 1 : 2;
    for (size_t i = 0; i < n; i++) {
        add_path(t, r, str_fmt(t->arena, "/%s/%s/%s", prefixes[i], r->version, path));
        if (r->flags & PREVIEW)
            add_path(t, r, str_fmt(t->arena, "/%s/2.0/preview/%s", prefixes[i], path));
    }
}

struct route_table *route_table_new(const struct route *routes, size_t n, struct str static_prefix) {
    struct arena *a = arena_new();
    struct route_table *t = ARENA_NEW(a, struct route_table);
    t->arena = a;
    t->root = ARENA_NEW(a, struct node);
    t->prefix = str_dup(a, static_prefix);
    for (size_t i = 0; i < n; i++)
        add_route(t, &routes[i]);
    return t;
}

void route_table_free(struct route_table *t) {
    if (t)
        arena_free(t->arena);
}

/* ---- looking up ------------------------------------------------------------------------------------------- */

/* Does the node serve the method? Notes the methods it has. */
static bool serves(struct walk *w, const struct node *n) {
    for (int i = 0; i < N_METHODS; i++)
        if (n->targets[i].route)
            w->allowed |= 1u << i;
    enum method method = w->method;
    if (method == HEAD && !n->targets[HEAD].route)
        method = GET;
    if (method == N_METHODS || !n->targets[method].route)
        return false;
    w->found = &n->targets[method];
    return true;
}

static void push_param(struct walk *w, struct str name, struct str value) {
    must(w->n_params < MAX_PARAMS);
    w->params[w->n_params++] = (struct param){name, uri_decode(w->arena, value, false)};
}

/* Walks from `n` along the rest of the path. Recursion is as deep as the trie. */
static bool walk_from(struct walk *w, const struct node *n, struct str rest) {
    struct str whole = rest, segment;
    if (!next_segment(&rest, &segment))
        return serves(w, n);
    struct str name = str_chr(segment, '%') < 0 ? segment : uri_decode(w->arena, segment, false);
    const struct node *child = find_child(n, name);
    if (child && walk_from(w, child, rest))
        return true;
    size_t mark = w->n_params;
    if (n->one && segment.n) {
        push_param(w, n->one->param, segment);
        if (walk_from(w, n->one, rest))
            return true;
        w->n_params = mark;
    }
    if (n->rest) {
        push_param(w, n->rest->param, whole);
        if (serves(w, n->rest))
            return true;
        w->n_params = mark;
    }
    return false;
}

static bool has_segment_prefix(struct str path, struct str prefix) {
    return str_starts(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

/* Cuts the static prefix off; false when the path is outside of it. */
static bool below_prefix(const struct route_table *t, struct str raw, struct str *path) {
    static const char *const unprefixed[] = {"/api/2.0/mlflow-artifacts/artifacts",
                                             "/ajax-api/2.0/mlflow-artifacts/artifacts", "/metrics"};
    *path = raw;
    if (!t->prefix.n)
        return true;
    if (has_segment_prefix(raw, t->prefix)) {
        *path = str_sub(raw, t->prefix.n, raw.n);
        return true;
    }
    for (size_t i = 0; i < sizeof unprefixed / sizeof *unprefixed; i++)
        if (has_segment_prefix(raw, str_of(unprefixed[i])))
            return true;
    return false;
}

static struct str allow_header(struct arena *a, unsigned methods) {
    struct buf b = BUF_IN(a);
    if (methods & 1u << GET)
        methods |= 1u << HEAD;
    methods |= 1u << OPTIONS;
    for (int i = 0; i < N_METHODS; i++)
        if (methods & 1u << i)
            buf_fmt(&b, "%s%s", b.n ? ", " : "", method_names[i]);
    return buf_end(&b);
}

static bool walk_path(const struct route_table *t, struct walk *w, struct str path) {
    return path.n && path.p[0] == '/' && walk_from(w, t->root, str_sub(path, 1, path.n));
}

/* The path with runs of slashes merged, or the absent string when there are none. */
static struct str merged(struct arena *a, struct str path) {
    if (str_find(path, STR("//")) < 0)
        return (struct str){0};
    struct buf b = BUF_IN(a);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] != '/' || !b.n || b.p[b.n - 1] != '/')
            buf_char(&b, path.p[i]);
    return buf_end(&b);
}

/* A path that exists but for its slashes is answered with a redirect, as werkzeug does. */
static enum route_found find_redirect(const struct route_table *t, struct walk *w, struct str path,
                                      struct route_match *m) {
    struct str other = path.n || !t->prefix.n ? merged(w->arena, path) : STR("/");
    if (!other.p || !(walk_path(t, w, other) || w->allowed))
        return ROUTE_UNKNOWN;
    m->location = str_fmt(w->arena, "%.*s%.*s", STR_FMT(t->prefix), STR_FMT(other));
    return ROUTE_REDIRECT;
}

enum route_found route_find(const struct route_table *t, struct arena *a, struct str method, struct str raw_path,
                            struct route_match *m) {
    struct str path;
    int code = method_of(method);
    struct walk w = {.arena = a, .method = code < 0 ? N_METHODS : (enum method)code};
    *m = (struct route_match){0};
    if (!below_prefix(t, raw_path, &path))
        return ROUTE_UNKNOWN;
    m->path = uri_decode(a, path, false);
    bool found = walk_path(t, &w, path);
    if (w.allowed)
        m->allow = allow_header(a, w.allowed);
    if (!found)
        return w.allowed ? ROUTE_METHOD : find_redirect(t, &w, path, m);
    m->target = w.found;
    m->params.n = w.n_params;
    m->params.v = ARENA_ARRAY(a, struct param, w.n_params);
    if (w.n_params)
        memcpy(m->params.v, w.params, w.n_params * sizeof *w.params);
    return ROUTE_FOUND;
}

bool route_is_api(struct str path) {
    return !str_is(path, "/api/test") && (str_starts(path, STR("/api/")) || str_starts(path, STR("/ajax-api/")));
}

bool route_is_health(struct str path) {
    return str_is(path, "/health") || str_is(path, "/version");
}
