/* Writing an artifact to a local directory. Called through the table of local.c.
 *
 * A file comes in without a name (O_TMPFILE), is synced, then gets its name in one step, and the directory is synced:
 * so a reader sees the old file or the whole new one, a crash leaves the old one or the new one, and what was
 * acknowledged stays. Where the file system has no nameless files, or the name is taken already, the file has a
 * reserved name in between: in the staging directory of a served root, else beside its destination. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "artifact/beneath.h"
#include "artifact/local.h"
#include "artifact/path.h"
#include "base/clock.h"

enum {
    PIECE = 256 << 10,     /* bytes per write */
    SYNC_WINDOW = 8 << 20, /* bytes after which the kernel is told to start writing, so that the last sync is short */
    TEMP_NAME_MAX = 48,
};

struct writer {
    struct artifact_writer head;
    const struct local *store;
    struct str path, dir_path, base;
    int root, dir, fd;
    int temp_dir; /* where `temp` is, -1 while the file has no name */
    char temp[TEMP_NAME_MAX];
    size_t made_from;               /* length of the path of the first directory made for this file; 0: none was made */
    int64_t size, written, started; /* announced; in the file; handed to the disk */
    char *buf;
    size_t n, cap;
};

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- directories ---- */

static int make_and_open(struct writer *w, int parent, struct str prefix) {
    char name[NAME_MAX + 1];
    struct str part = path_base(prefix);
    if (part.n > NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    snprintf(name, sizeof name, "%.*s", STR_FMT(part));
    if (mkdirat(parent, name, 0777) < 0 && errno != EEXIST)
        return -1;
    if (!w->made_from)
        w->made_from = prefix.n;
    return beneath_open(w->root, prefix, O_RDONLY | O_DIRECTORY);
}

/* Opens the destination's directory, making what is missing. */
static int open_dirs(struct writer *w) {
    struct str dir = w->dir_path;
    int fd = beneath_open(w->root, dir, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    int parent = beneath_open(w->root, STR(""), O_RDONLY | O_DIRECTORY);
    for (size_t i = 1; parent >= 0 && i <= dir.n; i++) {
        if (i < dir.n && dir.p[i] != '/')
            continue;
        struct str prefix = str_sub(dir, 0, i);
        fd = beneath_open(w->root, prefix, O_RDONLY | O_DIRECTORY);
        if (fd < 0 && errno == ENOENT)
            fd = make_and_open(w, parent, prefix);
        int saved = errno;
        close(parent);
        errno = saved;
        parent = fd;
    }
    return parent;
}

/* Calls `act` on each directory made for this file, the deepest first; stops when it gives false. */
static void each_made_dir(struct writer *w, bool (*act)(int parent, const char *name)) {
    char name[NAME_MAX + 1];
    struct str dir = w->dir_path;
    for (; w->made_from && dir.n >= w->made_from; dir = path_dir(dir)) {
        struct str base;
        int parent = beneath_parent(w->root, dir, &base);
        snprintf(name, sizeof name, "%.*s", STR_FMT(base));
        bool more = parent >= 0 && act(parent, name);
        close_fd(&parent);
        if (!more)
            return;
    }
}

static bool remove_empty(int parent, const char *name) {
    return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

static bool sync_parent(int parent, const char *name) {
    (void)name;
    return fsync(parent) == 0;
}

/* ---- the file on its way in ---- */

static bool same_device(int a, int b) {
    struct stat sa, sb;
    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev;
}

/* Where a file with a reserved name goes: staging, or beside the destination when that is another file system. */
static int open_temp_dir(struct writer *w) {
    if (w->store->served) {
        if (mkdirat(w->root, STAGING_NAME, 0777) < 0 && errno != EEXIST)
            return -1;
        int fd = openat(w->root, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && same_device(fd, w->dir))
            return fd;
        close_fd(&fd);
    }
    return fcntl(w->dir, F_DUPFD_CLOEXEC, 0);
}

static void choose_temp_name(struct writer *w) {
    uint64_t random;
    random_bytes(&random, sizeof random);
    snprintf(w->temp, sizeof w->temp, RESERVED_PREFIX "%016llx", (unsigned long long)random);
}

static int open_named(struct writer *w) {
    w->temp_dir = open_temp_dir(w);
    if (w->temp_dir < 0)
        return -1;
    choose_temp_name(w);
    int fd = openat(w->temp_dir, w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        close_fd(&w->temp_dir);
    else
        (void)flock(fd, LOCK_EX | LOCK_NB);
    return fd;
}

static int open_file(struct writer *w) {
    int fd = openat(w->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = open_named(w);
    return fd;
}

static void drop_temp(struct writer *w) {
    if (w->temp_dir >= 0)
        unlinkat(w->temp_dir, w->temp, 0);
    close_fd(&w->temp_dir);
}

static void release(struct writer *w) {
    drop_temp(w);
    close_fd(&w->fd);
    close_fd(&w->dir);
    close_fd(&w->root);
    free(w->buf);
    w->buf = NULL;
}

/* ---- begin ---- */

static int check_name(struct ctx *c, const struct writer *w) {
    if (w->base.n == 0 || str_is(w->base, ".") || str_is(w->base, ".."))
        return local_fail(c, EISDIR, w->path);
    if (local_reserved(w->path))
        return fail_invalid(
            c, "Invalid artifact file name: '%.*s'. Artifact names starting with '" RESERVED_PREFIX "' are reserved.",
            STR_FMT(w->base));
    return 0;
}

/* What can be known before the first byte: a directory of that name, too little space. An errno or 0. */
static int check_destination(struct writer *w) {
    struct stat st;
    if (fstatat(w->dir, w->base.p, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISDIR(st.st_mode))
            return EISDIR;
    } else if (errno != ENOENT) {
        return errno;
    }
    struct statvfs vfs;
    if (w->size > PIECE && fstatvfs(w->dir, &vfs) == 0 && (uint64_t)w->size / vfs.f_frsize > vfs.f_bavail)
        return ENOSPC;
    return 0;
}

static int open_all(struct writer *w) {
    w->root = local_root(w->store, true);
    w->dir = w->root < 0 ? -1 : open_dirs(w);
    if (w->dir < 0)
        return errno;
    int error = check_destination(w);
    if (error)
        return error;
    w->fd = open_file(w);
    return w->fd < 0 ? errno : 0;
}

int local_begin(struct ctx *c, struct artifacts *a, struct str path, int64_t size, struct artifact_writer **out) {
    struct writer *w = ARENA_NEW(c->arena, struct writer);
    path = str_dup(c->arena, path);
    *w = (struct writer){
        .head.ops = a->ops,
        .store = (const struct local *)a,
        .path = path,
        .dir_path = path_dir(path),
        .base = path_base(path),
        .root = -1,
        .dir = -1,
        .fd = -1,
        .temp_dir = -1,
        .size = size,
        .cap = size >= 0 && size < PIECE ? (size_t)size : PIECE,
    };
    int err = check_name(c, w);
    int error = err ? 0 : open_all(w);
    if (error)
        err = local_fail(c, error, path);
    if (err) {
        each_made_dir(w, remove_empty);
        release(w);
        return err;
    }
    *out = &w->head;
    return 0;
}

/* ---- append ---- */

/* Has the kernel start on the last window, and waits for the one before. */
static void start_disk(struct writer *w) {
    off_t from = w->started, len = w->written - w->started;
    sync_file_range(w->fd, from, len, SYNC_FILE_RANGE_WRITE);
    if (from >= SYNC_WINDOW)
        sync_file_range(w->fd, from - SYNC_WINDOW, SYNC_WINDOW,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    w->started = w->written;
}

/* An errno or 0. */
static int write_out(struct writer *w, const char *p, size_t n) {
    while (n) {
        ssize_t done = write(w->fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno;
        p += done;
        n -= (size_t)done;
        w->written += done;
    }
    if (w->written - w->started >= SYNC_WINDOW)
        start_disk(w);
    return 0;
}

static int flush(struct writer *w) {
    size_t n = w->n;
    w->n = 0;
    return write_out(w, w->buf, n);
}

static void fill(struct writer *w, const char **p, size_t *n) {
    if (!w->buf) {
        w->buf = malloc(w->cap);
        must(w->buf);
    }
    size_t take = *n < w->cap - w->n ? *n : w->cap - w->n;
    memcpy(w->buf + w->n, *p, take);
    w->n += take;
    *p += take;
    *n -= take;
}

int local_append(struct ctx *c, struct artifact_writer *head, const char *p, size_t n) {
    struct writer *w = (struct writer *)head;
    int error = 0;
    while (n && !error) {
        if (w->n == 0 && n >= w->cap) {
            error = write_out(w, p, n);
            n = 0;
            continue;
        }
        fill(w, &p, &n);
        if (w->n == w->cap)
            error = flush(w);
    }
    return error ? local_fail(c, error, w->path) : 0;
}

/* ---- commit ---- */

static int link_at(struct writer *w, int dir, const char *name) {
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", w->fd);
    return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW);
}

static int rename_temp(struct writer *w) {
    if (renameat(w->temp_dir, w->temp, w->dir, w->base.p) < 0)
        return -1;
    close_fd(&w->temp_dir);
    return 0;
}

/* Gives the nameless file its name; a name that is taken is replaced by way of a reserved one. */
static int give_name(struct writer *w) {
    if (w->temp_dir >= 0)
        return rename_temp(w);
    if (link_at(w, w->dir, w->base.p) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    int temp_dir = open_temp_dir(w);
    if (temp_dir < 0)
        return -1;
    choose_temp_name(w);
    (void)flock(w->fd, LOCK_EX | LOCK_NB);
    if (link_at(w, temp_dir, w->temp) < 0) {
        close_fd(&temp_dir);
        return -1;
    }
    w->temp_dir = temp_dir;
    return rename_temp(w);
}

/* The directory may have been removed meanwhile, empty as it was: then it is made once more. An errno or 0. */
static int publish(struct writer *w) {
    if (give_name(w) == 0)
        return 0;
    if (errno != ENOENT)
        return errno;
    close_fd(&w->dir);
    w->dir = open_dirs(w);
    return w->dir < 0 || give_name(w) < 0 ? errno : 0;
}

static int finish(struct writer *w) {
    int error = flush(w);
    if (error)
        return error;
    if (w->size >= 0 && w->written != w->size)
        return EIO;
    if (fdatasync(w->fd) < 0)
        return errno;
    error = publish(w);
    if (error)
        return error;
    each_made_dir(w, sync_parent);
    return fsync(w->dir) < 0 ? errno : 0;
}

int local_commit(struct ctx *c, struct artifact_writer *head) {
    struct writer *w = (struct writer *)head;
    int error = finish(w);
    if (error)
        each_made_dir(w, remove_empty);
    release(w);
    return error ? local_fail(c, error, w->path) : 0;
}

void local_abort(struct artifact_writer *head) {
    struct writer *w = (struct writer *)head;
    each_made_dir(w, remove_empty);
    release(w);
}
