/* libcurl, loaded when the first webhook is sent. Linked in the usual way it would bring some thirty libraries into every
 * start of the server, which takes longer than all the rest of it, for a function most servers never use. */
#pragma once
#include <curl/curl.h>

#include "base/ctx.h"

/* The functions in use; a member is called as curl_<member> would be. */
#define CURL_FUNCTIONS(F)                                                                                            \
    F(global_init) F(easy_init) F(easy_setopt) F(easy_getinfo) F(easy_perform) F(easy_cleanup) F(easy_strerror)      \
    F(slist_append) F(slist_free_all) F(multi_init) F(multi_cleanup) F(multi_add_handle) F(multi_remove_handle)      \
    F(multi_perform) F(multi_poll) F(multi_wakeup) F(multi_info_read) F(url) F(url_set) F(url_cleanup)

#define CURL_MEMBER(name) __typeof__(curl_##name) *name;
struct curl_lib {
    CURL_FUNCTIONS(CURL_MEMBER)
};

/* Loads the library at the first call and gives its functions; they stay for good. ERR_NOT_IMPLEMENTED where it is not
 * installed. */
[[nodiscard]] int curl_lib_get(struct ctx *c, const struct curl_lib **out);
