/* Sends one artifact as an answer. Used by the handlers in artifacts.c. */
#pragma once
#include "artifact/artifact.h"
#include "http/exchange.h"

/* Fills the answer with the file at `path` beneath the root: type, attachment name, validators, the part a Range header
 * asks for, or 304 when the client's copy is still right. Negative with the error in the context when there is none. */
[[nodiscard]] int artifact_send(struct exchange *x, struct artifacts *root, struct str path);

/* The value of Content-Disposition for a file name: an ASCII form, and RFC 5987's when the name is not ASCII. MLflow:
 * _content_disposition_attachment. */
struct str attachment_disposition(struct arena *a, struct str name);
