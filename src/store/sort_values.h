/* Sort values: what a page token keeps of its last row. Used by the q_search_ files, beside search/sql.h. */
#pragma once
#include "search/sql.h"
#include "store/store.h"

/* Reads the columns that sort_columns added, of which the first is column `col`, into an array in the arena. */
struct bind *sort_values(struct ctx *c, const struct sort *o, struct rows *r, int col);
