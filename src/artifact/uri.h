/* Artifact URIs: how roots and places beneath them are named. Pure text, but for the working directory.
 *
 * Called by services that store a location (experiments, runs, logged models), by the configuration, and by the code
 * that turns a stored location into a place to read (place.h). */
#pragma once
#include <stdbool.h>

#include "base/ctx.h"

/* The parts of a URI that locations are judged by; `scheme` is in lower case and empty for a plain path. All parts
 * but the scheme are slices of the URI. MLflow uses Python's urlparse; the parts are cut as it does. */
struct uri {
    struct str scheme, authority, path, params, query, fragment;
    bool has_authority;
};
struct uri uri_split(struct arena *a, struct str text);

/* `path` below the path of `uri`, before its query: "s3://b/x?q" and "y" give "s3://b/x/y?q". Either may be absolute;
 * an empty `path` adds a slash, as MLflow does. MLflow: append_to_uri_path. */
struct str uri_append_path(struct arena *a, struct str uri, struct str path);

/* A relative local path or file: URI made absolute by the working directory; anything else as it is.
 * MLflow: resolve_uri_if_local. */
struct str uri_resolve_local(struct arena *a, struct str uri);

/* The path of a file: URI (percent-decoded) or of a plain path; absent for other schemes and for other hosts. */
struct str uri_local_path(struct arena *a, struct str uri);

/* The root new experiments get: the flag's value, else "mlflow-artifacts:/" when artifacts are served, else the
 * backend's own directory when it is local, else "./mlruns". Not yet resolved against the working directory.
 * MLflow: resolve_default_artifact_root. */
struct str uri_default_root(struct str flag, bool serve_artifacts, struct str backend_store_uri);

/* Does the scheme mean "through the tracking server" (http, https, mlflow-artifacts)? */
bool uri_is_proxied(struct str uri);

/* Path beneath the artifacts destination that a proxied root names; absent when it names none.
 * MLflow: _get_proxied_run_artifact_destination_path. */
struct str uri_proxied_path(struct arena *a, struct str uri);

/* Refuses a location that a client may not store: fragments and parameters, ".." in the query, `runs:`, schemes that
 * would make the server connect to a host of the client's choice, excess length. `field` names it in the message.
 * ERR_INVALID_PARAMETER. MLflow: _validate_storage_location_uri. */
[[nodiscard]] int artifact_location_check(struct ctx *c, struct str uri, const char *field);

/* The part of the above that every location a server opens must pass; MLflow: validate_artifact_uri_host. With `field`
 * NULL the message speaks of a stored location. */
[[nodiscard]] int artifact_host_check(struct ctx *c, struct str uri, const char *field);
