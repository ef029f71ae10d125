/* Unit tests of the model registry and logged models: the rules of names and sources, and on a store in memory version
 * numbers under concurrent writers, what a rename and a deletion carry along, prompts, and pages of searches against
 * the same search in one piece. */
#include "suite.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/app.h"
#include "service/aliases.h"
#include "service/logged_models.h"
#include "service/models.h"
#include "service/registry_rules.h"
#include "service/registry_tags.h"
#include "service/search_logged_models.h"
#include "service/search_registry.h"
#include "service/version_source.h"
#include "service/versions.h"
#include "store/store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- rules ---------------------------------------------------------------------------------------------- */

static void names_of_models(void **state) {
    (void)state;
    static const char *const good[] = {"m", "a b", ".x", "a.b", "ünï", "%", "'\""};
    static const char *const bad[] = {"", " ", "a/b", "a:b", ".", "..", "..x"};
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(model_name_check(c, str_of(good[i])), OK);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(model_name_check(c, str_of(bad[i])), ERR_INVALID_PARAMETER);
    assert_int_equal(model_new_name_check(c, STR(" ")), ERR_INVALID_PARAMETER);
    assert_str(c->message, "Missing value for required parameter 'new_name'.");
    test_ctx_free(c);
}

static void names_of_aliases(void **state) {
    (void)state;
    static const char *const good[] = {"champion", "v", "v1a", "Ä-1_x", "1"};
    static const char *const bad[] = {"", "a b", "a.b", "a/b", "é!"};
    static const char *const reserved[] = {"latest", "LATEST", "v1", "V22"};
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(alias_name_check(c, str_of(good[i])), OK);
        assert_int_equal(alias_name_check_reserved(c, str_of(good[i])), OK);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(alias_name_check(c, str_of(bad[i])), ERR_INVALID_PARAMETER);
    for (size_t i = 0; i < COUNT(reserved); i++)
        assert_int_equal(alias_name_check_reserved(c, str_of(reserved[i])), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void versions_and_stages_are_read(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    struct str stage;
    int64_t v;
    assert_int_equal(version_parse(c, STR(" 12 "), &v), OK);
    assert_int_equal(v, 12);
    assert_int_equal(version_parse(c, STR("+7"), &v), OK);
    assert_int_equal(v, 7);
    assert_int_equal(version_parse(c, STR("1.5"), &v), ERR_INVALID_PARAMETER);
    assert_int_equal(version_parse(c, STR(""), &v), ERR_INVALID_PARAMETER);
    assert_int_equal(stage_parse(c, STR("pRoduction"), &stage), OK);
    assert_str(stage, "Production");
    assert_true(stage_is_active(stage));
    assert_int_equal(stage_parse(c, STR("none"), &stage), OK);
    assert_false(stage_is_active(stage));
    assert_int_equal(stage_parse(c, STR("Deleted_Internal"), &stage), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void model_uris_are_taken_apart(void **state) {
    (void)state;
    static const char *const bad[] = {"",           "models:",       "models:/",    "models:x",
                                      "runs:/a/1",  "models:/a/b/c", "models:/ /1", "models:/a/",
                                      "models:/a@", "models:/a/1/"};
    struct model_uri u;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(model_uri_parse(str_of(bad[i]), &u));
    assert_true(model_uri_parse(STR("models:/m-1"), &u));
    assert_str(u.model_id, "m-1");
    assert_true(model_uri_parse(STR("models:/a b/12?x=1"), &u));
    assert_str(u.name, "a b");
    assert_str(u.version, "12");
    assert_true(model_uri_parse(STR("models:/a/Latest"), &u));
    assert_true(u.name.n == 1 && !u.version.p && !u.stage.p && !u.alias.p);
    assert_true(model_uri_parse(STR("models:/a/staging"), &u));
    assert_str(u.stage, "staging");
    assert_true(model_uri_parse(STR("models:/a@b@c"), &u));
    assert_str(u.name, "a@b");
    assert_str(u.alias, "c");
}

/* ---- a store in memory ---------------------------------------------------------------------------------- */

struct fixture {
    struct ctx *c;
    struct store *store;
    struct app app;
};

typedef int (*service)(struct ctx *c, const void *req, void *res);

struct call {
    service serve;
    const void *req;
    void *res;
    size_t size;
};

static int run_call(struct ctx *c, void *arg) {
    struct call *call = arg;
    memset(call->res, 0, call->size);
    return call->serve(c, call->req, call->res);
}

#define WRITE_IN(ctx, st, fn, req_, res_)                                                                              \
    store_write((ctx), (st), run_call, &(struct call){(service)(void *)(fn), (req_), (res_), sizeof *(res_)})
#define WRITE(f, fn, req_, res_) WRITE_IN((f)->c, (f)->store, fn, req_, res_)
#define READ(f, fn, req_, res_)                                                                                        \
    store_read((f)->c, (f)->store, run_call, &(struct call){(service)(void *)(fn), (req_), (res_), sizeof *(res_)})

/* A request, protected from being taken apart by the macros above. */
#define OF(T, ...) (&(struct T){__VA_ARGS__})

#define assert_ok(c, call)                                                                                             \
    do {                                                                                                               \
        int rc_ = (call);                                                                                              \
        if (rc_)                                                                                                       \
            fail_msg("%d: %.*s", rc_, STR_FMT((c)->message));                                                          \
    } while (0)

static int add_experiment(struct ctx *c, void *arg) {
    (void)arg;
    int err = db_run(c, NULL,
                     "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, workspace)"
                     " VALUES (0, 'Default', 's3://b', 'active', 'default') ON CONFLICT DO NOTHING",
                     "");
    if (err)
        return err;
    return db_run(c, NULL,
                  "INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id)"
                  " VALUES ('r', 'r', 'RUNNING', 'active', 0)",
                  "");
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->c = test_ctx();
    f->c->app = &f->app;
    assert_ok(f->c,
              store_open(f->c, &(struct store_options){.uri = STR("sqlite:///:memory:"), .create = true}, &f->store));
    f->app.store = f->store;
    assert_ok(f->c, store_write(f->c, f->store, add_experiment, NULL));
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    test_ctx_free(f->c);
    free(f);
    return 0;
}

static void create_model(struct fixture *f, const char *name) {
    struct RegisteredModelResponse res;
    assert_ok(f->c, WRITE(f, model_create, OF(CreateRegisteredModel, .name = str_of(name)), &res));
}

static int create_version(struct ctx *c, struct store *s, const char *name, struct str *number) {
    struct CreateModelVersion req = {.name = str_of(name), .source = STR("s3://bucket/model")};
    struct ModelVersionResponse res;
    int err = WRITE_IN(c, s, version_create, &req, &res);
    if (!err)
        *number = res.model_version->version;
    return err;
}

/* ---- registry ------------------------------------------------------------------------------------------- */

enum { THREADS = 8, EACH = 25 };

struct racer {
    struct fixture *f;
    pthread_t thread;
    int numbers[EACH];
};

static void *race(void *arg) {
    struct racer *r = arg;
    for (int i = 0; i < EACH; i++) {
        struct ctx *c = test_ctx();
        struct str number = STR("0");
        c->app = &r->f->app;
        if (create_version(c, r->f->store, "raced", &number) == OK)
            r->numbers[i] = atoi(number.p);
        test_ctx_free(c);
    }
    return NULL;
}

static void numbers_count_up_while_writers_race(void **state) {
    struct fixture *f = *state;
    struct racer racers[THREADS] = {0};
    bool seen[THREADS * EACH + 1] = {0};
    create_model(f, "raced");
    for (int i = 0; i < THREADS; i++) {
        racers[i].f = f;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(racers[i].thread, NULL);
    for (int i = 0; i < THREADS * EACH; i++) {
        int n = racers[i / EACH].numbers[i % EACH];
        assert_in_range(n, 1, THREADS * EACH);
        assert_false(seen[n]);
        seen[n] = true;
    }
}

static void a_deleted_number_is_not_given_again(void **state) {
    struct fixture *f = *state;
    struct str number = {0};
    struct Empty none;
    struct ModelVersionResponse res;
    create_model(f, "m");
    for (int i = 0; i < 2; i++)
        assert_ok(f->c, create_version(f->c, f->store, "m", &number));
    struct SetRegisteredModelAlias alias = {.name = STR("m"), .alias = STR("a"), .version = STR("2")};
    assert_ok(f->c, WRITE(f, alias_set, &alias, &none));
    assert_ok(f->c, WRITE(f, version_delete, OF(DeleteModelVersion, STR("m"), STR("2")), &none));
    assert_int_equal(READ(f, version_get, OF(GetModelVersion, STR("m"), STR("2")), &res), ERR_NOT_FOUND);
    assert_int_equal(READ(f, alias_get, OF(GetModelVersionByAlias, STR("m"), STR("a")), &res), ERR_INVALID_PARAMETER);
    assert_ok(f->c, create_version(f->c, f->store, "m", &number));
    assert_str(number, "3");
}

static int count_orphans(struct ctx *c, void *arg) {
    return db_exists(c, arg,
                     "SELECT 1 FROM model_versions WHERE name = 'old' UNION ALL"
                     " SELECT 1 FROM model_version_tags WHERE name = 'old' UNION ALL"
                     " SELECT 1 FROM registered_model_tags WHERE name = 'old' UNION ALL"
                     " SELECT 1 FROM registered_model_aliases WHERE name = 'old'",
                     "");
}

static void add_everything(struct fixture *f, const char *name) {
    struct str number = {0}, model = str_of(name);
    struct Empty none;
    create_model(f, name);
    assert_ok(f->c, create_version(f->c, f->store, name, &number));
    assert_ok(f->c, WRITE(f, model_tag_set, OF(SetRegisteredModelTag, model, STR("k"), STR("v")), &none));
    assert_ok(f->c, WRITE(f, version_tag_set, OF(SetModelVersionTag, model, STR("1"), STR("k"), STR("v")), &none));
    assert_ok(f->c, WRITE(f, alias_set, OF(SetRegisteredModelAlias, model, STR("a"), STR("1")), &none));
}

static void a_rename_carries_all_along(void **state) {
    struct fixture *f = *state;
    struct RegisteredModelResponse res;
    struct ModelVersionResponse version;
    bool orphans = true;
    add_everything(f, "old");
    create_model(f, "taken");
    assert_int_equal(WRITE(f, model_rename, OF(RenameRegisteredModel, STR("old"), STR("taken")), &res),
                     ERR_ALREADY_EXISTS);
    assert_ok(f->c, WRITE(f, model_rename, OF(RenameRegisteredModel, STR("old"), STR("new")), &res));
    assert_int_equal(res.registered_model->tags.n, 1);
    assert_int_equal(res.registered_model->latest_versions.v[0].tags.n, 1);
    assert_ok(f->c, READ(f, alias_get, OF(GetModelVersionByAlias, STR("new"), STR("a")), &version));
    assert_str(version.model_version->name, "new");
    assert_ok(f->c, store_read(f->c, f->store, count_orphans, &orphans));
    assert_false(orphans);
}

static void a_deletion_leaves_nothing(void **state) {
    struct fixture *f = *state;
    struct Empty none;
    bool orphans = true;
    add_everything(f, "old");
    assert_ok(f->c, WRITE(f, model_delete, OF(DeleteRegisteredModel, STR("old")), &none));
    assert_ok(f->c, store_read(f->c, f->store, count_orphans, &orphans));
    assert_false(orphans);
    assert_int_equal(WRITE(f, model_delete, OF(DeleteRegisteredModel, STR("old")), &none), ERR_NOT_FOUND);
}

static void archiving_moves_the_others_alone(void **state) {
    struct fixture *f = *state;
    struct str number = {0};
    struct ModelVersionResponse res;
    struct GetLatestVersionsResponse latest;
    create_model(f, "m");
    for (int i = 1; i <= 3; i++) {
        assert_ok(f->c, create_version(f->c, f->store, "m", &number));
        struct TransitionModelVersionStage to = {
            .name = STR("m"), .version = number, .stage = STR("production"), .archive_existing_versions = BOOL(i == 3)};
        assert_ok(f->c, WRITE(f, version_transition, &to, &res));
    }
    assert_ok(f->c, READ(f, model_latest_versions, OF(GetLatestVersions, .name = STR("m")), &latest));
    assert_int_equal(latest.model_versions.n, 2);
    assert_str(latest.model_versions.v[0].current_stage, "Archived");
    assert_str(latest.model_versions.v[0].version, "2");
    assert_str(latest.model_versions.v[1].version, "3");
}

static size_t count_models(struct fixture *f, const char *filter) {
    struct SearchRegisteredModelsResponse res;
    assert_ok(f->c, READ(f, models_search, OF(SearchRegisteredModels, .filter = str_of(filter)), &res));
    return res.registered_models.n;
}

static void prompts_are_found_when_asked_for(void **state) {
    struct fixture *f = *state;
    struct RegisteredModelTag tag = {STR("mlflow.prompt.is_prompt"), STR("true")};
    struct RegisteredModelResponse res;
    create_model(f, "model");
    assert_ok(f->c, WRITE(f, model_create, OF(CreateRegisteredModel, .name = STR("prompt"), .tags = {&tag, 1}), &res));
    assert_int_equal(count_models(f, ""), 1);
    assert_int_equal(count_models(f, "tags.`mlflow.prompt.is_prompt` = 'true'"), 1);
    assert_int_equal(count_models(f, "tags.`mlflow.prompt.is_prompt` != 'false' AND name = 'prompt'"), 1);
    assert_int_equal(count_models(f, "tags.`mlflow.prompt.is_prompt` != 'true' AND name LIKE '%o%'"), 1);
    assert_int_equal(count_models(f, "name = 'prompt'"), 0);
}

/* ---- pages of logged models ----------------------------------------------------------------------------- */

/* Forty models with up to four values of a metric each, on two datasets or none, many of them equal or missing. */
static int add_models(struct ctx *c, void *arg) {
    int err = OK;
    (void)arg;
    srand(7);
    for (int i = 0; i < 40 && !err; i++) {
        struct str id = str_fmt(c->arena, "m-%02d", i);
        err = db_run(c, NULL,
                     "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
                     " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage) VALUES (?, 0, ?, "
                     "'s', ?, 1, 2, ?)",
                     "ssis", id, str_fmt(c->arena, "n%d", i % 5), (int64_t)(i / 3),
                     i % 9 ? STR("active") : STR("deleted"));
        for (int k = rand() % 5; k > 0 && !err; k--)
            err = db_run(c, NULL,
                         "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step,"
                         " metric_value, experiment_id, run_id, dataset_name, dataset_digest) VALUES (?, 'acc', ?, ?, "
                         "?, 0, 'r', ?, 'd')",
                         "siids", id, (int64_t)(rand() % 2), (int64_t)k, (double)(rand() % 4) / 4,
                         k % 2    ? STR("test")
                         : k == 4 ? (struct str){0}
                                  : STR("train"));
    }
    return err;
}

/* The names of all pages of `limit` models, one after the other. */
static struct str all_pages(struct fixture *f, struct SearchLoggedModels req, int64_t limit) {
    struct buf all = BUF_IN(f->c->arena);
    struct SearchLoggedModelsResponse res;
    req.max_results = I64(limit);
    do {
        assert_ok(f->c, READ(f, logged_models_search, &req, &res));
        assert_in_range(res.models.n, 0, limit);
        for (size_t i = 0; i < res.models.n; i++)
            buf_fmt(&all, "%.*s ", STR_FMT(res.models.v[i].info->model_id));
        req.page_token = res.next_page_token;
    } while (req.page_token.n);
    return buf_end(&all);
}

static void pages_of_logged_models_join_up(void **state) {
    struct fixture *f = *state;
    static const char *const filters[] = {"", "metrics.acc > 0.3", "metrics.acc <= 0.5 AND name != 'n1'",
                                          "NOT metrics.acc > 0.6"};
    struct str experiment = STR("0");
    struct SearchLoggedModelsDataset dataset = {.dataset_name = STR("test")};
    struct SearchLoggedModelsOrderBy orders[][2] = {
        {{.field_name = STR("metrics.acc"), .ascending = BOOL(false)}},
        {{.field_name = STR("metrics.acc"), .ascending = BOOL(true)}},
        {{.field_name = STR("metrics.acc"), .dataset_name = STR("test"), .ascending = BOOL(false)}},
        {{.field_name = STR("metrics.acc"), .dataset_name = STR("train")}, {.field_name = STR("name")}},
        {{.field_name = STR("name"), .ascending = BOOL(false)}, {.field_name = STR("metrics.acc")}},
    };
    assert_ok(f->c, store_write(f->c, f->store, add_models, NULL));
    for (size_t i = 0; i < COUNT(filters) * (COUNT(orders) + 1) * 2; i++) {
        size_t by = i / COUNT(filters) % (COUNT(orders) + 1);
        bool on = i / COUNT(filters) / (COUNT(orders) + 1);
        struct SearchLoggedModels req = {
            .experiment_ids = {&experiment, 1},
            .filter = str_of(filters[i % COUNT(filters)]),
            .datasets = {&dataset, on ? 1 : 0},
        };
        if (by < COUNT(orders))
            req.order_by = (struct SearchLoggedModelsOrderBy_list){orders[by], orders[by][1].field_name.p ? 2 : 1};
        struct str whole = all_pages(f, req, 1000);
        for (int64_t limit = 1; limit < 8; limit += 2)
            assert_str(all_pages(f, req, limit), whole.p);
    }
}

int main(void) {
#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_models),
        cmocka_unit_test(names_of_aliases),
        cmocka_unit_test(versions_and_stages_are_read),
        cmocka_unit_test(model_uris_are_taken_apart),
        STORE_TEST(numbers_count_up_while_writers_race),
        STORE_TEST(a_deleted_number_is_not_given_again),
        STORE_TEST(a_rename_carries_all_along),
        STORE_TEST(a_deletion_leaves_nothing),
        STORE_TEST(archiving_moves_the_others_alone),
        STORE_TEST(prompts_are_found_when_asked_for),
        STORE_TEST(pages_of_logged_models_join_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
