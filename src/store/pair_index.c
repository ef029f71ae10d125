/* Indexes on demand; see pair_index.h. The key is part of the statement: it is quoted here, and what is found by the
 * name is compared with the whole definition. */
#include "store/pair_index.h"

#include "base/buf.h"
#include "store/sqlite.h"

enum { MOST_INDEXES = 16, LONGEST_KEY = 1000 };

static bool can_have(struct str key) {
    return key.n <= LONGEST_KEY && str_chr(key, '\0') < 0;
}

static struct str quote(struct ctx *c, struct str key) {
    struct buf b = BUF_IN(c->arena);
    buf_char(&b, '\'');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '\'')
            buf_char(&b, '\'');
        buf_char(&b, key.p[i]);
    }
    buf_char(&b, '\'');
    return buf_end(&b);
}

static struct str name_of(struct ctx *c, const char *table, struct str key) {
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 0x100000001B3u;
    return str_fmt(c->arena, "millrace_pair_%s_%016lx", table, (unsigned long)h);
}

/* What follows "CREATE INDEX [IF NOT EXISTS] ". */
static struct str definition(struct ctx *c, const char *table, struct str name, struct str literal) {
    return str_fmt(c->arena, "%.*s ON %s (value, run_uuid) WHERE \"key\" = %.*s", STR_FMT(name), table,
                   STR_FMT(literal));
}

int pair_index_find(struct ctx *c, const char *table, struct str key, struct pair_index *out) {
    bool found = false;
    *out = (struct pair_index){0};
    if (!can_have(key))
        return OK;
    struct str name = name_of(c, table, key), literal = quote(c, key);
    struct str made = str_fmt(c->arena, "CREATE INDEX %.*s", STR_FMT(definition(c, table, name, literal)));
    int err = db_exists(c, &found, "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ? AND sql = ?", "ss",
                        name, made);
    if (found)
        *out = (struct pair_index){name, literal};
    return err;
}

static int take_count(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(int64_t *)arg = row_i64(r, 0);
    return OK;
}

int pair_index_want(struct ctx *c, const char *table, struct str key) {
    int64_t count = 0;
    bool found;
    if (!can_have(key))
        return OK;
    int err = db_one(c, &found, take_count, &count,
                     "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name GLOB 'millrace_pair_*'", "");
    if (err || count >= MOST_INDEXES)
        return err;
    struct str d = definition(c, table, name_of(c, table, key), quote(c, key));
    db_want_index(c, str_fmt(c->arena, "CREATE INDEX IF NOT EXISTS %.*s", STR_FMT(d)));
    return OK;
}
