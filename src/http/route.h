/* Route table: finds the operation for a method and a path. Built once at start from the flat table of the api room
 * (api/route.h), read by all connection threads without locks. */
#pragma once
#include "api/route.h"

struct route_table;

/* One path an operation is served under. */
struct route_target {
    const struct route *route;
    struct str rule; /* as the official server prints it: "/api/2.0/mlflow/logged-models/<model_id>" */
};

/* Builds the table. Every path is served under /api and /ajax-api (see the flags in api/route.h), below
 * `static_prefix` ("" or "/name"). Two operations of the same method and path are a fault of the program. */
struct route_table *route_table_new(const struct route *routes, size_t n, struct str static_prefix);

void route_table_free(struct route_table *t);

enum route_found {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,  /* no such path */
    ROUTE_METHOD,   /* the path exists, with other methods: see `allow` */
    ROUTE_REDIRECT, /* the path exists once double slashes are merged: see `location` */
};

struct route_match {
    const struct route_target *target;
    struct param_list params; /* {name} parts, decoded */
    struct str path;          /* below the static prefix, decoded; absent outside of it */
    struct str allow;         /* methods of this path as an Allow header; OPTIONS included */
    struct str location;      /* path to go to instead, with the prefix, still quoted */
};

/* Looks up a path as it came (quoted, without query). A HEAD request finds the GET operation when there is none for
 * HEAD. MLflow's artifact paths and /metrics are found without the static prefix as well, as the official server has
 * them there. */
enum route_found route_find(const struct route_table *t, struct arena *a, struct str method, struct str raw_path,
                            struct route_match *m);

/* Is this path (route_match.path) below /api/ or /ajax-api/? MLflow: is_api_endpoint. */
bool route_is_api(struct str path);

/* Is it /health or /version? MLflow: is_health_endpoint. */
bool route_is_health(struct str path);
