/* The registry's rules; see registry_rules.h. */
#include "service/registry_rules.h"

#include <ctype.h>

#include "base/num.h"
#include "service/python_text.h"
#include "service/validate.h"
#include "service/word_chars.h"

enum { MAX_ALIAS = 255, MAX_VALUE = 100000 };

#define PROMPT_TEXT_TAG "mlflow.prompt.text"

/* ---- names ---------------------------------------------------------------------------------------------- */

static int fail_missing(struct ctx *c, const char *field) {
    return fail_invalid(c, "Missing value for required parameter '%s'.", field);
}

/* MLflow: path_not_unique, bad_path_message. */
static int fail_path(struct ctx *c, struct str name) {
    struct buf b = BUF_IN(c->arena);
    BUF_LIT(&b, "Invalid value ");
    python_put_json(&b, name);
    BUF_LIT(&b, " for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve "
                "to other names when treated as such. This name would resolve to ");
    python_put_repr(&b, name);
    return fail_invalid(c, "%s", buf_end(&b).p);
}

int model_name_check(struct ctx *c, struct str name) {
    if (str_trim(name).n == 0)
        return fail_missing(c, "name");
    if (str_chr(name, '/') >= 0 || str_chr(name, ':') >= 0)
        return fail_invalid(c, "Invalid model name '%.*s'. Names cannot contain '/' or ':'.", STR_FMT(name));
    if (str_is(name, ".") || str_starts(name, STR("..")))
        return fail_path(c, name);
    return OK;
}

int model_new_name_check(struct ctx *c, struct str name) {
    return str_trim(name).n == 0 ? fail_missing(c, "new_name") : model_name_check(c, name);
}

static bool is_alias_name(struct str s) {
    for (size_t at = 0; at < s.n;) {
        uint32_t cp = utf8_next(s, &at);
        if (cp != '-' && !word_char(cp))
            return false;
    }
    return true;
}

int alias_name_check(struct ctx *c, struct str alias) {
    if (alias.n == 0)
        return fail_invalid(c, "Registered model alias name cannot be empty.");
    if (!is_alias_name(alias))
        return fail_invalid(c,
                            "Invalid alias name: '%.*s'. Names may only contain alphanumerics, underscores (_), and "
                            "dashes (-).",
                            STR_FMT(alias));
    if (utf8_length(alias) > MAX_ALIAS)
        return fail_invalid(c, "'Registered model alias name' exceeds the maximum length of %d characters", MAX_ALIAS);
    return OK;
}

/* "v" and digits. */
static bool is_version_name(struct str s) {
    size_t i = 1;
    if (s.n < 2 || (s.p[0] != 'v' && s.p[0] != 'V'))
        return false;
    while (i < s.n && isdigit((unsigned char)s.p[i]))
        i++;
    return i == s.n;
}

int alias_name_check_reserved(struct ctx *c, struct str alias) {
    if (str_ieq(alias, STR("latest")))
        return fail_invalid(c, "'latest' alias name (case insensitive) is reserved.");
    if (is_version_name(alias))
        return fail_invalid(c, "Version alias name '%.*s' is reserved.", STR_FMT(alias));
    return OK;
}

/* ---- versions and stages -------------------------------------------------------------------------------- */

int version_parse(struct ctx *c, struct str text, int64_t *version) {
    struct str digits = str_trim(text);
    if (digits.n > 1 && digits.p[0] == '+')
        digits = str_sub(digits, 1, digits.n);
    if (num_parse_int(digits.p, digits.n, version))
        return OK;
    return fail_invalid(c, "Parameter 'version' must be an integer, got '%.*s'.", STR_FMT(text));
}

int stage_parse(struct ctx *c, struct str text, struct str *stage) {
    static const struct str stages[] = {STR("None"), STR("Staging"), STR("Production"), STR("Archived")};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (str_ieq(text, stages[i])) {
            *stage = stages[i];
            return OK;
        }
    return fail_invalid(c,
                        "Invalid Model Version stage: %.*s. Value must be one of None, Staging, Production, Archived.",
                        STR_FMT(text));
}

bool stage_is_active(struct str stage) {
    return str_is(stage, "Staging") || str_is(stage, "Production");
}

/* ---- tags ----------------------------------------------------------------------------------------------- */

static int value_check(struct ctx *c, struct str value) {
    if (value.n <= MAX_VALUE || utf8_length(value) <= MAX_VALUE)
        return OK;
    return fail_invalid(c, "'value' exceeds the maximum length of %d characters", MAX_VALUE);
}

static int key_check(struct ctx *c, struct str key) {
    struct str none = STR("");
    return validate_tag(c, AT_TOP, key, &none);
}

int model_tag_check(struct ctx *c, struct str key, struct str value) {
    int err = key_check(c, key);
    return err ? err : value_check(c, value);
}

int version_tag_check(struct ctx *c, struct str key, struct str value) {
    int err = key_check(c, key);
    if (!err && str_is(key, PROMPT_TEXT_TAG) && utf8_length(value) > MAX_VALUE)
        return fail_invalid(c, "Prompt text exceeds max length of %d characters.", MAX_VALUE);
    return err ? err : value_check(c, value);
}

/* Of a key given twice the last value counts. */
bool model_tags_say_prompt(const struct RegisteredModelTag_list *tags) {
    for (size_t i = tags->n; i-- > 0;)
        if (str_eq(tags->v[i].key, PROMPT_TAG))
            return str_ieq(tags->v[i].value, STR("true"));
    return false;
}

bool version_tags_say_prompt(const struct ModelVersionTag_list *tags) {
    for (size_t i = tags->n; i-- > 0;)
        if (str_eq(tags->v[i].key, PROMPT_TAG))
            return str_ieq(tags->v[i].value, STR("true"));
    return false;
}
