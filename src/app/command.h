/* Commands: what main.c chooses from. One file per command, its entry standing above its function. */
#pragma once
#include "app/config.h"

struct command {
    const char *name;      /* as it is typed: "server", "db upgrade" */
    const char *arguments; /* for the usage line; NULL for none */
    const char *summary;   /* one line */
    unsigned options;      /* FOR_..., the rows of the option table */
    size_t n_arguments;    /* exactly so many */
    /* Runs it. 0, or an error whose message main.c prints: ERR_INVALID_PARAMETER means wrong usage (exit code 2),
     * any other a failure (exit code 1). */
    int (*run)(struct ctx *c, struct config *config);
};

extern const struct command command_server, command_ui, command_db_upgrade, command_gc;
