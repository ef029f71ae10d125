/* The program: finds the command in the table, reads its options, runs it, and turns its result into one line on
 * standard error and an exit code: 0, 1 for a failure, 2 for wrong usage. */
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"

static const struct command *const commands[] = {&command_server, &command_ui, &command_db_upgrade, &command_gc};

enum { N_COMMANDS = sizeof commands / sizeof *commands, EXIT_USAGE = 2 };

static void print_version(void) {
    printf("millrace, version %s (serves the interface of MLflow %s)\n", MILLRACE_VERSION, MLFLOW_VERSION);
}

static void print_summary(FILE *out) {
    fputs("Usage: millrace COMMAND [OPTIONS]\n\n"
          "Millrace is a tracking server and model registry for MLflow clients.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help COMMAND Show the options of a command.\n\nmillrace --version shows the version.\n", out);
}

static void print_help(const struct command *command) {
    printf("Usage: millrace %s [OPTIONS]%s%s\n\n%s\n\n", command->name, command->arguments ? " " : "",
           command->arguments ? command->arguments : "", command->summary);
    config_print_options(stdout, command->options);
}

/* How many words of the line the command's name takes, 0 when it is another. */
static int match(const struct command *command, int argc, char *const *argv) {
    const char *space = strchr(command->name, ' ');
    if (!space)
        return argc >= 1 && strcmp(argv[0], command->name) == 0 ? 1 : 0;
    struct str first = {command->name, (size_t)(space - command->name)};
    return argc >= 2 && str_is(first, argv[0]) && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct command *find(int argc, char *const *argv, int *words) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if ((*words = match(commands[i], argc, argv)) > 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *name) {
    fprintf(stderr, "millrace: no such command: %s (see: millrace help)\n", name);
    return EXIT_USAGE;
}

static int report(const struct command *command, const struct ctx *c, bool usage) {
    fprintf(stderr, "millrace %s: %.*s%s%s%s\n", command->name, STR_FMT(c->message),
            usage ? " (see: millrace help " : "", usage ? command->name : "", usage ? ")" : "");
    return usage ? EXIT_USAGE : EXIT_FAILURE;
}

static int check_arguments(struct ctx *c, const struct command *command, const struct config *config) {
    if (config->n_arguments > command->n_arguments)
        return fail_invalid(c, "unexpected argument: %.*s", STR_FMT(config->arguments[command->n_arguments]));
    if (config->n_arguments < command->n_arguments)
        return fail_invalid(c, "missing argument: %s", command->arguments);
    return 0;
}

static int run(struct ctx *c, const struct command *command, int argc, char *const *argv) {
    struct config config;
    int err = config_read(c, command->options, argc, argv, &config);
    if (!err && config.help) {
        print_help(command);
        return EXIT_SUCCESS;
    }
    if (!err)
        err = check_arguments(c, command, &config);
    if (err)
        return report(command, c, true);
    log_setup(config_log_level(&config), config_log_format(&config));
    err = command->run(c, &config);
    return err ? report(command, c, err == ERR_INVALID_PARAMETER) : EXIT_SUCCESS;
}

static int help(int argc, char *const *argv) {
    int words;
    if (argc == 0) {
        print_summary(stdout);
        return EXIT_SUCCESS;
    }
    const struct command *command = find(argc, argv, &words);
    if (!command)
        return unknown(argv[0]);
    print_help(command);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    int words = 0;
    if (argc < 2) {
        print_summary(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return help(argc - 2, argv + 2);
    const struct command *command = find(argc - 1, argv + 1, &words);
    if (!command)
        return unknown(argv[1]);
    struct ctx c = {.arena = arena_new(), .workspace = STR("default"), .user = STR(""), .deadline = INT64_MAX};
    int status = run(&c, command, argc - 1 - words, argv + 1 + words);
    arena_free(c.arena);
    return status;
}
