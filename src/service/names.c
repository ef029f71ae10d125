/* Random names; see names.h. The words are short enough that the longest combination has 20 characters. */
#include "service/names.h"

#include "base/arena.h"
#include "base/clock.h"

static const char *const adjectives[] = {
    "agile", "amber", "ample", "azure", "balmy", "bold", "brave", "brisk", "calm", "candid", "clear", "clever", "cosy",
    "crisp", "deft", "eager", "early", "exact", "fair", "fleet", "fluent", "fond", "frank", "fresh", "gentle", "glad",
    "golden", "grand", "happy", "hardy", "honest", "humble", "jolly", "keen", "kind", "light", "lively", "loyal",
    "lucid", "lucky", "merry", "mighty", "mild", "misty", "neat", "nimble", "noble", "patient", "placid", "polite",
    "proud", "quick", "quiet", "rapid", "ready", "robust", "rustic", "serene", "sharp", "silent", "silver", "smooth",
    "snowy", "solid", "steady", "still", "sturdy", "subtle", "sunny", "swift", "tidy", "tranquil", "upbeat", "valiant",
    "vivid", "warm", "wise", "witty", "young", "zesty",
};

static const char *const animals[] = {
    "adder", "badger", "beaver", "bison", "bobcat", "carp", "cod", "crane", "crow", "deer", "dove", "duck", "eagle",
    "egret", "elk", "falcon", "ferret", "finch", "fox", "frog", "gecko", "goose", "gull", "hare", "hawk", "heron",
    "hound", "ibex", "ibis", "jay", "kite", "koala", "lark", "lemur", "lion", "llama", "loon", "lynx", "marten",
    "mink", "mole", "moose", "moth", "mouse", "newt", "otter", "owl", "panda", "perch", "pike", "plover", "pony",
    "puffin", "quail", "raven", "robin", "rook", "salmon", "seal", "shrew", "skink", "snail", "sparrow", "stag",
    "stoat", "stork", "swan", "swift", "tapir", "teal", "tern", "tiger", "toad", "trout", "turtle", "vole", "whale",
    "wolf", "wren", "yak",
};

struct str random_name(struct arena *a) {
    uint32_t r[3];
    random_bytes(r, sizeof r);
    struct str name = str_fmt(a, "%s-%s-%u", adjectives[r[0] % (sizeof adjectives / sizeof *adjectives)],
                              animals[r[1] % (sizeof animals / sizeof *animals)], r[2] % 1001);
    return str_sub(name, 0, 20);
}
