/* Page tokens: where a page of an ordered list ended, for the client to hand back.
 *
 * A token holds the sort values of the last row, so that pages neither repeat nor skip a row when others are added or
 * removed in between, and a fingerprint of the query it belongs to. MLflow's own tokens, a count of rows to skip, are
 * read as well: a client may hold one when the servers are exchanged. Clients see an opaque text. */
#pragma once
#include "base/bind.h"
#include "base/msg.h"

struct page_token {
    struct bind *values; /* NULL: start at row `offset` */
    int64_t offset;
};

/* Fingerprint of a query: start with 0 and add what belongs to it, in a fixed order. */
uint64_t page_fingerprint(uint64_t so_far, struct str part);

/* Writes the token of a row with these values. */
struct str page_token_write(struct ctx *c, uint64_t fingerprint, const struct bind *values, size_t n);

/* Reads a token of a query with `n` sort values; an absent or empty one starts at the first row. Fails with
 * ERR_INVALID_PARAMETER for the token of another query and for what is none. */
[[nodiscard]] int page_token_read(struct ctx *c, struct str token, uint64_t fingerprint, size_t n,
                                  struct page_token *out);
