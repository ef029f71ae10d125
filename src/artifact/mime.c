/* MIME types by file name; see mime.h. Called when a file is sent. The tables are data: text words first, then the
 * types that registries and browsers agree on for what training scripts write. */
#include "artifact/mime.h"

#include <stdbool.h>
#include <stddef.h>

struct type {
    const char *extension, *type;
};

static const char binary[] = "application/octet-stream";

/* Extensions, and whole names without one, that are shown as text. */
static const char *const text_words[] = {
    "txt", "log", "err",  "cfg", "conf", "cnf", "cf",  "ini", "properties", "prop", "hocon", "toml",    "yaml",
    "yml", "xml", "json", "js",  "py",   "py3", "csv", "tsv", "md",         "rst",  "ipynb", "MLmodel", "mlproject"};

static const struct type types[] = {
    /* pictures */
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"jpe", "image/jpeg"},
    {"gif", "image/gif"},
    {"svg", "image/svg+xml"},
    {"svgz", "image/svg+xml"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"heic", "image/heic"},
    {"heif", "image/heif"},
    {"bmp", "image/bmp"},
    {"ico", "image/vnd.microsoft.icon"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"pbm", "image/x-portable-bitmap"},
    {"pgm", "image/x-portable-graymap"},
    {"ppm", "image/x-portable-pixmap"},
    {"pnm", "image/x-portable-anymap"},
    {"ras", "image/x-cmu-raster"},
    {"rgb", "image/x-rgb"},
    {"xbm", "image/x-xbitmap"},
    {"xpm", "image/x-xpixmap"},
    /* texts and documents */
    {"html", "text/html"},
    {"htm", "text/html"},
    {"css", "text/css"},
    {"mjs", "application/javascript"},
    {"markdown", "text/markdown"},
    {"vtt", "text/vtt"},
    {"srt", "text/plain"},
    {"bat", "text/plain"},
    {"c", "text/x-csrc"},
    {"h", "text/x-chdr"},
    {"ksh", "text/plain"},
    {"pl", "text/x-perl"},
    {"sh", "text/x-sh"},
    {"tex", "text/x-tex"},
    {"n3", "text/n3"},
    {"vcf", "text/vcard"},
    {"pdf", "application/pdf"},
    {"ps", "application/postscript"},
    {"eps", "application/postscript"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"rtf", "application/rtf"},
    {"epub", "application/epub+zip"},
    {"eml", "message/rfc822"},
    {"mht", "message/rfc822"},
    {"mhtml", "message/rfc822"},
    /* data; text words come here below a compression or in capitals */
    {"txt", "text/plain"},
    {"csv", "text/csv"},
    {"tsv", "text/tab-separated-values"},
    {"md", "text/markdown"},
    {"json", "application/json"},
    {"xml", "application/xml"},
    {"geojson", "application/geo+json"},
    {"jsonld", "application/ld+json"},
    {"webmanifest", "application/manifest+json"},
    {"rdf", "application/rdf+xml"},
    {"xsl", "application/xslt+xml"},
    {"nq", "application/n-quads"},
    {"nt", "application/n-triples"},
    {"trig", "application/trig"},
    {"sql", "application/sql"},
    {"h5", "application/x-hdf5"},
    {"hdf", "application/x-hdf"},
    {"nc", "application/x-netcdf"},
    {"cdf", "application/x-netcdf"},
    {"pyc", "application/x-python-code"},
    {"zip", "application/zip"},
    {"tar", "application/x-tar"},
    {"tgz", "application/x-tar"},
    {"tbz2", "application/x-tar"},
    {"txz", "application/x-tar"},
    {"7z", "application/x-7z-compressed"},
    {"rar", "application/vnd.rar"},
    {"jar", "application/java-archive"},
    {"whl", "application/zip"},
    {"wasm", "application/wasm"},
    {"p12", "application/x-pkcs12"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    /* sound and film */
    {"wav", "audio/x-wav"},
    {"mp3", "audio/mpeg"},
    {"mp2", "audio/mpeg"},
    {"aac", "audio/aac"},
    {"flac", "audio/flac"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/opus"},
    {"m4a", "audio/mp4"},
    {"mid", "audio/midi"},
    {"au", "audio/basic"},
    {"snd", "audio/basic"},
    {"aif", "audio/x-aiff"},
    {"aiff", "audio/x-aiff"},
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"mpg", "video/mpeg"},
    {"mpeg", "video/mpeg"},
    {"webm", "video/webm"},
    {"ogv", "video/ogg"},
    {"mov", "video/quicktime"},
    {"qt", "video/quicktime"},
    {"avi", "video/x-msvideo"},
    {"mkv", "video/x-matroska"},
};

/* Compressions: the type is that of the name without them. */
static const char *const encodings[] = {"gz", "Z", "bz2", "xz", "br"};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Cuts the extension off `*name`; leading dots belong to the name. Empty without one. */
static struct str cut_extension(struct str *name) {
    size_t first = 0, i = name->n;
    while (first < name->n && name->p[first] == '.')
        first++;
    while (i > first && name->p[i - 1] != '.')
        i--;
    if (i <= first)
        return str_sub(*name, name->n, 0);
    struct str extension = str_sub(*name, i, name->n);
    name->n = i - 1;
    return extension;
}

static bool is_text_word(struct str word) {
    for (size_t i = 0; i < COUNT(text_words); i++)
        if (str_is(word, text_words[i]))
            return true;
    return false;
}

static bool is_encoding(struct str extension) {
    for (size_t i = 0; i < COUNT(encodings); i++)
        if (str_is(extension, encodings[i]))
            return true;
    return false;
}

static const char *registered_type(struct str extension) {
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_ieq(extension, str_of(types[i].extension)))
            return types[i].type;
    return binary;
}

const char *mime_type(struct str name) {
    for (ptrdiff_t slash; (slash = str_chr(name, '/')) >= 0;)
        name = str_sub(name, (size_t)slash + 1, name.n);
    struct str stem = name, extension = cut_extension(&stem);
    if (is_text_word(extension.n ? extension : name))
        return "text/plain";
    if (is_encoding(extension))
        extension = cut_extension(&stem);
    return registered_type(extension);
}
