/* App: the running program, immutable after start. Made by cmd_server.c (and by commands that need the store), passed
 * to every request as c->app. */
#pragma once
#include "app/config.h"

struct store;
struct artifacts;
struct hooks;

struct app {
    struct config config;
    struct store *store;         /* tracking store */
    struct artifacts *artifacts; /* where proxied artifacts are kept; NULL with --no-serve-artifacts */
    struct hooks *hooks;         /* delivery of webhooks; NULL in commands */
};
