/* millrace db upgrade: brings a database to the newest schema revision, or makes the tables of an empty one. */
#include "app/command.h"
#include "store/migrate.h"

static int run(struct ctx *c, struct config *config) {
    int err = store_upgrade(c, config->arguments[0]);
    if (!err)
        log_info("%.*s has schema revision " SCHEMA_REVISION, STR_FMT(config->arguments[0]));
    return err;
}

const struct command command_db_upgrade = {
    .name = "db upgrade",
    .arguments = "URI",
    .summary = "Bring a database to the newest schema revision.",
    .options = FOR_DB,
    .n_arguments = 1,
    .run = run,
};
