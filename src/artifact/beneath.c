/* Opening beneath a directory; see beneath.h. Invariant: every descriptor given out was reached from `root` without
 * leaving it, judged by the kernel while it walks, so no race with a link being made can lead out. */
#include "artifact/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "artifact/path.h"

enum { RACE_RETRIES = 16 };

static int open_kernel(int root, const char *path, int flags) {
    struct open_how how = {
        .flags = (__u64)(unsigned)flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    for (int i = 0;; i++) {
        int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0 || i == RACE_RETRIES || (errno != EAGAIN && errno != EINTR))
            return fd;
    }
}

/* Part by part, following no link. */
static int open_walking(int root, char *path, int flags) {
    int dir = root;
    for (char *part = path;;) {
        char *slash = strchr(part, '/');
        if (slash)
            *slash = '\0';
        if (strcmp(part, "..") == 0) {
            errno = EXDEV;
            return -1;
        }
        int how = slash ? O_PATH | O_DIRECTORY : flags;
        int fd = openat(dir, part, how | O_NOFOLLOW | O_CLOEXEC);
        int saved = errno;
        if (dir != root)
            close(dir);
        errno = saved;
        if (fd < 0 || !slash)
            return fd;
        dir = fd;
        part = slash + 1;
    }
}

int beneath_open(int root, struct str path, int flags) {
    char z[PATH_MAX];
    if (path.n >= sizeof z || str_chr(path, '\0') >= 0) {
        errno = path.n >= sizeof z ? ENAMETOOLONG : EINVAL;
        return -1;
    }
    if (path.n)
        memcpy(z, path.p, path.n);
    else
        z[path.n++] = '.';
    z[path.n] = '\0';
    int fd = open_kernel(root, z, flags | O_CLOEXEC);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_walking(root, z, flags);
    return fd;
}

int beneath_parent(int root, struct str path, struct str *base) {
    *base = path_base(path);
    return beneath_open(root, path_dir(path), O_RDONLY | O_DIRECTORY);
}
