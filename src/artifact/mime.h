/* MIME types of artifacts, judged by their names. */
#pragma once
#include "base/str.h"

/* The type a file is sent with: text/plain for what is read as text (source code, configuration, tables), then the
 * type registered for its extension, else application/octet-stream. MLflow: _guess_mime_type. */
const char *mime_type(struct str name);
