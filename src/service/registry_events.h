/* Events of the registry: tells webhooks of what happened to models and prompts, which are models with a tag. Called by
 * the services of the registry at the end of what they did, in the same transaction. Each costs one small query when
 * there are no webhooks. MLflow: deliver_webhook calls of the registry's handlers. */
#pragma once
#include "api/messages.h"

[[nodiscard]] int event_model_created(struct ctx *c, const struct CreateRegisteredModel *req);
[[nodiscard]] int event_version_created(struct ctx *c, const struct CreateModelVersion *req, int64_t version,
                                        struct str source, struct str run_id);

/* `value` absent: the tag was deleted. Tags of models are told for prompts alone. */
[[nodiscard]] int event_model_tag(struct ctx *c, struct str name, struct str key, struct str value);
[[nodiscard]] int event_version_tag(struct ctx *c, struct str name, struct str version, struct str key,
                                    struct str value);

/* `version` absent: the alias was deleted. */
[[nodiscard]] int event_alias(struct ctx *c, struct str name, struct str alias, struct str version);
