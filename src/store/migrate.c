/* The schema of a database: created, recognised, upgraded; see migrate.h.
 *
 * MLflow's tables at its newest revision are the text of schema/, made in one transaction. Which revisions are older
 * is known by name, so that a database of an older MLflow is told from one of a newer. */
#include "store/migrate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite.h"

/* Made from schema/ while building. */
extern const char schema_sql[];
extern const char indexes_sql[];

/* Every revision of MLflow's schema before SCHEMA_REVISION, newest first. */
static const char older_revisions[] =
    "75868b020152 b7e2c1a4d9f3 17e22815139b 1971f2d9a75b 6f8d9c3b2a1e c3d9e7f1a2b4 c1d2e3f4a5b6 a8b9c0d1e2f3 "
    "b7e4c1a90f23 89d3d66ed43f da6fb0208061 7d34483879f0 ae8bbe7743c9 a5b4c3d2e1f0 c3d6457b6d8a 76601a5f987d "
    "e1f2a3b4c5d6 1b5f0d9ad7c1 c8d9e0f1a2b3 d0e1f2a3b4c5 d3e4f5a6b7c8 2c33131f4dae c9d4e5f6a7b8 5d2d30f0abce "
    "b7c8d9e0f1a2 1bd49d398cd23 bf29a5ff90ea 3da73c924c2f 71994744cf8e 534353b11cbc 1a0cddfcaa16 de4033877273 "
    "a1b2c3d4e5f6 770bee3ae1dd cbc13b556ace bda7b8c39065 6953534de441 400f98739977 0584bdc529eb f5a4f2784254 "
    "4465047574b1 5b0e9adcef9c 867495a8f9d4 acf3f17fdcc7 2d6e25af4d3e 7f2a7d5fae7d 3500859a5d39 97727af70f4d "
    "cc1f77228345 0c779009ac13 bd07f7e963c5 c48cb773bb87 39d1c3be5f05 a8c4a736bde6 84291f40a231 27a6a02d2cf1 "
    "728d730b5ebd 0a8213491aaa cfd24bdc0731 2b4d017a5e9b 89d4b8295536 7ac759974ad8 df50e92ffc5e 181f10493468 "
    "90e64c465722 451aebb31d03 ";

/* What a database turned out to hold. */
enum contents { CONTENTS_EMPTY, CONTENTS_FOREIGN, CONTENTS_MLFLOW };

struct found {
    enum contents contents;
    struct str revision;
};

static int take_str(struct ctx *c, struct rows *r, void *arg) {
    *(struct str *)arg = row_dup(c, r, 0);
    return 0;
}

/* Finds out what the database holds. A table of revisions alone is what an interrupted migration leaves: empty. */
static int inspect(struct ctx *c, struct found *out) {
    bool tables = false, versions = false, revision = false;
    *out = (struct found){0};
    int rc = db_exists(c, &tables,
                       "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "
                       "AND name NOT LIKE 'alembic~_%' ESCAPE '~'",
                       "");
    if (!rc && tables)
        rc = db_exists(c, &versions, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
                       "");
    if (!rc && versions)
        rc = db_one(c, &revision, take_str, &out->revision, "SELECT version_num FROM alembic_version", "");
    if (!rc)
        out->contents = !tables ? CONTENTS_EMPTY : revision ? CONTENTS_MLFLOW : CONTENTS_FOREIGN;
    return rc;
}

static bool is_older(struct str revision) {
    char word[40];
    if (revision.n > 32)
        return false;
    snprintf(word, sizeof word, "%.*s ", STR_FMT(revision));
    return revision.n > 1 && strstr(older_revisions, word) != NULL;
}

/* Fails unless the revision is ours. */
static int check_revision(struct ctx *c, struct str revision, struct str uri) {
    if (str_is(revision, SCHEMA_REVISION))
        return 0;
    if (is_older(revision))
        return fail(c, ERR_INVALID_STATE,
                    "The database schema is out of date (revision %.*s, needed: " SCHEMA_REVISION
                    "). Take a backup, then run: millrace db upgrade %.*s",
                    STR_FMT(revision), STR_FMT(uri));
    return fail(c, ERR_INVALID_STATE,
                "The database schema has revision %.*s, which this version does not know (it needs " SCHEMA_REVISION
                "). If it is older, take a backup and run: millrace db upgrade %.*s",
                STR_FMT(revision), STR_FMT(uri));
}

static int fail_foreign(struct ctx *c, struct str uri) {
    return fail(c, ERR_INVALID_STATE,
                "The database of '%.*s' belongs to another program: it has tables, but not MLflow's", STR_FMT(uri));
}

/* Makes all tables inside the transaction that is open, unless another process was first. */
static int create_tables(struct ctx *c, struct db *d) {
    struct found found;
    int rc = inspect(c, &found);
    if (rc || found.contents != CONTENTS_EMPTY)
        return rc;
    rc = conn_script(c, d, "DROP TABLE IF EXISTS alembic_version");
    if (!rc)
        rc = conn_script(c, d, schema_sql);
    return rc ? rc : conn_script(c, d, indexes_sql);
}

static int create_schema(struct ctx *c, struct db *d) {
    int rc = conn_step(d, "BEGIN IMMEDIATE");
    if (rc)
        return conn_fail(c, d, rc);
    rc = create_tables(c, d);
    conn_end_rows(d);
    if (!rc) {
        rc = conn_step(d, "COMMIT");
        rc = rc ? conn_fail(c, d, rc) : 0;
    }
    if (rc && conn_in_transaction(d))
        (void)!conn_step(d, "ROLLBACK");
    return rc;
}

/* schema_check with c->db set. */
static int check(struct ctx *c, struct db *d, struct str uri, bool create) {
    struct found found;
    int rc = inspect(c, &found);
    if (!rc && found.contents == CONTENTS_EMPTY) {
        if (!create)
            return fail(c, ERR_INVALID_STATE, "The database of '%.*s' is empty", STR_FMT(uri));
        rc = create_schema(c, d);
        if (!rc)
            rc = inspect(c, &found);
    }
    if (rc)
        return rc;
    return found.contents == CONTENTS_MLFLOW ? check_revision(c, found.revision, uri) : fail_foreign(c, uri);
}

int schema_check(struct ctx *c, struct db *d, struct str uri, bool create) {
    c->db = d;
    int rc = check(c, d, uri, create);
    conn_end_rows(d);
    c->db = NULL;
    if (rc == ERR_RETRY)
        rc = fail(c, ERR_TEMPORARILY_UNAVAILABLE, "The database of '%.*s' is held by another process", STR_FMT(uri));
    return rc;
}

/* Cuts the next statement off our list of indexes, without the comment before it; absent at the end. */
static struct str next_statement(struct str *list) {
    ptrdiff_t start = str_find(*list, STR("\nCREATE ")), end;
    if (start < 0)
        return (struct str){0};
    struct str rest = str_sub(*list, (size_t)start + 1, list->n);
    end = str_chr(rest, ';');
    must(end > 0);
    *list = str_sub(rest, (size_t)end, rest.n);
    return str_sub(rest, 0, (size_t)end);
}

/* The name in "CREATE INDEX IF NOT EXISTS name ON ...". */
static struct str index_name(struct str statement) {
    ptrdiff_t at = str_find(statement, STR("millrace_"));
    must(at > 0);
    struct str rest = str_sub(statement, (size_t)at, statement.n);
    return str_sub(rest, 0, strcspn(rest.p, " \n"));
}

static char *text_of(struct ctx *c, struct str s) {
    return memcpy(arena_alloc(c->arena, s.n + 1), s.p, s.n);
}

int schema_missing_indexes(struct ctx *c, struct db *d, char ***out) {
    struct str list = str_of(indexes_sql), statement;
    size_t n = 0, most = list.n / 32 + 1;
    int rc = 0;
    *out = ARENA_ARRAY(c->arena, char *, most);
    c->db = d;
    while (!rc && (statement = next_statement(&list)).p) {
        bool found = false;
        rc = db_exists(c, &found, "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?", "s",
                       index_name(statement));
        if (!rc && !found)
            (*out)[n++] = text_of(c, statement);
        must(n < most);
    }
    conn_end_rows(d);
    c->db = NULL;
    return rc;
}

int store_upgrade(struct ctx *c, struct str uri) {
    struct store_place place;
    struct found found;
    struct db *d;
    int rc = store_place_parse(c, uri, &place);
    if (!rc)
        rc = conn_open(c, &place, ROLE_WRITER, true, 60000, &d);
    if (rc)
        return rc;
    c->db = d;
    rc = inspect(c, &found);
    c->db = NULL;
    if (!rc && found.contents == CONTENTS_MLFLOW && !str_is(found.revision, SCHEMA_REVISION))
        rc = fail(c, ERR_INVALID_STATE,
                  "Cannot upgrade the database from schema revision %.*s to " SCHEMA_REVISION
                  " yet; upgrade it with MLflow 3.17 first",
                  STR_FMT(found.revision));
    if (!rc)
        rc = schema_check(c, d, uri, true);
    conn_close(d);
    return rc;
}

static int insert_default(struct ctx *c, void *arg) {
    const struct str *location = arg;
    int64_t now = clock_ms();
    return db_run(c, NULL,
                  "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
                  "last_update_time, workspace) VALUES (0, 'Default', ?, 'active', ?, ?, 'default') "
                  "ON CONFLICT (experiment_id) DO NOTHING",
                  "sii", *location, now, now);
}

static int has_default(struct ctx *c, void *arg) {
    return db_exists(c, arg, "SELECT 1 FROM experiments WHERE experiment_id = 0", "");
}

int store_ensure_default_experiment(struct ctx *c, struct store *s, struct str location) {
    bool found = false;
    int rc = store_read(c, s, has_default, &found);
    return rc || found ? rc : store_write(c, s, insert_default, &location);
}
