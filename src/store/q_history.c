/* Histories; see q_history.h.
 *
 * Pages. A history is wanted in order of time, and MLflow's tables have no index that gives one run's points in that order:
 * the primary key (key, timestamp, step, run, value, is_nan) runs through the points of all runs that use the key, and
 * the index (run, key, step) knows no times. So:
 *
 * - The first page reads all points of the run and key by step (and, within a step, in the order they were added), and
 *   looks whether they come in order of time, as training loops write them. What fits into one page is sorted if it
 *   must be, and that was all.
 * - If they come in order, later pages go on by step from a remembered row: two index searches and a page of rows.
 * - If not (a run resumed at an earlier step, several writers), the page is what a selection of the smallest points
 *   leaves, and later pages read the primary key from a remembered point on, as long as most of what they meet is this
 *   run's; where many runs share key and time, they select again.
 *
 * The order of pages by step is that of the first look: a point added later with an earlier time comes where its step
 * is.
 *
 * Samples. They are wanted in order of step, so one pass over the index by step, without touching the table, finds the
 * rows; the table is read for the samples alone, and for all points of a step that holds a sample and more points. */
#include "store/q_history.h"

#include <stdlib.h>

#include "base/buf.h"

#define POINT_COLUMNS "timestamp, step, value, is_nan, rowid"
#define BY_STEP " FROM metrics INDEXED BY index_metrics_run_uuid_key_step WHERE run_uuid = ? AND key = ?"

/* Foreign points that a page may meet in the primary key, per point it wants. */
enum { FOREIGN_PER_POINT = 8 };

static struct point read_point(struct rows *r) {
    return (struct point){.timestamp = row_i64(r, 0), .step = row_i64(r, 1), .value = row_f64(r, 2),
                          .is_nan = row_i64(r, 3) != 0};
}

static int compare_points(const void *a, const void *b) {
    return point_cmp(a, b);
}

/* ---- selection ------------------------------------------------------------------------------------------ */

/* The smallest `limit` points of those shown to it. Holds up to twice as many between two sorts. */
struct selection {
    struct arena *arena;
    struct point *v;
    size_t n, cap, limit;
    bool sorted; /* v[0..n) is in order */
    bool full;   /* points after v[limit - 1] are not wanted any more */
};

static void selection_cut(struct selection *s) {
    if (!s->sorted)
        qsort(s->v, s->n, sizeof *s->v, compare_points);
    s->sorted = true;
    if (s->n >= s->limit) {
        s->n = s->limit;
        s->full = true;
    }
}

static void selection_room(struct selection *s) {
    size_t cap = s->cap ? s->cap * 2 : 1024;
    s->v = arena_grow(s->arena, s->v, s->cap * sizeof *s->v, cap * sizeof *s->v);
    s->cap = cap;
}

static void selection_add(struct selection *s, const struct point *p) {
    s->full |= s->sorted && s->n == s->limit;
    if (s->full && point_cmp(p, &s->v[s->limit - 1]) >= 0)
        return;
    if (s->n == s->cap) {
        if (s->limit <= s->n / 2)
            selection_cut(s);
        else
            selection_room(s);
    }
    if (s->n && point_cmp(&s->v[s->n - 1], p) > 0)
        s->sorted = false;
    s->v[s->n++] = *p;
}

/* ---- reading by step ------------------------------------------------------------------------------------ */

/* What one look at all points of a run and key finds. */
struct look {
    struct selection kept;
    struct point previous;
    bool any, in_order;
    int64_t row; /* of the last point but one that is kept, while they come in order */
};

/* Takes the next point by step. While points come in order the first `limit` are the smallest. */
static void look_at(struct look *l, const struct point *p, int64_t row) {
    if (l->any && l->in_order && point_cmp(&l->previous, p) > 0)
        l->in_order = false;
    l->any = true;
    l->previous = *p;
    if (l->in_order && l->kept.n + 1 < l->kept.limit)
        l->row = row;
    selection_add(&l->kept, p);
}

/* Looks at all points, but for those up to `after`, if that is not NULL. */
static int look_by_step(struct ctx *c, struct str run_id, struct str key, const struct point *after, struct look *l) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT " POINT_COLUMNS BY_STEP " ORDER BY step, rowid", "ss", run_id, key);
    if (err)
        return err;
    while ((err = rows_next(c, r)) == 1) {
        struct point p = read_point(r);
        if (!after || point_cmp(&p, after) > 0)
            look_at(l, &p, row_i64(r, 4));
    }
    rows_end(r);
    selection_cut(&l->kept);
    return err;
}

/* Adds the rows of a query until `limit` are there; the row before the last one becomes the cursor's. */
static int add_rows(struct ctx *c, struct rows *r, size_t limit, struct selection *s, struct history_cursor *at) {
    int err = OK;
    while (s->n < limit && (err = rows_next(c, r)) == 1) {
        if (s->n == s->cap)
            selection_room(s);
        s->v[s->n++] = read_point(r);
        if (s->n < limit)
            at->row = row_i64(r, 4);
    }
    rows_end(r);
    return err < 0 ? err : OK;
}

/* The page after the cursor's row: what is left of its step, then the later steps. */
static int page_by_step(struct ctx *c, struct str run_id, struct str key, struct history_cursor *at,
                        struct selection *s) {
    int64_t step = at->last.step, row = at->row;
    struct rows *r;
    int err = db_query(c, &r, "SELECT " POINT_COLUMNS BY_STEP " AND step = ? AND rowid > ? ORDER BY rowid", "ssii",
                       run_id, key, step, row);
    if (!err)
        err = add_rows(c, r, s->limit, s, at);
    if (!err && s->n < s->limit)
        err = db_query(c, &r, "SELECT " POINT_COLUMNS BY_STEP " AND step > ? ORDER BY step, rowid", "ssi", run_id,
                       key, step);
    if (!err && s->n < s->limit)
        err = add_rows(c, r, s->limit, s, at);
    return err;
}

/* ---- reading by time ------------------------------------------------------------------------------------ */

/* The page after the cursor's point, from the primary key. *done is false when too many points of other runs lie in
 * between. */
static int page_by_time(struct ctx *c, struct str run_id, struct str key, const struct history_cursor *at,
                        struct selection *s, bool *done) {
    struct rows *r;
    size_t foreign = 0, most = s->limit < SIZE_MAX / FOREIGN_PER_POINT ? s->limit * FOREIGN_PER_POINT : SIZE_MAX;
    int err = db_query(c, &r,
                       "SELECT timestamp, step, value, is_nan, run_uuid FROM metrics"
                       " INDEXED BY sqlite_autoindex_metrics_1 WHERE key = ? AND (timestamp, step) >= (?, ?)"
                       " ORDER BY timestamp, step, run_uuid, value, is_nan",
                       "sii", key, at->last.timestamp, at->last.step);
    if (err)
        return err;
    while (s->n < s->limit && foreign <= most && (err = rows_next(c, r)) == 1) {
        struct point p = read_point(r);
        if (!str_eq(row_str(r, 4), run_id))
            foreign++;
        else if (point_cmp(&p, &at->last) > 0)
            selection_add(s, &p);
    }
    rows_end(r);
    *done = foreign <= most;
    return err < 0 ? err : OK;
}

static int page_after_point(struct ctx *c, struct str run_id, struct str key, const struct history_cursor *at,
                            struct selection *s) {
    struct look l = {.kept = *s, .in_order = true};
    bool done;
    int err = page_by_time(c, run_id, key, at, s, &done);
    if (err || done)
        return err;
    l.kept.v = s->v;
    l.kept.cap = s->cap;
    err = look_by_step(c, run_id, key, &at->last, &l);
    *s = l.kept;
    return err;
}

/* ---- pages ---------------------------------------------------------------------------------------------- */

static int first_page(struct ctx *c, struct str run_id, struct str key, struct history_cursor *at,
                      struct selection *s) {
    struct look l = {.kept = *s, .in_order = true};
    int err = look_by_step(c, run_id, key, NULL, &l);
    *s = l.kept;
    at->mode = l.in_order ? HISTORY_BY_STEP : HISTORY_BY_TIME;
    at->row = l.row;
    return err;
}

/* A page in the middle, found by counting; the pages after it go by time. */
static int page_by_offset(struct ctx *c, struct str run_id, struct str key, struct history_cursor *at,
                          struct selection *s) {
    size_t skip = (size_t)at->offset;
    struct look l = {.kept = {.arena = c->arena, .limit = SIZE_MAX}, .in_order = true};
    int err = look_by_step(c, run_id, key, NULL, &l);
    if (skip > l.kept.n)
        skip = l.kept.n;
    s->v = l.kept.v + skip;
    s->n = l.kept.n - skip;
    at->mode = HISTORY_BY_TIME;
    return err;
}

int q_history_page(struct ctx *c, struct str run_id, struct str key, size_t limit, struct history_cursor *at,
                   struct point_list *out, bool *more) {
    struct selection s = {.arena = c->arena, .limit = limit < SIZE_MAX ? limit + 1 : limit, .sorted = true};
    int err = OK;
    switch (at->mode) {
    case HISTORY_START: err = first_page(c, run_id, key, at, &s); break;
    case HISTORY_OFFSET: err = page_by_offset(c, run_id, key, at, &s); break;
    case HISTORY_BY_TIME: err = page_after_point(c, run_id, key, at, &s); break;
    case HISTORY_BY_STEP: err = page_by_step(c, run_id, key, at, &s); break;
    }
    if (err)
        return err;
    *more = s.n > limit;
    *out = (struct point_list){s.v, *more ? limit : s.n};
    if (*more && out->n)
        at->last = out->v[out->n - 1];
    return OK;
}

/* ---- samples -------------------------------------------------------------------------------------------- */

size_t history_samples(size_t total, size_t wanted) {
    return total < wanted ? total : wanted;
}

size_t history_sample(size_t total, size_t wanted, size_t i) {
    size_t small = total / wanted, large_tiles = total % wanted;
    if (i + 1 == history_samples(total, wanted))
        return total - 1;
    return i < large_tiles ? i * (small + 1) : large_tiles + i * small;
}

/* An entry of the index by step. */
struct entry {
    int64_t step, row;
};

/* All entries of a run and key in the range of steps, and the points of one step that holds several of them. */
struct sampler {
    struct str run_id, key;
    struct buf entries;       /* struct entry, malloc'ed */
    struct selection group;   /* in order */
    size_t group_at, group_n; /* which entries they are */
};

static int read_entries(struct ctx *c, struct sampler *s, struct step_range steps) {
    struct rows *r;
    int err = db_query(c, &r, "SELECT step, rowid" BY_STEP " AND step BETWEEN ? AND ? ORDER BY step, rowid", "ssii",
                       s->run_id, s->key, steps.first, steps.last);
    if (err)
        return err;
    s->entries.n = 0;
    s->group_n = 0;
    while ((err = rows_next(c, r)) == 1) {
        struct entry e = {row_i64(r, 0), row_i64(r, 1)};
        buf_add(&s->entries, (const char *)&e, sizeof e);
    }
    rows_end(r);
    return err;
}

static int take_point(struct ctx *c, struct rows *r, void *arg) {
    (void)c;
    *(struct point *)arg = read_point(r);
    return OK;
}

/* Reads the points of the step that entries from..end hold. */
static int read_group(struct ctx *c, struct sampler *s, size_t from, size_t end) {
    const struct entry *e = (const struct entry *)s->entries.p;
    struct rows *r;
    int err = db_query(c, &r, "SELECT " POINT_COLUMNS BY_STEP " AND step = ?", "ssi", s->run_id, s->key, e[from].step);
    if (err)
        return err;
    s->group.n = 0;
    s->group.sorted = true;
    while ((err = rows_next(c, r)) == 1) {
        struct point p = read_point(r);
        selection_add(&s->group, &p);
    }
    rows_end(r);
    selection_cut(&s->group);
    s->group_at = from;
    s->group_n = end - from;
    return err;
}

/* The point with number `at` in order of step, time and value. */
static int read_sample(struct ctx *c, struct sampler *s, size_t at, struct point *out) {
    const struct entry *e = (const struct entry *)s->entries.p;
    size_t n = s->entries.n / sizeof *e, from = at, end = at + 1;
    bool found;
    int err = OK;
    if (at < s->group_at || at >= s->group_at + s->group_n) {
        while (from > 0 && e[from - 1].step == e[at].step)
            from--;
        while (end < n && e[end].step == e[at].step)
            end++;
        if (end - from == 1)
            return db_one(c, &found, take_point, out, "SELECT " POINT_COLUMNS " FROM metrics WHERE rowid = ?", "i",
                          e[at].row);
        err = read_group(c, s, from, end);
    }
    *out = err ? (struct point){0} : s->group.v[at - s->group_at];
    return err;
}

int q_history_sampled(struct ctx *c, struct str run_id, struct str key, struct step_range steps, size_t wanted,
                      struct point_list *out) {
    struct arena *scratch = arena_new();
    struct sampler s = {.run_id = run_id, .key = key, .group = {.arena = scratch, .limit = SIZE_MAX}};
    int err = read_entries(c, &s, steps);
    size_t total = s.entries.n / sizeof(struct entry), n = history_samples(total, wanted);
    out->v = ARENA_ARRAY(c->arena, struct point, n);
    out->n = n;
    for (size_t i = 0; i < n && !err; i++)
        err = read_sample(c, &s, history_sample(total, wanted, i), &out->v[i]);
    buf_free(&s.entries);
    arena_free(scratch);
    return err;
}
