/* millrace gc: removes for good what is marked deleted: runs, logged models, experiments, with their artifacts.
 *
 * First everything is looked up and checked, so a wrong id stops the command before it has removed anything. Then
 * artifacts go before the rows that name them: after a break the command can be run again. Same options and lines on
 * standard output as `mlflow gc`. */
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/command.h"
#include "artifact/place.h"
#include "artifact/uri.h"
#include "base/clock.h"
#include "base/num.h"
#include "store/list.h"
#include "store/q_gc.h"

/* What is asked for, and what it comes to. */
struct plan {
    const struct config *config;
    int64_t before; /* marked deleted at this time or earlier */
    struct str_list run_ids, model_ids, experiment_ids, job_ids;
    struct gc_list runs, models, experiments;
    struct str_list jobs; /* removed */
};

/* One removal inside its transaction. */
struct removal {
    enum gc_kind kind;
    struct str id;
};

static const char *const nouns[] = {[GC_RUN] = "Run", [GC_MODEL] = "Logged model", [GC_EXPERIMENT] = "Experiment"};

/* ---- options ---------------------------------------------------------------------------------------------- */

static struct str_list split_ids(struct arena *a, struct str text) {
    struct str_list list = {0};
    while (text.n) {
        ptrdiff_t comma = str_chr(text, ',');
        size_t n = comma < 0 ? text.n : (size_t)comma;
        struct str id = str_dup(a, str_trim(str_sub(text, 0, n)));
        if (id.n)
            LIST_ADD(a, &list, id);
        text = str_sub(text, n + 1, text.n);
    }
    return list;
}

/* Reads "2d8h5m20s", in this order, each part optional and perhaps with a fraction. */
static int read_age(struct ctx *c, struct str text, int64_t *ms) {
    static const struct {
        char unit;
        double ms;
    } units[] = {{'d', 86400e3}, {'h', 3600e3}, {'m', 60e3}, {'s', 1e3}};
    double total = 0, amount;
    struct str rest = text;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = 0;
        while (n < rest.n && (rest.p[n] == '.' || (rest.p[n] >= '0' && rest.p[n] <= '9')))
            n++;
        if (n == rest.n || rest.p[n] != units[i].unit || !num_parse_double(rest.p, n, &amount))
            continue;
        total += amount * units[i].ms;
        rest = str_sub(rest, n + 1, rest.n);
    }
    if (!text.n || rest.n || total > 1e15)
        return fail_invalid(c,
                            "Could not parse any time information from '%.*s'. Examples of valid strings: '8h', "
                            "'2d8h5m20s', '2m4s'",
                            STR_FMT(text));
    *ms = (int64_t)total;
    return 0;
}

static int read_options(struct ctx *c, const struct config *config, struct plan *p) {
    int64_t age = 0;
    int err = config->older_than.p ? read_age(c, config->older_than, &age) : 0;
    *p = (struct plan){
        .config = config,
        .before = clock_ms() - age,
        .run_ids = split_ids(c->arena, config->run_ids),
        .model_ids = split_ids(c->arena, config->logged_model_ids),
        .experiment_ids = split_ids(c->arena, config->experiment_ids),
        .job_ids = split_ids(c->arena, config->job_ids),
    };
    return err;
}

/* ---- what is to go ---------------------------------------------------------------------------------------- */

/* Those named on the command line must be deleted, and for long enough. */
static int check_item(struct ctx *c, const struct plan *p, enum gc_kind kind, const struct gc_item *item) {
    if (!item->deleted)
        return fail(c, ERR_INVALID_STATE, "%s %.*s is not in the deleted lifecycle stage; only what is can be removed",
                    nouns[kind], STR_FMT(item->id));
    if (p->config->older_than.n && item->since > p->before)
        return fail(c, ERR_INVALID_STATE, "%s %.*s is not older than the required age, %.*s", nouns[kind],
                    STR_FMT(item->id), STR_FMT(p->config->older_than));
    return 0;
}

static int find_named(struct ctx *c, const struct plan *p, enum gc_kind kind, const struct str_list *ids,
                      struct gc_list *out) {
    for (size_t i = 0; i < ids->n; i++) {
        struct gc_item item;
        int err = q_gc_one(c, kind, ids->v[i], &item);
        if (!err)
            err = check_item(c, p, kind, &item);
        if (err)
            return err;
        LIST_ADD(c->arena, out, item);
    }
    return 0;
}

static int find(struct ctx *c, const struct plan *p, enum gc_kind kind, const struct str_list *ids,
                struct gc_list *out) {
    *out = (struct gc_list){0};
    return ids->n ? find_named(c, p, kind, ids, out) : q_gc_deleted(c, kind, p->before, out);
}

static int order(const void *a, const void *b) {
    return str_cmp(((const struct gc_item *)a)->id, ((const struct gc_item *)b)->id);
}

/* Leaves one of those that were found twice: by themselves and with their experiment. */
static void remove_doubles(struct gc_list *list) {
    size_t n = 0;
    if (list->n)
        qsort(list->v, list->n, sizeof *list->v, order);
    for (size_t i = 0; i < list->n; i++)
        if (!n || !str_eq(list->v[n - 1].id, list->v[i].id))
            list->v[n++] = list->v[i];
    list->n = n;
}

/* Fills the plan; runs inside a read transaction. */
static int make_plan(struct ctx *c, void *arg) {
    struct plan *p = arg;
    int err = find(c, p, GC_RUN, &p->run_ids, &p->runs);
    if (!err)
        err = find(c, p, GC_MODEL, &p->model_ids, &p->models);
    if (!err)
        err = find(c, p, GC_EXPERIMENT, &p->experiment_ids, &p->experiments);
    for (size_t i = 0; !err && i < p->experiments.n; i++) {
        err = q_gc_of_experiment(c, GC_RUN, p->experiments.v[i].id, &p->runs);
        if (!err)
            err = q_gc_of_experiment(c, GC_MODEL, p->experiments.v[i].id, &p->models);
    }
    remove_doubles(&p->runs);
    remove_doubles(&p->models);
    return err;
}

/* ---- removing --------------------------------------------------------------------------------------------- */

static int remove_rows(struct ctx *c, void *arg) {
    const struct removal *r = arg;
    return q_gc_remove(c, r->kind, r->id);
}

/* Removes what lies at the place of one run or model. A location that does not name its owner is not touched: it could
 * hold anything. */
static int remove_artifacts(struct ctx *c, const struct app *app, const struct gc_item *item) {
    struct artifact_place place;
    if (!item->location.n)
        return 0;
    if (str_find(item->location, item->id) < 0)
        return fail_invalid(c, "the location does not belong to it alone");
    int err = place_open(c, item->location, app->artifacts, &place);
    if (err)
        return err;
    err = artifact_remove(c, place.root, place_path(c->arena, &place, STR("")));
    place_close(&place);
    return err;
}

/* Removes one with its artifacts. *kept: its artifacts could not be removed, so it stays. */
static int remove_item(struct ctx *c, const struct app *app, enum gc_kind kind, const struct gc_item *item,
                       bool *kept) {
    struct removal removal = {kind, item->id};
    int err = remove_artifacts(c, app, item);
    if (err) {
        log_warning("%s %.*s: artifacts at %.*s were not removed: %.*s", nouns[kind], STR_FMT(item->id),
                    STR_FMT(item->location), STR_FMT(c->message));
        /* MLflow goes on when the location is not valid */
        if (err != ERR_INVALID_PARAMETER) {
            *kept = true;
            return 0;
        }
    }
    err = store_write(c, app->store, remove_rows, &removal);
    if (!err)
        printf("%s with ID %.*s has been permanently deleted.\n", nouns[kind], STR_FMT(item->id));
    return err;
}

static int remove_all(struct ctx *c, const struct app *app, enum gc_kind kind, const struct gc_list *list, bool *kept) {
    int err = 0;
    for (size_t i = 0; !err && i < list->n; i++) {
        c->deadline = INT64_MAX;
        err = remove_item(c, app, kind, &list->v[i], kept);
    }
    return err;
}

static int remove_jobs(struct ctx *c, void *arg) {
    struct plan *p = arg;
    p->jobs = (struct str_list){0};
    return q_gc_remove_jobs(c, &p->job_ids, p->before, &p->jobs);
}

static int collect_jobs(struct ctx *c, const struct app *app, struct plan *p) {
    if (!app->config.jobs && !p->job_ids.n)
        return 0;
    int err = store_write(c, app->store, remove_jobs, p);
    for (size_t i = 0; !err && i < p->jobs.n; i++)
        printf("Job with ID %.*s has been permanently deleted.\n", STR_FMT(p->jobs.v[i]));
    return err;
}

/* Experiments stay while something of theirs had to. */
static int collect(struct ctx *c, const struct app *app, struct plan *p) {
    bool kept = false;
    int err = store_read(c, app->store, make_plan, p);
    if (!err)
        err = remove_all(c, app, GC_RUN, &p->runs, &kept);
    if (!err)
        err = remove_all(c, app, GC_MODEL, &p->models, &kept);
    if (!err && !kept)
        err = remove_all(c, app, GC_EXPERIMENT, &p->experiments, &kept);
    if (!err)
        err = collect_jobs(c, app, p);
    if (!err && kept)
        err = fail(c, ERR_INVALID_STATE, "not everything could be removed, see the warnings");
    return err;
}

static int run(struct ctx *c, struct config *config) {
    struct plan plan;
    struct app app = {.config = *config};
    int err = read_options(c, config, &plan);
    if (err)
        return err;
    c->app = &app;
    const struct store_options options = {.uri = config->backend_store_uri};
    err = store_open(c, &options, &app.store);
    if (!err)
        err = artifacts_open(c, config->artifacts_destination, 0, &app.artifacts);
    if (!err)
        err = collect(c, &app, &plan);
    artifacts_close(app.artifacts);
    store_close(app.store);
    return err == ERR_INVALID_PARAMETER ? ERR_INTERNAL : err;
}

const struct command command_gc = {
    .name = "gc",
    .summary = "Remove for good what is marked deleted: runs, experiments, logged models, with their artifacts.",
    .options = FOR_GC,
    .run = run,
};
