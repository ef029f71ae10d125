/* libcurl, loaded at need; see curl_lib.h. */
#include "hooks/curl_lib.h"

#include <dlfcn.h>
#include <pthread.h>

/* Written once, under `once`. */
static struct curl_lib lib;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
    const char *name;
    size_t offset;
} members[] = {
#define CURL_ROW(name) {"curl_" #name, offsetof(struct curl_lib, name)},
    CURL_FUNCTIONS(CURL_ROW)
#undef CURL_ROW
};

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        void *function = dlsym(library, members[i].name);
        if (!function)
            return;
        memcpy((char *)&lib + members[i].offset, &function, sizeof function);
    }
    loaded = lib.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int curl_lib_get(struct ctx *c, const struct curl_lib **out) {
    pthread_once(&once, load);
    if (!loaded)
        return fail(c, ERR_NOT_IMPLEMENTED, "Webhooks need libcurl (libcurl.so.4), which cannot be loaded.");
    *out = &lib;
    return OK;
}
