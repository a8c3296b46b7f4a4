/* gen/ingest/ingest - real videos or images into shards or a pool, across ranks.
 *
 * The folder is searched recursively and files are taken in bytewise order of their relative paths, or an official list
 * says which, in its order; so what is written depends on the files, the settings and (for a subset) the seed, never on
 * ranks or threads. Every file is decoded once before a shard or the pool is begun: unreadable ones are reported,
 * skipped and listed in the manifest with the reason; more than max_bad of them fail the command with ERR_INPUT before
 * anything gets its final name.
 *
 *   videos -> a dataset folder. Frames are cut to the square in their middle, then resized (antialiased) to size x
 *             size, or with size 0 kept whole (encoded storage only, whose videos may differ in size). Longer videos
 *             than max_frames are cut into equal pieces of at most max_frames, each a clip of its own.
 *   images -> one pool file (--out NAME.h5) and NAME.h5.json, which says what went in; the same square and size,
 *             or the whole picture, stretched to the size or (fit keep) as large as it is. Until the pool is written,
 *             finished images are kept in NAME.h5.journal (gen/dataset/pool_pieces).
 *
 * The same command again recognizes a finished result by its settings and input files and returns at once, and goes on
 * with an interrupted one shard by shard or image by image. Other settings in the same place need --force. */
#pragma once

#include "gen/ingest/ingest_config.h"
#include "par/run.h"

CHECKED Err ingest_run_all(const IngestConfig *config, const Run *run);
