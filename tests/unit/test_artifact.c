/* Unit tests of the artifact room: paths, URIs, locations, MIME types, the local store. */
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifact/artifact.h"
#include "artifact/mime.h"
#include "artifact/path.h"
#include "artifact/place.h"
#include "artifact/uri.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- paths ---- */

static void dangerous_paths_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "..",           "../x",           "a/../b",           "a/..",        "/etc/passwd", "//x",       "%2e%2e/x",
        "a%2f..%2fx",   "a%252f..%252fx", "%25252e%25252e/x", "%2fetc",      "..%2f..",     "C:/x",      "c:\\x",
        "\\\\host\\s",  "..\\x",          "a\\..\\b",         "a/..\\b",     "%5c%5chost",  "file:/etc", "file:///etc",
        "file://h/etc", "file:../x",      "file:..",          "file%3a/etc", "a%00b",       "\xff\xfe",  "C%3A/x",
        "a/%2e%2e",     "a/.%2e/b",
    };
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct str out;
        if (path_check(c, str_of(bad[i]), &out) != ERR_INVALID_PARAMETER)
            fail_msg("accepted \"%s\"", bad[i]);
        assert_str(c->message, "Invalid path");
    }
    struct str out;
    assert_int_equal(path_check(c, STR("a\0b"), &out), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

static void ordinary_names_are_kept_as_they_are(void **state) {
    (void)state;
    static const char *const good[] = {
        "",        "a.txt", "a/b/c", "m n.json", "100%.txt", "a#b",  "a?b", "a%20b", "\xc3\xa4/\xe6\x97\xa5.txt",
        "..a/b..", "...",   "a\\b",  "x:y",      "file:a",   "a//b", "./a", "%",     "%zz",
        "a+b",     "~",     "C:x",
    };
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(good); i++) {
        struct str out = {0};
        if (path_check(c, str_of(good[i]), &out) != 0)
            fail_msg("refused \"%s\"", good[i]);
        assert_str(out, good[i]);
    }
    struct str out;
    assert_int_equal(path_check(c, STR("a\nb\x7f"), &out), 0);
    assert_str(out, "a%0ab%7f");
    test_ctx_free(c);
}

static void paths_get_a_normal_form(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {".", ""},
        {"a", "a"},
        {"a/", "a"},
        {"a//b/./c/", "a/b/c"},
        {"./a", "a"},
        {"a/../b", "b"},
        {"../a", "../a"},
        {"a/..", ""},
        {"a/b/../../..", ".."},
        {"..", ".."},
        {"../../x", "../../x"},
        {"../..", "../.."},
        {"../x/..", ".."},
    };
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(path_normal(c->arena, str_of(cases[i][0])), cases[i][1]);
    assert_str(path_base(STR("a/b/c.txt")), "c.txt");
    assert_str(path_base(STR("a/")), "");
    assert_str(path_dir(STR("a/b//c")), "a/b");
    assert_str(path_dir(STR("c")), "");
    assert_str(path_join(c->arena, STR("a/"), STR("b")), "a/b");
    assert_str(path_join(c->arena, STR(""), STR("b")), "b");
    assert_str(path_join(c->arena, STR("a"), STR("")), "a");
    assert_int_equal(path_check_unique(c, STR("")), 0);
    assert_int_equal(path_check_unique(c, STR("a/b")), 0);
    assert_int_equal(path_check_unique(c, STR("a/./b")), ERR_INVALID_PARAMETER);
    assert_int_equal(path_check_unique(c, STR("a/b/")), ERR_INVALID_PARAMETER);
    test_ctx_free(c);
}

/* ---- URIs ---- */

static void paths_are_appended_to_uris(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"s3://b/x?q=1", "y", "s3://b/x/y?q=1"},
        {"s3://b", "0", "s3://b/0"},
        {"mlflow-artifacts:/", "0", "mlflow-artifacts:/0"},
        {"mlflow-artifacts:/0", "/r/artifacts", "mlflow-artifacts:/0/r/artifacts"},
        {"mlflow-artifacts://host:5000/a", "b", "mlflow-artifacts://host:5000/a/b"},
        {"file:/a/b", "c", "file:///a/b/c"},
        {"file:///a/b/", "c", "file:///a/b/c"},
        {"file:rel", "c", "file:rel/c"},
        {"./mlruns", "0", "./mlruns/0"},
        {"/abs//x/", "/y", "/abs//x/y"},
        {"", "x", "x"},
        {"x", "", "x/"},
        {"http://h/p;x?q#f", "y", "http://h/p/y;x?q#f"},
        {"dbfs:/a", "b", "dbfs:/a/b"},
        {"abfss://fs@acc.example/p?a=b", "c", "abfss://fs@acc.example/p/c?a=b"},
        {"s3:/b/c", "d", "s3:/b/c/d"},
        {"FILE:/a", "b", "file:///a/b"},
        {"a b#c", "d", "a b#c/d"},
        {"gs://b/a#frag", "d", "gs://b/a/d#frag"},
        {"file:", "x", "file:x"},
    };
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(uri_append_path(c->arena, str_of(cases[i][0]), str_of(cases[i][1])), cases[i][2]);
    test_ctx_free(c);
}

static void local_uris_are_resolved(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"./mlruns", "/tmp/mlruns"},
        {"a//b/./c/../d", "/tmp/a/b/c/../d"},
        {"/abs/x", "/abs/x"},
        {"file:rel/x", "file:///tmp/rel/x"},
        {"file:./rel?x=1", "file:///tmp/rel?x=1"},
        {"file:///abs", "file:///abs"},
        {"s3://b/x", "s3://b/x"},
        {"databricks", "databricks"},
        {"", "/tmp"},
        {"mlflow-artifacts:/x", "mlflow-artifacts:/x"},
        {"a%20b", "/tmp/a b"},
        {".", "/tmp"},
    };
    struct ctx *c = test_ctx();
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir("/tmp"), 0);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(uri_resolve_local(c->arena, str_of(cases[i][0])), cases[i][1]);
    assert_int_equal(chdir(before), 0);
    free(before);
    assert_str(uri_local_path(c->arena, STR("file:///a%20b")), "/a b");
    assert_str(uri_local_path(c->arena, STR("file://localhost/x")), "/x");
    assert_str(uri_local_path(c->arena, STR("/p%41")), "/pA");
    assert_null(uri_local_path(c->arena, STR("file://host/x")).p);
    assert_null(uri_local_path(c->arena, STR("s3://b/x")).p);
    test_ctx_free(c);
}

static void proxied_uris_name_a_path(void **state) {
    (void)state;
    struct ctx *c = test_ctx();
    assert_true(uri_is_proxied(STR("mlflow-artifacts:/1/a")));
    assert_true(uri_is_proxied(STR("HTTP://h/x")));
    assert_false(uri_is_proxied(STR("/http")));
    assert_false(uri_is_proxied(STR("s3://b")));
    assert_str(uri_proxied_path(c->arena, STR("mlflow-artifacts:/1/a/artifacts")), "1/a/artifacts");
    assert_str(uri_proxied_path(c->arena, STR("mlflow-artifacts://h:5000//1/a")), "1/a");
    assert_str(uri_proxied_path(c->arena, STR("http://h/api/2.0/mlflow-artifacts/artifacts/1/a")), "1/a");
    assert_null(uri_proxied_path(c->arena, STR("http://h/elsewhere")).p);
    assert_str(uri_default_root(STR("s3://b"), true, STR("sqlite:///x")), "s3://b");
    assert_str(uri_default_root(STR(""), true, STR("sqlite:///x")), "mlflow-artifacts:/");
    assert_str(uri_default_root(STR(""), false, STR("sqlite:///x")), "./mlruns");
    assert_str(uri_default_root(STR(""), false, STR("/data/mlruns")), "/data/mlruns");
    test_ctx_free(c);
}

static void locations_of_clients_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *uri, *part;
    } bad[] = {
        {"s3://b/x#f", "URL can't include fragments or params."},
        {"http://h/p;x", "URL can't include fragments or params."},
        {"/a#b", "URL can't include fragments or params."},
        {"s3://b/x?y=/../z", "Invalid query string"},
        {"s3://b/x?y=%252e%252e", "Invalid query string"},
        {"http://h/x", "'artifact_location' cannot use the 'http' scheme: the 'http' scheme addresses a host"},
        {"hdfs://h/x", "'hdfs' scheme"},
        {"FTP:///x", "'ftp' scheme"},
        {"mlflow-artifacts://h/x", "'mlflow-artifacts' scheme"},
        {"runs:/x/y", "Artifact location cannot be a runs:/ URI. Given: 'runs:/x/y'"},
        {"file://host/x", "is not a valid remote uri"},
    };
    static const char *const good[] = {"s3://b/x?y=1", "/a/b",    "rel",           "file:///a", "mlflow-artifacts:/a",
                                       "gs://b/c",     "dbfs:/x", "wasbs://c@h/x", ""};
    struct ctx *c = test_ctx();
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(artifact_location_check(c, str_of(bad[i].uri), "artifact_location"), ERR_INVALID_PARAMETER);
        if (str_find(c->message, str_of(bad[i].part)) < 0)
            fail_msg("%s: %.*s", bad[i].uri, STR_FMT(c->message));
    }
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(artifact_location_check(c, str_of(good[i]), "artifact_location"), 0);
    char longest[2050];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(artifact_location_check(c, (struct str){longest, 2048}, "f"), 0);
    assert_int_equal(artifact_location_check(c, (struct str){longest, 2049}, "f"), ERR_INVALID_PARAMETER);
    assert_int_equal(setenv("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "ftp, hdfs", 1), 0);
    assert_int_equal(artifact_location_check(c, STR("hdfs://h/x"), "f"), 0);
    assert_int_equal(artifact_location_check(c, STR("http://h/x"), "f"), ERR_INVALID_PARAMETER);
    unsetenv("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
    test_ctx_free(c);
}

static void types_follow_names(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"a.txt", "text/plain"},
        {"MLmodel", "text/plain"},
        {"mlproject", "text/plain"},
        {"MLproject", "application/octet-stream"},
        {"x/y/a.json", "text/plain"},
        {"a.csv", "text/plain"},
        {"conda.yaml", "text/plain"},
        {"a.py", "text/plain"},
        {"a.png", "image/png"},
        {"a.JPG", "image/jpeg"},
        {"a.svg", "image/svg+xml"},
        {"a.html", "text/html"},
        {"a.pdf", "application/pdf"},
        {"model.pkl", "application/octet-stream"},
        {"a", "application/octet-stream"},
        {"a.tar.gz", "application/x-tar"},
        {"a.csv.gz", "text/csv"},
        {".json", "application/octet-stream"},
        {"a.MD", "text/markdown"},
        {"a.webp", "image/webp"},
        {"log", "text/plain"},
        {"a.", "application/octet-stream"},
        {"", "application/octet-stream"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(mime_type(str_of(cases[i][0])), cases[i][1]);
}

/* ---- the local store ---- */

struct fixture {
    struct ctx *c;
    struct artifacts *a;
    char base[64]; /* holds the root and what lies outside of it */
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static struct str root_of(const struct fixture *f) {
    return str_fmt(f->c->arena, "%s/root", f->base);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    f->c = test_ctx();
    strcpy(f->base, "/tmp/test_artifact.XXXXXX");
    *state = f;
    if (!mkdtemp(f->base))
        return -1;
    return artifacts_open(f->c, root_of(f), ARTIFACT_SERVE, &f->a);
}

static int teardown(void **state) {
    struct fixture *f = *state;
    artifacts_close(f->a);
    nftw(f->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    test_ctx_free(f->c);
    free(f);
    return 0;
}

static int put(struct fixture *f, const char *path, struct str content) {
    struct artifact_writer *w;
    int err = artifact_begin(f->c, f->a, str_of(path), (int64_t)content.n, &w);
    if (!err)
        err = artifact_append(f->c, w, content.p, content.n);
    return err ? err : artifact_commit(f->c, w);
}

static struct str get(struct fixture *f, const char *path) {
    struct artifact_file file;
    if (artifact_read(f->c, f->a, str_of(path), &file))
        return (struct str){0};
    char *p = arena_alloc(f->c->arena, file.size + 1);
    ssize_t n = read(file.fd, p, file.size);
    close(file.fd);
    return (struct str){p, (size_t)n};
}

/* Names in a directory of the real file system, all of them. */
static size_t entries(const char *path) {
    size_t n = 0;
    DIR *d = opendir(path);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return d ? n - 2 : 0;
}

static void files_are_written_replaced_and_read(void **state) {
    struct fixture *f = *state;
    assert_int_equal(put(f, "1/run/artifacts/a.txt", STR("one")), 0);
    assert_str(get(f, "1/run/artifacts/a.txt"), "one");
    assert_int_equal(put(f, "1/run/artifacts/a.txt", STR("second")), 0);
    assert_str(get(f, "1/run/artifacts/a.txt"), "second");
    assert_int_equal(put(f, "empty", STR("")), 0);
    assert_str(get(f, "empty"), "");
    assert_int_equal(put(f, "m n #%41?\xc3\xa4/\xe6\x97\xa5 %.txt", STR("x")), 0);
    assert_str(get(f, "m n #%41?\xc3\xa4/\xe6\x97\xa5 %.txt"), "x");
    struct stat st;
    assert_int_equal(stat(str_fmt(f->c->arena, "%.*s/empty", STR_FMT(root_of(f))).p, &st), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
}

static void large_files_keep_every_byte(void **state) {
    struct fixture *f = *state;
    size_t n = (20 << 20) + 12345;
    unsigned char *data = malloc(n);
    for (size_t i = 0; i < n; i++)
        data[i] = (unsigned char)(i * 2654435761u >> 13);
    struct artifact_writer *w;
    assert_int_equal(artifact_begin(f->c, f->a, STR("big"), ARTIFACT_UNKNOWN_SIZE, &w), 0);
    for (size_t i = 0, step = 1; i < n; i += step, step = step * 7 % 400009 + 1) {
        if (step > n - i)
            step = n - i;
        assert_int_equal(artifact_append(f->c, w, (char *)data + i, step), 0);
    }
    assert_int_equal(artifact_commit(f->c, w), 0);
    struct str got = get(f, "big");
    assert_int_equal(got.n, n);
    assert_memory_equal(got.p, data, n);
    free(data);
}

static void a_broken_upload_leaves_nothing(void **state) {
    struct fixture *f = *state;
    struct artifact_writer *w;
    assert_int_equal(artifact_begin(f->c, f->a, STR("new/dir/x"), 10, &w), 0);
    assert_int_equal(artifact_append(f->c, w, "abc", 3), 0);
    artifact_abort(w);
    assert_int_equal(entries(root_of(f).p), 0);
    assert_int_equal(artifact_begin(f->c, f->a, STR("new/dir/x"), 10, &w), 0);
    assert_int_equal(artifact_append(f->c, w, "abc", 3), 0);
    assert_int_equal(artifact_commit(f->c, w), ERR_INTERNAL);
    assert_int_equal(entries(root_of(f).p), 0);
    artifact_abort(NULL);
}

static void the_old_file_stays_until_the_new_one_is_whole(void **state) {
    struct fixture *f = *state;
    struct artifact_writer *w;
    assert_int_equal(put(f, "d/x", STR("old")), 0);
    assert_int_equal(artifact_begin(f->c, f->a, STR("d/x"), 3, &w), 0);
    assert_int_equal(artifact_append(f->c, w, "new", 3), 0);
    assert_str(get(f, "d/x"), "old");
    assert_int_equal(artifact_commit(f->c, w), 0);
    assert_str(get(f, "d/x"), "new");
    struct artifact_listing l;
    assert_int_equal(artifact_list(f->c, f->a, STR(""), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 1);
}

static void a_directory_removed_meanwhile_is_made_again(void **state) {
    struct fixture *f = *state;
    struct artifact_writer *w;
    assert_int_equal(artifact_begin(f->c, f->a, STR("gone/x"), 1, &w), 0);
    assert_int_equal(artifact_append(f->c, w, "y", 1), 0);
    assert_int_equal(rmdir(str_fmt(f->c->arena, "%.*s/gone", STR_FMT(root_of(f))).p), 0);
    assert_int_equal(artifact_commit(f->c, w), 0);
    assert_str(get(f, "gone/x"), "y");
}

static void wrong_names_are_told(void **state) {
    struct fixture *f = *state;
    char longest[300];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(put(f, "d/x", STR("1")), 0);
    assert_int_equal(put(f, "d", STR("1")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, "d/x/y", STR("1")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, "", STR("1")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, longest, STR("1")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, ".artifact.uploading.x", STR("1")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, ".artifact.uploading.x/y", STR("1")), ERR_INVALID_PARAMETER);
    struct artifact_file file;
    assert_int_equal(artifact_read(f->c, f->a, STR("d"), &file), ERR_INVALID_PARAMETER);
    assert_str(f->c->message, "Artifact path refers to a directory, not a file: 'd'");
    assert_int_equal(artifact_read(f->c, f->a, STR("d/y"), &file), ERR_NOT_FOUND);
    assert_str(f->c->message, "No such artifact: 'd/y'");
    assert_int_equal(artifact_read(f->c, f->a, STR("d/x/y"), &file), ERR_NOT_FOUND);
    struct artifact_writer *w;
    assert_int_equal(artifact_begin(f->c, f->a, STR("n"), INT64_MAX, &w), ERR_LIMIT_EXCEEDED);
}

static void listings_are_ordered_and_hide_what_is_on_its_way(void **state) {
    struct fixture *f = *state;
    struct artifact_listing l;
    const char *root = root_of(f).p;
    assert_int_equal(put(f, "d/b", STR("12")), 0);
    assert_int_equal(put(f, "d/a/x", STR("1")), 0);
    assert_int_equal(put(f, "d/B", STR("")), 0);
    close(open(str_fmt(f->c->arena, "%s/d/.artifact.uploading.1", root).p, O_CREAT | O_WRONLY, 0600));
    close(open(str_fmt(f->c->arena, "%s/d/\xff", root).p, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(mkfifo(str_fmt(f->c->arena, "%s/d/pipe", root).p, 0600), 0);
    assert_int_equal(artifact_list(f->c, f->a, STR("d"), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 4);
    assert_str(l.v[0].path, "d/B");
    assert_str(l.v[1].path, "d/a");
    assert_true(l.v[1].is_dir);
    assert_str(l.v[2].path, "d/b");
    assert_int_equal(l.v[2].size, 2);
    assert_str(l.v[3].path, "d/\xef\xbf\xbd");
    assert_int_equal(artifact_list(f->c, f->a, STR("d/b"), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 0);
    assert_int_equal(artifact_list(f->c, f->a, STR("nothing/here"), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 0);
    struct artifact_file file;
    assert_int_equal(artifact_read(f->c, f->a, STR("d/pipe"), &file), ERR_NOT_FOUND);
}

static void make_link(struct fixture *f, const char *name, const char *target) {
    assert_int_equal(symlink(target, str_fmt(f->c->arena, "%.*s/%s", STR_FMT(root_of(f)), name).p), 0);
}

static void links_do_not_lead_out(void **state) {
    struct fixture *f = *state;
    struct artifact_file file;
    struct artifact_listing l;
    assert_int_equal(mkdir(str_fmt(f->c->arena, "%s/outside", f->base).p, 0700), 0);
    int fd = open(str_fmt(f->c->arena, "%s/outside/secret", f->base).p, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "secret", 6), 6);
    close(fd);
    assert_int_equal(put(f, "in/x", STR("fine")), 0);
    make_link(f, "up", "../outside");
    make_link(f, "abs", str_fmt(f->c->arena, "%s/outside", f->base).p);
    make_link(f, "file", "../outside/secret");
    make_link(f, "deep", "in/../../outside/secret");
    make_link(f, "proc", "/proc/self/root/etc/passwd");
    make_link(f, "loop", "loop");
    make_link(f, "fine", "in/x");
    make_link(f, "broken", "in/nothing");
    static const char *const bad[] = {"up/secret", "abs/secret", "file", "deep", "proc", "loop", "../outside/secret"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (artifact_read(f->c, f->a, str_of(bad[i]), &file) != ERR_INVALID_PARAMETER)
            fail_msg("followed %s", bad[i]);
    assert_int_equal(artifact_read(f->c, f->a, STR("broken"), &file), ERR_NOT_FOUND);
    assert_str(get(f, "fine"), "fine");
    assert_int_equal(artifact_list(f->c, f->a, STR("up"), (struct str){0}, &l), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, "up/new", STR("x")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, "abs/deep/new", STR("x")), ERR_INVALID_PARAMETER);
    assert_int_equal(put(f, "../new", STR("x")), ERR_INVALID_PARAMETER);
    assert_int_equal(entries(str_fmt(f->c->arena, "%s/outside", f->base).p), 1);
    assert_int_equal(artifact_list(f->c, f->a, STR(""), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 2);
    assert_str(l.v[0].path, "fine");
    assert_int_equal(l.v[0].size, 4);
    /* a name that is a link is replaced itself */
    assert_int_equal(put(f, "file", STR("mine")), 0);
    assert_str(get(f, "file"), "mine");
    assert_int_equal(artifact_remove(f->c, f->a, STR("up")), 0);
    assert_int_equal(artifact_remove(f->c, f->a, STR("abs/secret")), ERR_INVALID_PARAMETER);
    assert_int_equal(entries(str_fmt(f->c->arena, "%s/outside", f->base).p), 1);
}

static void trees_are_removed(void **state) {
    struct fixture *f = *state;
    assert_int_equal(put(f, "t/a/b/c", STR("1")), 0);
    assert_int_equal(put(f, "t/a/d", STR("1")), 0);
    assert_int_equal(put(f, "s", STR("1")), 0);
    make_link(f, "t/out", "/tmp");
    assert_int_equal(artifact_remove(f->c, f->a, STR("t")), 0);
    assert_int_equal(artifact_remove(f->c, f->a, STR("t")), 0);
    assert_int_equal(artifact_remove(f->c, f->a, STR("s/x")), 0);
    assert_int_equal(entries(root_of(f).p), 1);
    assert_int_equal(artifact_remove(f->c, f->a, STR("s")), 0);
    assert_int_equal(put(f, "u/v", STR("1")), 0);
    struct artifacts *own;
    assert_int_equal(artifacts_open(f->c, str_fmt(f->c->arena, "file://%s/root/u", f->base), 0, &own), 0);
    assert_int_equal(artifact_remove(f->c, own, STR("")), 0);
    artifacts_close(own);
    assert_int_equal(entries(root_of(f).p), 0);
}

static void a_start_clears_what_a_crash_left(void **state) {
    struct fixture *f = *state;
    const char *staging = str_fmt(f->c->arena, "%.*s/.artifact.uploading.millrace", STR_FMT(root_of(f))).p;
    assert_int_equal(mkdir(staging, 0700), 0);
    close(open(str_fmt(f->c->arena, "%s/stale", staging).p, O_CREAT | O_WRONLY, 0600));
    int live = open(str_fmt(f->c->arena, "%s/live", staging).p, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(flock(live, LOCK_EX), 0);
    struct artifacts *again;
    assert_int_equal(artifacts_open(f->c, root_of(f), ARTIFACT_SERVE, &again), 0);
    artifacts_close(again);
    assert_int_equal(entries(staging), 1);
    close(live);
}

static void a_root_is_made_when_it_is_needed(void **state) {
    struct fixture *f = *state;
    struct artifacts *own = f->a;
    struct artifact_listing l;
    assert_int_equal(artifacts_open(f->c, str_fmt(f->c->arena, "%s/far/away", f->base), 0, &f->a), 0);
    assert_int_equal(artifact_list(f->c, f->a, STR(""), (struct str){0}, &l), 0);
    assert_int_equal(l.n, 0);
    assert_null(get(f, "x").p);
    assert_int_equal(put(f, "d/x", STR("1")), 0);
    assert_int_equal(put(f, "d/x", STR("2")), 0);
    assert_str(get(f, "d/x"), "2");
    assert_int_equal(entries(str_fmt(f->c->arena, "%s/far/away/d", f->base).p), 1);
    assert_int_equal(entries(str_fmt(f->c->arena, "%s/far/away", f->base).p), 1);
    artifacts_close(f->a);
    f->a = own;
    struct artifacts *none;
    assert_int_equal(artifacts_open(f->c, STR("s3://b/x"), 0, &none), ERR_NOT_IMPLEMENTED);
    assert_int_equal(artifacts_open(f->c, STR("/proc/nothing"), ARTIFACT_SERVE, &none), ERR_INTERNAL);
}

static void stored_uris_lead_to_places(void **state) {
    struct fixture *f = *state;
    struct artifact_place p;
    assert_int_equal(place_open(f->c, STR("mlflow-artifacts:/1/r/artifacts"), f->a, &p), 0);
    assert_ptr_equal(p.root, f->a);
    assert_str(place_path(f->c->arena, &p, STR("a//b/")), "1/r/artifacts/a/b");
    place_close(&p);
    assert_int_equal(place_open(f->c, STR("mlflow-artifacts:/../x"), f->a, &p), ERR_INVALID_PARAMETER);
    assert_int_equal(place_open(f->c, STR("mlflow-artifacts:/%2e%2e/x"), f->a, &p), ERR_INVALID_PARAMETER);
    assert_int_equal(place_open(f->c, STR("http://h/x"), NULL, &p), ERR_INVALID_PARAMETER);
    assert_int_equal(place_open(f->c, STR("s3://b/x"), f->a, &p), ERR_NOT_IMPLEMENTED);
    assert_int_equal(place_open(f->c, str_fmt(f->c->arena, "file://%s/own", f->base), f->a, &p), 0);
    assert_true(p.owned);
    assert_str(place_path(f->c->arena, &p, STR("x")), "x");
    place_close(&p);
}

enum { WRITERS = 4, ROUNDS = 100 };

/* Writes whole files of one letter over each other. */
static void *write_letters(void *arg) {
    struct fixture *f = arg;
    struct fixture own = {.c = test_ctx(), .a = f->a};
    char text[3000];
    static _Atomic int next;
    memset(text, 'a' + next++ % 26, sizeof text);
    intptr_t failed = 0;
    for (int i = 0; i < ROUNDS; i++)
        failed += put(&own, i % 2 ? "w/same" : "w/other/deep", (struct str){text, sizeof text}) != 0;
    test_ctx_free(own.c);
    return (void *)failed;
}

static void writers_do_not_disturb_each_other(void **state) {
    struct fixture *f = *state;
    pthread_t t[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, write_letters, f), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        void *failed;
        pthread_join(t[i], &failed);
        assert_null(failed);
    }
    struct str got = get(f, "w/same");
    assert_int_equal(got.n, 3000);
    for (size_t i = 1; i < got.n; i++)
        assert_int_equal(got.p[i], got.p[0]);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dangerous_paths_are_refused),
        cmocka_unit_test(ordinary_names_are_kept_as_they_are),
        cmocka_unit_test(paths_get_a_normal_form),
        cmocka_unit_test(paths_are_appended_to_uris),
        cmocka_unit_test(local_uris_are_resolved),
        cmocka_unit_test(proxied_uris_name_a_path),
        cmocka_unit_test(locations_of_clients_are_checked),
        cmocka_unit_test(types_follow_names),
        STORE_TEST(files_are_written_replaced_and_read),
        STORE_TEST(large_files_keep_every_byte),
        STORE_TEST(a_broken_upload_leaves_nothing),
        STORE_TEST(the_old_file_stays_until_the_new_one_is_whole),
        STORE_TEST(a_directory_removed_meanwhile_is_made_again),
        STORE_TEST(wrong_names_are_told),
        STORE_TEST(listings_are_ordered_and_hide_what_is_on_its_way),
        STORE_TEST(links_do_not_lead_out),
        STORE_TEST(trees_are_removed),
        STORE_TEST(a_start_clears_what_a_crash_left),
        STORE_TEST(a_root_is_made_when_it_is_needed),
        STORE_TEST(stored_uris_lead_to_places),
        STORE_TEST(writers_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
