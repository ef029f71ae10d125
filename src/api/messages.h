/* THE table of messages: every request and answer of the wire contract, in MLflow's names. The structs are used by
 * the services, the descriptors by api.c, the OpenAPI printer and the fuzzers. Flags and kinds: see base/msg.h.
 * A field's REQ and CHK follow the official server's validation of that operation. */
#pragma once
#include "base/msg.h"

enum { VIEW_ACTIVE = 1, VIEW_DELETED = 2, VIEW_ALL = 3 };
enum { RUN_RUNNING = 1, RUN_SCHEDULED = 2, RUN_FINISHED = 3, RUN_FAILED = 4, RUN_KILLED = 5 };

extern const struct enum_def ViewType_enum;
extern const struct enum_def RunStatus_enum;

#include "api/messages_tracking.h"
#include "api/messages_registry.h"
#include "api/messages_registry_first.h"
#include "api/messages_webhooks.h"
