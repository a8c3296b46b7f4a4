/* store/data/internal/pool_format - what writing and reading a pool have to agree on. Inside store/data/pool. */
#pragma once

#include "base/system/digest.h"

#define POOL_SCHEMA "synvid.pool"
enum { POOL_VERSION = 1 };

/* Begins the digest of a pool: pixels are to be added, in order. */
CHECKED Err pool_digest_new(Digest **digest, int count, int height, int width);
