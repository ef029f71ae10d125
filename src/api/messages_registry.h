/* Messages of the model registry, logged models and webhooks. Included by messages.h alone. */
#pragma once
#include "base/msg.h"
