/* Page tokens of histories: a cursor as base64 of a JSON object. Used by history.c. Pure. */
#pragma once
#include "store/q_history.h"

/* The token of a cursor. */
struct str history_token(struct ctx *c, const struct history_cursor *at);

/* Reads a token, ours or {"offset": n} of the official server; absent or empty is the start. Fails with
 * ERR_INVALID_PARAMETER. MLflow: parse_start_offset_from_page_token. */
[[nodiscard]] int history_token_read(struct ctx *c, struct str token, struct history_cursor *at);
