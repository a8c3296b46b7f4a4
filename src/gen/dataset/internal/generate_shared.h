/* gen/dataset/generate_shared - renders a whole dataset into one shard that all ranks write at once
 * (store/data/shard_shared).
 *
 * Ranks take neighboring videos with equal numbers of frames; a rank renders with all its threads and writes from one.
 */
#pragma once

#include "gen/dataset/internal/generate_shard.h"
#include "par/par.h"

/* The digest is set on rank 0. ERR_STOPPED when a stop was requested: nothing is left then. */
CHECKED Err generate_shared_all(char digest[DIGEST_SIZE], const ShardJob *job, const Par *par);
