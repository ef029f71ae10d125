/* Embeds text files into the program: `embed OUTPUT NAME INPUT...` writes a C file that defines `const char NAME[]` as
 * the inputs, one after the other, with a NUL at the end. Runs while building; see meson.build. */
#include <stdio.h>
#include <stdlib.h>

static int embed_file(FILE *out, const char *path, int *column) {
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        return -1;
    }
    for (int ch; (ch = getc(in)) != EOF;) {
        fprintf(out, "%d,", ch);
        if (++*column % 32 == 0)
            putc('\n', out);
    }
    return fclose(in);
}

int main(int argc, char **argv) {
    int column = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: embed OUTPUT NAME INPUT...\n");
        return EXIT_FAILURE;
    }
    FILE *out = fopen(argv[1], "wb");
    if (!out) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    fprintf(out, "extern const char %s[];\nconst char %s[] = {\n", argv[2], argv[2]);
    for (int i = 3; i < argc; i++)
        if (embed_file(out, argv[i], &column))
            return EXIT_FAILURE;
    fprintf(out, "0};\n");
    return fclose(out) ? EXIT_FAILURE : EXIT_SUCCESS;
}
