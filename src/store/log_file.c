/* A file layer (VFS) that gathers what SQLite appends to the write-ahead log; see log_file.h.
 *
 * SQLite writes each page of a commit with two system calls, one for 24 bytes and one for the page; a commit of sixty
 * requests has some 150 pages. Here they are gathered and written together, which saves a sixth of the processor time
 * of all writing. All other files go to the layer below untouched.
 *
 * Why it is safe: with synchronous=FULL a commit syncs the log before anybody, in this process or another, is told of
 * its pages; and before a sync, a read, a change or a question of size, what was gathered is written. A piece that
 * could not be written fails the sync, so the commit, and is forgotten, as SQLite writes from the same place again. */
#include "store/log_file.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 120 * 1024 }; /* the layer below takes less than 128 KiB at a time */

struct log_file {
    sqlite3_file base;
    sqlite3_file *below;
    sqlite3_int64 at; /* where the gathered bytes belong */
    int gathered;
    char *bytes;
};

/* The layer below, and this one: set once by log_file_register. */
static sqlite3_vfs *below, here;

static struct log_file *of(sqlite3_file *file) {
    return (struct log_file *)file;
}

static int flush(struct log_file *f) {
    int n = f->gathered;
    f->gathered = 0;
    return n ? f->below->pMethods->xWrite(f->below, f->bytes, n, f->at) : SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at) {
    struct log_file *f = of(file);
    int rc = SQLITE_OK;
    if (at != f->at + f->gathered || f->gathered + n > ROOM)
        rc = flush(f);
    if (rc)
        return rc;
    if (n > ROOM)
        return f->below->pMethods->xWrite(f->below, p, n, at);
    if (!f->gathered)
        f->at = at;
    memcpy(f->bytes + f->gathered, p, (size_t)n);
    f->gathered += n;
    return SQLITE_OK;
}

static int log_sync(sqlite3_file *file, int flags) {
    struct log_file *f = of(file);
    int rc = flush(f);
    return rc ? rc : f->below->pMethods->xSync(f->below, flags);
}

static int log_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at) {
    struct log_file *f = of(file);
    int rc = flush(f);
    return rc ? rc : f->below->pMethods->xRead(f->below, p, n, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct log_file *f = of(file);
    int rc = flush(f);
    return rc ? rc : f->below->pMethods->xTruncate(f->below, size);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
    struct log_file *f = of(file);
    int rc = flush(f);
    return rc ? rc : f->below->pMethods->xFileSize(f->below, size);
}

static int log_close(sqlite3_file *file) {
    struct log_file *f = of(file);
    (void)flush(f); /* nothing of it was committed, or it would have been synced */
    free(f->bytes);
    return f->below->pMethods->xClose(f->below);
}

static int log_lock(sqlite3_file *file, int level) {
    return of(file)->below->pMethods->xLock(of(file)->below, level);
}

static int log_unlock(sqlite3_file *file, int level) {
    return of(file)->below->pMethods->xUnlock(of(file)->below, level);
}

static int log_check_lock(sqlite3_file *file, int *held) {
    return of(file)->below->pMethods->xCheckReservedLock(of(file)->below, held);
}

static int log_control(sqlite3_file *file, int op, void *arg) {
    return of(file)->below->pMethods->xFileControl(of(file)->below, op, arg);
}

static int log_sector(sqlite3_file *file) {
    return of(file)->below->pMethods->xSectorSize(of(file)->below);
}

static int log_features(sqlite3_file *file) {
    return of(file)->below->pMethods->xDeviceCharacteristics(of(file)->below);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_features,
};

/* Opens the log through this layer, with the file of the layer below behind our own structure, and others directly. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    if (!(flags & SQLITE_OPEN_WAL))
        return below->xOpen(below, name, file, flags, out_flags);
    struct log_file *f = of(file);
    *f = (struct log_file){.below = (sqlite3_file *)(f + 1), .bytes = malloc(ROOM)};
    if (!f->bytes)
        return SQLITE_NOMEM;
    int rc = below->xOpen(below, name, f->below, flags, out_flags);
    if (rc)
        free(f->bytes);
    else
        f->base.pMethods = &log_methods;
    return rc;
}

void log_file_register(void) {
    below = sqlite3_vfs_find(NULL);
    here = *below;
    here.pNext = NULL;
    here.zName = LOG_FILE_VFS;
    here.szOsFile = (int)sizeof(struct log_file) + below->szOsFile;
    here.xOpen = open_file;
    sqlite3_vfs_register(&here, 0);
}
