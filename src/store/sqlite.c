/* Connections of SQLite: how they are opened, set up and closed, and what their errors mean; see sqlite.h. Queries are
 * in query.c.
 *
 * The settings that MLflow's own engine makes for every session are made here too, since rows depend on them:
 * foreign keys are enforced (cascades!) and LIKE tells case apart. Durability is SQLite's strictest for WAL, on which
 * log_file.c relies. */
#include "store/sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/log_file.h"

enum {
    READER_STATEMENTS = 96,
    WRITER_STATEMENTS = 192,
    PROGRESS_OPS = 20000, /* steps of SQLite's machine between two looks at the clock: some tenths of a millisecond */
};

/* Settings of every connection, then those of each role. */
static const char common_setup[] = "PRAGMA foreign_keys=ON;"
                                   "PRAGMA case_sensitive_like=ON;"
                                   "PRAGMA synchronous=FULL;"
                                   "PRAGMA secure_delete=OFF;"
                                   "PRAGMA trusted_schema=OFF;"
                                   "PRAGMA wal_autocheckpoint=0;";

static const struct {
    const char *setup;
    size_t statements;
} roles[] = {
    /* Savepoints of the writer keep their undo pages in memory with temp_store=MEMORY. */
    [ROLE_WRITER] = {"PRAGMA cache_size=-8000;PRAGMA temp_store=MEMORY;", WRITER_STATEMENTS},
    [ROLE_READER] = {"PRAGMA cache_size=-4000;PRAGMA query_only=ON;", READER_STATEMENTS},
    [ROLE_KEEPER] = {"PRAGMA cache_size=-64;", 4},
};

static void start_library(void) {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* its counters would be one lock around every allocation */
    sqlite3_initialize();
    log_file_register();
}

static int past_deadline(void *arg) {
    const struct db *d = arg;
    return d->deadline && clock_monotonic_ms() > d->deadline;
}

/* Why the file cannot be opened, from the system's point of view. */
static int fail_open(struct ctx *c, const struct store_place *place, bool create) {
    struct stat st;
    if (stat(place->path.p, &st)) {
        if (errno == ENOENT && !create)
            return fail(c, ERR_INVALID_STATE, "The database '%s' does not exist", place->path.p);
        if (errno != ENOENT)
            return fail(c, ERR_INVALID_STATE, "Cannot open the database '%s': %m", place->path.p);
        return fail(c, ERR_INVALID_STATE, "Cannot create the database '%s': its directory cannot be written",
                    place->path.p);
    }
    if (S_ISDIR(st.st_mode))
        return fail(c, ERR_INVALID_STATE, "Cannot open the database '%s': it is a directory", place->path.p);
    if (access(place->path.p, R_OK | W_OK))
        return fail(c, ERR_INVALID_STATE, "Cannot open the database '%s': %m", place->path.p);
    return fail(c, ERR_INVALID_STATE, "Cannot open the database '%s'", place->path.p);
}

/* Turns a failure of the first accesses into a message for the operator. */
static int fail_setup(struct ctx *c, struct db *d, const struct store_place *place, int rc) {
    int n = (int)place->uri.n;
    switch (rc & 0xFF) {
    case SQLITE_NOTADB:
        return fail(c, ERR_INVALID_STATE, "The file of '%.*s' is not a SQLite database", n, place->uri.p);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail(c, ERR_INVALID_STATE, "The database of '%.*s' or its directory cannot be written", n, place->uri.p);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(c, ERR_TEMPORARILY_UNAVAILABLE, "The database of '%.*s' is held by another process", n,
                    place->uri.p);
    default:
        return fail(c, ERR_INVALID_STATE, "Cannot use the database of '%.*s': %s", n, place->uri.p,
                    sqlite3_errmsg(d->handle));
    }
}

static int note_pages(void *arg, int columns, char **values, char **names) {
    (void)columns;
    (void)names;
    *(bool *)arg = values[0] && strcmp(values[0], "0") != 0;
    return 0;
}

/* Puts the writer's database into WAL mode, and looks into the file for the first time: is it a database at all? An
 * empty file has nothing that a rollback journal on disk could save, and needs some syncs less without. */
static int set_up_log(struct db *d) {
    bool pages = true;
    int rc = sqlite3_exec(d->handle, "PRAGMA page_count", note_pages, &pages, NULL);
    if (!rc && !pages)
        rc = sqlite3_exec(d->handle, "PRAGMA journal_mode=MEMORY", NULL, NULL, NULL);
    if (!rc)
        rc = sqlite3_exec(d->handle, "PRAGMA journal_mode=WAL;SELECT 1 FROM sqlite_master", NULL, NULL, NULL);
    return rc;
}

static int set_up(struct db *d) {
    int rc = sqlite3_exec(d->handle, common_setup, NULL, NULL, NULL);
    if (!rc)
        rc = sqlite3_exec(d->handle, roles[d->role].setup, NULL, NULL, NULL);
    return rc || d->role != ROLE_WRITER ? rc : set_up_log(d);
}

int conn_open(struct ctx *c, const struct store_place *place, enum db_role role, bool create, int64_t wait_ms,
              struct db **out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    struct db *d = calloc(1, sizeof *d);
    must(d);
    d->role = role;
    d->statements = statements_new(roles[role].statements);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= (create ? SQLITE_OPEN_CREATE : 0) | (place->native ? SQLITE_OPEN_URI : 0);
    if (sqlite3_open_v2(place->file.p, &d->handle, flags, role == ROLE_WRITER ? LOG_FILE_VFS : NULL)) {
        conn_close(d);
        return place->memory ? fail(c, ERR_INTERNAL, "Cannot open a database in memory") : fail_open(c, place, create);
    }
    sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(d->handle, (int)wait_ms);
    int rc = set_up(d);
    if (rc) {
        rc = fail_setup(c, d, place, rc);
        conn_close(d);
        return rc;
    }
    if (role == ROLE_READER)
        sqlite3_progress_handler(d->handle, PROGRESS_OPS, past_deadline, d);
    *out = d;
    return 0;
}

void conn_close(struct db *d) {
    if (!d)
        return;
    conn_end_rows(d);
    statements_free(d->statements);
    sqlite3_close(d->handle);
    free(d->wanted);
    free(d);
}

int conn_script(struct ctx *c, struct db *d, const char *script) {
    int rc = sqlite3_exec(d->handle, script, NULL, NULL, NULL);
    return rc ? conn_fail(c, d, rc) : 0;
}

int conn_fail(struct ctx *c, struct db *d, int rc) {
    const char *text = sqlite3_errmsg(d->handle);
    switch (rc & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(c, ERR_RETRY, "The database is held by another process");
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID)
            return fail(c, ERR_ALREADY_EXISTS, "The database refuses a second such row: %s", text);
        return fail(c, ERR_BAD_REQUEST, "The database refuses the row: %s", text);
    case SQLITE_TOOBIG: return fail(c, ERR_BAD_REQUEST, "A value is too long for the database");
    case SQLITE_INTERRUPT: return fail(c, ERR_DEADLINE, "The query took longer than the request may");
    case SQLITE_FULL: return fail(c, ERR_TEMPORARILY_UNAVAILABLE, "The database cannot grow: the disk is full");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return fail(c, ERR_TEMPORARILY_UNAVAILABLE, "The database cannot be used: %s", text);
    default: return fail(c, ERR_INTERNAL, "The database reports an error: %s", text);
    }
}
