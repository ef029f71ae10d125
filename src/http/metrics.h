/* Metrics: counters of requests and their durations, and the text of /metrics (Prometheus format). Kept only when
 * --expose-prometheus is given; counting is a few relaxed atomic additions. */
#pragma once
#include "http/exchange.h"

struct metrics;
struct store;

/* Counters for `n_routes` operations. `store` may be NULL. The routes must outlive the counters. */
struct metrics *metrics_new(const struct route *routes, size_t n_routes, const struct store *store);
void metrics_free(struct metrics *m);

/* Counts one answered request; `us` is how long it took. /health, /version and /metrics are left out, as the
 * official exporter does. */
void metrics_count(struct metrics *m, const struct exchange *x, int64_t us);

/* The operation GET /metrics, to be added to the table when metrics are exposed. */
extern const struct route metrics_route;

/* Writes all figures. */
void metrics_write(const struct metrics *m, struct buf *b);
