/* Opening files beneath a directory, and only there. The one place that turns a client's path into a descriptor. */
#pragma once
#include <sys/types.h>

#include "base/str.h"

/* Opens `path` (relative, "" is the directory itself) beneath the directory `root`; nothing in it, `..` or link, leads
 * out, and links of /proc are not followed. Gives a descriptor with O_CLOEXEC, or -1 with errno: EXDEV or ELOOP for
 * what would lead out. On kernels without openat2 no link at all is followed. */
int beneath_open(int root, struct str path, int flags);

/* Opens the directory that holds `path`, for reading and syncing; *base is the last part. */
int beneath_parent(int root, struct str path, struct str *base);
