/* SQL of the noun model version; see q_versions.h. */
#include "store/q_versions.h"

#include "base/num.h"
#include "store/list.h"

static int fail_absent(struct ctx *c, struct str name, int64_t version) {
    return fail(c, ERR_NOT_FOUND, "Model Version (name=%.*s, version=%ld) not found", STR_FMT(name), (long)version);
}

void q_version_row(struct ctx *c, struct rows *r, int col, struct ModelVersion *out) {
    struct str message = row_dup(c, r, col + 10);
    int status = enum_value_of(&ModelVersionStatus_enum, row_str(r, col + 9));
    out->name = row_dup(c, r, col);
    out->version = str_fmt(c->arena, "%ld", (long)row_i64(r, col + 1));
    out->creation_timestamp = I64(row_i64(r, col + 2));
    out->last_updated_timestamp = (struct opt_i64){row_i64(r, col + 3), !row_null(r, col + 3)};
    out->user_id = row_dup(c, r, col + 4);
    out->current_stage = row_dup(c, r, col + 5);
    out->description = row_dup(c, r, col + 6);
    out->source = row_dup(c, r, col + 7);
    out->run_id = row_dup(c, r, col + 8);
    out->status = (struct opt_enum){status, status > 0};
    if (message.n)
        out->status_message = message;
    out->run_link = row_dup(c, r, col + 11);
}

static int take(struct ctx *c, struct rows *r, void *arg) {
    q_version_row(c, r, 0, arg);
    return OK;
}

int q_version_get(struct ctx *c, struct str name, int64_t version, struct ModelVersion *out) {
    bool found;
    int err = db_one(
        c, &found, take, out,
        "SELECT " VERSION_COLUMNS("v") " FROM model_versions v"
                                       " WHERE v.workspace = ? AND v.name = ? AND v.version = ? AND " VERSION_LIVE("v"),
        "ssi", c->workspace, name, version);
    return err ? err : found ? OK : fail_absent(c, name, version);
}

int q_version_check(struct ctx *c, struct str name, int64_t version) {
    bool found;
    int err = db_exists(c, &found,
                        "SELECT 1 FROM model_versions v"
                        " WHERE v.workspace = ? AND v.name = ? AND v.version = ? AND " VERSION_LIVE("v"),
                        "ssi", c->workspace, name, version);
    return err ? err : found ? OK : fail_absent(c, name, version);
}

int q_version_by_alias(struct ctx *c, struct str name, struct str alias, bool *found, struct ModelVersion *out) {
    return db_one(
        c, found, take, out,
        "SELECT " VERSION_COLUMNS("v") " FROM registered_model_aliases a JOIN model_versions v"
                                       " ON v.workspace = a.workspace AND v.name = a.name AND v.version = a.version"
                                       " WHERE a.workspace = ? AND a.name = ? AND a.alias = ? AND " VERSION_LIVE("v"),
        "sss", c->workspace, name, alias);
}

int q_version_last(struct ctx *c, struct str name, bool *found, struct ModelVersion *out) {
    return db_one(c, found, take, out,
                  "SELECT " VERSION_COLUMNS("v") " FROM model_versions v WHERE v.workspace = ? AND v.name = ?"
                                                 " AND " VERSION_LIVE("v") " ORDER BY v.version DESC LIMIT 1",
                  "ss", c->workspace, name);
}

/* The first or last version of the model in stage g.stage: bind workspace and name. coalesce keeps the database from
 * walking through all versions in order of the primary key. */
#define END_OF_STAGE(which)                                                                                            \
    "(SELECT " which "(t.version) FROM model_versions t WHERE coalesce(t.workspace, '') = ? AND t.name = ? AND "       \
                     "t.current_stage = g.stage)"

/* The latest version of each stage g.stage. */
#define LATEST                                                                                                         \
    "SELECT " VERSION_COLUMNS(                                                                                         \
        "v") " FROM (SELECT 'None' AS stage UNION ALL SELECT 'Staging' UNION ALL SELECT 'Production' UNION ALL SELECT" \
             " 'Archived') g CROSS JOIN model_versions v ON v.workspace = ? AND v.name = ? AND v.version"              \
             " = " END_OF_STAGE("max") " ORDER BY "

int q_versions_latest(struct ctx *c, struct str name, enum latest_order order, struct ModelVersion_list *out) {
    struct rows *r;
    struct str w = c->workspace;
    int err = order == LATEST_BY_STAGE
                  ? db_query(c, &r, LATEST "g.stage", "ssss", w, name, w, name)
                  : db_query(c, &r, LATEST END_OF_STAGE("min"), "ssssss", w, name, w, name, w, name);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct ModelVersion v = {0};
        q_version_row(c, r, 0, &v);
        LIST_ADD(c->arena, out, v);
    }
    rows_end(r);
    return err;
}

static int take_number(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return OK;
}

int q_version_next(struct ctx *c, struct str name, int64_t *version) {
    bool found;
    int64_t top = 0;
    int err =
        db_one(c, &found, take_number, &top, "SELECT max(version) FROM model_versions WHERE workspace = ? AND name = ?",
               "ss", c->workspace, name);
    *version = top + 1;
    return err;
}

int q_version_insert(struct ctx *c, const struct ModelVersion *v, int64_t version, struct str storage_location) {
    return db_run(c, NULL,
                  "INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, description,"
                  " user_id, current_stage, source, run_id, status, status_message, run_link, storage_location)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ssiiisssssssss", c->workspace, v->name, version, v->creation_timestamp.v,
                  v->last_updated_timestamp.v, v->description, v->user_id, v->current_stage, v->source, v->run_id,
                  str_of(enum_name(&ModelVersionStatus_enum, v->status.v)), v->status_message, v->run_link,
                  storage_location);
}

int q_version_describe(struct ctx *c, struct str name, int64_t version, struct str description, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE model_versions SET description = ?, last_updated_time = ?"
                  " WHERE workspace = ? AND name = ? AND version = ?",
                  "sissi", description, now, c->workspace, name, version);
}

int q_version_set_stage(struct ctx *c, struct str name, int64_t version, struct str stage, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE model_versions SET current_stage = ?, last_updated_time = ?"
                  " WHERE workspace = ? AND name = ? AND version = ?",
                  "sissi", stage, now, c->workspace, name, version);
}

int q_versions_archive(struct ctx *c, struct str name, struct str stage, int64_t but, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE model_versions SET current_stage = 'Archived', last_updated_time = ?"
                  " WHERE workspace = ? AND name = ? AND current_stage = ? AND version <> ?",
                  "isssi", now, c->workspace, name, stage, but);
}

int q_version_redact(struct ctx *c, struct str name, int64_t version, int64_t now) {
    return db_run(c, NULL,
                  "UPDATE model_versions SET current_stage = 'Deleted_Internal', last_updated_time = ?,"
                  " description = NULL, user_id = NULL, source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID',"
                  " run_link = 'REDACTED-RUN-LINK', status_message = NULL"
                  " WHERE workspace = ? AND name = ? AND version = ?",
                  "issi", now, c->workspace, name, version);
}

static int take_location(struct ctx *c, struct rows *r, void *arg) {
    struct str stored = row_dup(c, r, 0);
    *(struct str *)arg = stored.n ? stored : row_dup(c, r, 1);
    return OK;
}

int q_version_location(struct ctx *c, struct str name, int64_t version, struct str *out) {
    bool found;
    int err = db_one(c, &found, take_location, out,
                     "SELECT v.storage_location, v.source FROM model_versions v"
                     " WHERE v.workspace = ? AND v.name = ? AND v.version = ? AND " VERSION_LIVE("v"),
                     "ssi", c->workspace, name, version);
    return err ? err : found ? OK : fail_absent(c, name, version);
}

/* ---- tags ----------------------------------------------------------------------------------------------- */

static int load_tags(struct ctx *c, struct ModelVersion *v) {
    struct rows *r;
    int64_t version;
    must(num_parse_int(v->version.p, v->version.n, &version));
    int err =
        db_query(c, &r, "SELECT key, value FROM model_version_tags WHERE workspace = ? AND name = ? AND version = ?",
                 "ssi", c->workspace, v->name, version);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1)
        LIST_ADD(c->arena, &v->tags, (struct ModelVersionTag){row_dup(c, r, 0), row_dup(c, r, 1)});
    rows_end(r);
    return err;
}

int q_versions_load_tags(struct ctx *c, struct ModelVersion *v, size_t n) {
    int err = OK;
    for (size_t i = 0; i < n && !err; i++)
        err = load_tags(c, &v[i]);
    return err;
}

int q_version_tag_set(struct ctx *c, struct str name, int64_t version, struct str key, struct str value) {
    return db_run(c, NULL,
                  "INSERT INTO model_version_tags (workspace, name, version, key, value) VALUES (?, ?, ?, ?, ?)"
                  " ON CONFLICT (workspace, key, name, version) DO UPDATE SET value = excluded.value",
                  "ssiss", c->workspace, name, version, key, value);
}

int q_version_tag_delete(struct ctx *c, struct str name, int64_t version, struct str key) {
    return db_run(c, NULL,
                  "DELETE FROM model_version_tags WHERE workspace = ? AND name = ? AND version = ? AND key = ?", "ssis",
                  c->workspace, name, version, key);
}
