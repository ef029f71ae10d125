/* Names for what its maker left unnamed. */
#pragma once
#include "base/str.h"

struct arena;

/* A random "adjective-animal-number" of at most 20 characters, as MLflow names runs and logged models. */
struct str random_name(struct arena *a);
