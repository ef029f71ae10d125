/* Removing artifacts from a local directory, and clearing what a crash left there. Called through the table of local.c
 * and by garbage collection. No link is followed: a link is removed itself. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifact/beneath.h"
#include "artifact/local.h"
#include "artifact/path.h"

enum { DEPTH_MAX = 200 };

static int remove_entry(int parent, const char *name, int depth);

/* Empties the directory `fd` and closes it. An errno or 0. */
static int remove_contents(int fd, int depth) {
    DIR *d = fdopendir(fd);
    if (!d) {
        int error = errno;
        close(fd);
        return error;
    }
    int error = 0;
    for (struct dirent *e; !error && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            error = remove_entry(fd, e->d_name, depth + 1);
    closedir(d);
    return error;
}

/* Removes a file, or a directory with all it holds. What is gone is fine. */
static int remove_entry(int parent, const char *name, int depth) {
    if (depth > DEPTH_MAX)
        return ENAMETOOLONG;
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return errno;
    int refused = errno;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR ? refused : errno == ENOENT ? 0 : errno;
    int error = remove_contents(fd, depth);
    if (error)
        return error;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

/* The root itself: of a served one only the contents. */
static int remove_root(const struct local *l, int root) {
    int fd = beneath_open(root, STR(""), O_RDONLY | O_DIRECTORY);
    int error = fd < 0 ? errno : remove_contents(fd, 0);
    if (!error && !l->served && rmdir(l->path) < 0 && errno != ENOENT && errno != ENOTEMPTY)
        error = errno;
    return error;
}

static int remove_beneath(struct ctx *c, int root, struct str path) {
    struct str base;
    int parent = beneath_parent(root, path, &base);
    if (parent < 0)
        return errno == ENOTDIR ? ENOENT : errno;
    int error = remove_entry(parent, str_dup(c->arena, base).p, 0);
    if (!error && fsync(parent) < 0)
        error = errno;
    close(parent);
    return error;
}

int local_remove(struct ctx *c, struct artifacts *a, struct str path) {
    const struct local *l = (const struct local *)a;
    if (local_reserved(path))
        return 0;
    int root = local_root(l, false);
    int error = root < 0 ? errno : path.n == 0 ? remove_root(l, root) : remove_beneath(c, root, path);
    if (root >= 0)
        close(root);
    return error && error != ENOENT ? local_fail(c, error, path) : 0;
}

void local_clear_staging(int root) {
    int fd = openat(root, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        int file = openat(fd, e->d_name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0)
            continue;
        if (flock(file, LOCK_EX | LOCK_NB) == 0)
            unlinkat(fd, e->d_name, 0);
        close(file);
    }
    closedir(d);
}
