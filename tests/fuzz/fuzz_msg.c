/* Fuzzer of the message engine: the first byte picks a message, the rest is its JSON. What is accepted is encoded, and
 * the encoding must be accepted again and encode to the same bytes. */
#include "api/messages.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct msg *const messages[] = {
    &LogBatch_msg, &CreateRun_msg, &SearchRuns_msg, &LogInputs_msg, &GetMetricHistoryBulkInterval_msg,
    &CreateExperiment_msg, &SearchRunsResponse_msg, &CreatePresignedDownloadUrlResponse_msg,
};

static struct str encode(struct ctx *c, const struct msg *m, const void *in) {
    struct buf b = BUF_IN(c->arena);
    msg_encode_json(&b, m, in);
    return buf_end(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const struct msg *m = messages[data[0] % (sizeof messages / sizeof *messages)];
    struct ctx c = {.arena = arena_new()};
    void *first = arena_alloc(c.arena, m->size), *second = arena_alloc(c.arena, m->size);
    if (msg_decode_json(&c, m, (struct str){(const char *)data + 1, size - 1}, first) == OK) {
        struct str text = encode(&c, m, first);
        must(msg_decode_json(&c, m, text, second) == OK);
        must(str_eq(text, encode(&c, m, second)));
        (void)!msg_check(&c, m, second);
    }
    arena_free(c.arena);
    return 0;
}
