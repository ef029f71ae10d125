/* Artifacts in a local directory: opening, reading, listing. Writing is in local_write.c, removing in local_remove.c.
 *
 * The root is opened anew for each operation, so a root that is removed or mounted while the server runs is found
 * again. Everything beneath it goes through beneath.c. */
#include "artifact/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifact/beneath.h"
#include "artifact/path.h"
#include "artifact/uri.h"
#include "base/buf.h"
#include "base/log.h"

int local_fail(struct ctx *c, int error, struct str path) {
    switch (error) {
    case ENOENT: return fail(c, ERR_NOT_FOUND, "No such artifact: '%.*s'", STR_FMT(path));
    case EISDIR: return fail_invalid(c, "Artifact path refers to a directory, not a file: '%.*s'", STR_FMT(path));
    case ENOTDIR:
    case EEXIST:
        return fail_invalid(c, "A part of the artifact path is a file, not a directory: '%.*s'", STR_FMT(path));
    case EXDEV:
    case ELOOP: return fail_invalid(c, "Invalid path: resolved path is outside the artifact directory");
    case ENAMETOOLONG:
    case EINVAL: return fail_invalid(c, "Artifact path is too long or not a valid name: '%.*s'", STR_FMT(path));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        log_error("artifact '%.*s': %s", STR_FMT(path), strerror(error));
        return fail(c, ERR_LIMIT_EXCEEDED, "No space left for artifacts: '%.*s' was not stored", STR_FMT(path));
    default:
        log_error("artifact '%.*s': %s", STR_FMT(path), strerror(error));
        return fail(c, ERR_INTERNAL, "Artifact storage failed for '%.*s': %s", STR_FMT(path), strerror(error));
    }
}

bool local_reserved(struct str path) {
    for (; path.n; path = path_dir(path))
        if (str_starts(path_base(path), STR(RESERVED_PREFIX)))
            return true;
    return false;
}

static int make_parents(const char *path) {
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

int local_root(const struct local *l, bool make) {
    int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(l->path, how);
    if (fd >= 0 || !make || errno != ENOENT || make_parents(l->path) < 0)
        return fd;
    return open(l->path, how);
}

/* Opens beneath the root; the errno of failure goes through local_fail. */
static int open_path(struct ctx *c, struct artifacts *a, struct str path, int flags, int *out) {
    int root = local_root((struct local *)a, false);
    int fd = root < 0 ? -1 : beneath_open(root, path, flags);
    int error = fd >= 0 ? 0 : errno == ENOTDIR ? ENOENT : errno;
    if (root >= 0)
        close(root);
    if (fd < 0)
        return local_fail(c, error, path);
    *out = fd;
    return 0;
}

static int64_t mtime_ns(const struct stat *st) {
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int local_read(struct ctx *c, struct artifacts *a, struct str path, struct artifact_file *out) {
    int fd = -1;
    if (local_reserved(path))
        return local_fail(c, ENOENT, path);
    int err = open_path(c, a, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
    if (err)
        return err;
    struct stat st;
    int error = fstat(fd, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : !S_ISREG(st.st_mode) ? ENOENT : 0;
    if (error) {
        close(fd);
        return local_fail(c, error, path);
    }
    *out = (struct artifact_file){.fd = fd, .size = (uint64_t)st.st_size, .mtime_ns = mtime_ns(&st)};
    return 0;
}

static int local_stat(struct ctx *c, struct artifacts *a, struct str path, struct artifact_info *out) {
    int fd = -1;
    int err = open_path(c, a, path, O_PATH, &fd);
    if (err)
        return err;
    struct stat st;
    int error = fstat(fd, &st) < 0 ? errno : 0;
    close(fd);
    if (error)
        return local_fail(c, error, path);
    *out = (struct artifact_info){.path = path, .is_dir = S_ISDIR(st.st_mode), .size = (uint64_t)st.st_size};
    return 0;
}

/* What the entry is, a link beneath the root followed; false for what is no artifact. */
static bool entry_stat(int root, int dir, struct str path, const struct dirent *e, struct stat *st) {
    if (fstatat(dir, e->d_name, st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (S_ISLNK(st->st_mode)) {
        int fd = beneath_open(root, path, O_PATH);
        bool ok = fd >= 0 && fstat(fd, st) == 0;
        if (fd >= 0)
            close(fd);
        if (!ok)
            return false;
    }
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

/* `name` with the bytes that are no UTF-8 replaced, so that it can be told in JSON. */
static struct str printable_name(struct arena *a, const char *name) {
    struct str s = str_of(name);
    if (utf8_valid(s))
        return s;
    struct buf b = BUF_IN(a);
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x80)
            buf_char(&b, s.p[i]);
        else
            BUF_LIT(&b, "\xef\xbf\xbd");
    }
    return buf_end(&b);
}

static void listing_add(struct arena *a, struct artifact_listing *l, size_t *cap, struct artifact_info info) {
    if (l->n == *cap) {
        size_t grown = *cap ? *cap * 2 : 16;
        l->v = arena_grow(a, l->v, *cap * sizeof *l->v, grown * sizeof *l->v);
        *cap = grown;
    }
    l->v[l->n++] = info;
}

static int compare_info(const void *a, const void *b) {
    return str_cmp(((const struct artifact_info *)a)->path, ((const struct artifact_info *)b)->path);
}

static void read_entries(struct ctx *c, int root, DIR *d, struct str dir, struct artifact_listing *out) {
    size_t cap = 0;
    for (struct dirent *e; (e = readdir(d));) {
        struct str name = str_of(e->d_name);
        struct stat st;
        if (str_is(name, ".") || str_is(name, "..") || str_starts(name, STR(RESERVED_PREFIX)))
            continue;
        struct str path = path_join(c->arena, dir, name);
        if (!entry_stat(root, dirfd(d), path, e, &st))
            continue;
        path = path_join(c->arena, dir, str_dup(c->arena, printable_name(c->arena, e->d_name)));
        bool is_dir = S_ISDIR(st.st_mode);
        listing_add(c->arena, out, &cap, (struct artifact_info){path, is_dir, is_dir ? 0 : (uint64_t)st.st_size});
    }
    if (out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, compare_info);
}

static int local_list(struct ctx *c, struct artifacts *a, struct str dir, struct str token,
                      struct artifact_listing *out) {
    (void)token;
    *out = (struct artifact_listing){0};
    int err = 0;
    int root = local_root((struct local *)a, false);
    int fd = root < 0 ? -1 : beneath_open(root, dir, O_RDONLY | O_DIRECTORY);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d)
        read_entries(c, root, d, dir, out);
    else if (errno != ENOENT && errno != ENOTDIR)
        err = local_fail(c, errno, dir);
    if (d)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    if (root >= 0)
        close(root);
    return err;
}

static void local_close(struct artifacts *a) {
    free(a);
}

static const struct artifact_ops local_ops = {
    .begin = local_begin,
    .append = local_append,
    .commit = local_commit,
    .abort = local_abort,
    .read = local_read,
    .list = local_list,
    .stat = local_stat,
    .remove = local_remove,
    .close = local_close,
};

/* The server's own root must be there and be writable from the start. */
static int prepare_served(struct ctx *c, const struct local *l) {
    int root = local_root(l, true);
    int error = root < 0 || faccessat(root, ".", W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
    if (!error)
        local_clear_staging(root);
    if (root >= 0)
        close(root);
    if (error)
        return fail(c, ERR_INTERNAL, "Cannot write artifacts to '%s': %s", l->path, strerror(error));
    return 0;
}

int artifacts_open(struct ctx *c, struct str uri, unsigned flags, struct artifacts **out) {
    struct str path = uri_local_path(c->arena, uri_resolve_local(c->arena, uri));
    if (!path.p)
        return fail(c, ERR_NOT_IMPLEMENTED, "This server cannot reach artifacts of scheme '%.*s': '%.*s'",
                    STR_FMT(uri_split(c->arena, uri).scheme), STR_FMT(uri));
    if (str_chr(path, '\0') >= 0)
        return fail_invalid(c, "Invalid artifact location: '%.*s'", STR_FMT(uri));
    struct local *l = calloc(1, sizeof *l + path.n + 1);
    must(l);
    l->head.ops = &local_ops;
    l->served = flags & ARTIFACT_SERVE;
    memcpy(l->path, path.p, path.n);
    int err = l->served ? prepare_served(c, l) : 0;
    if (err)
        free(l);
    else
        *out = &l->head;
    return err;
}
