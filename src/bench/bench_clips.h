/* bench/bench_clips - random clips from storage that computes its frames: mpeg4 and encoded shards, latent datasets.
 *
 * Clips of 16 frames at stride 4, warm. The bound of decoded shards is decoding the same frames from a plain file; that
 * of a rendered source is copying the frames out of memory, which is what stored pixels cost at best. What is read is
 * compared first: shards with the plain file, a rendered source with itself, frame by frame
 * (bench/internal/bench_pairs.h). */
#pragma once

#include "bench/internal/bench_pairs.h"
#include "store/data/shard.h"
#include "video/frames/source.h"

/* Videos of `video`, `videos` of them, in a shard of `kind` (mpeg4 or encoded) in `folder`, which is left as it was. */
CHECKED Err bench_decoded_clips_all(PairSink sink, const char *folder, StorageKind kind, const Frames *video,
                                    int videos, double seconds, const Par *par);
/* `source`: what a latent dataset renders from; every video at least 61 frames long. */
CHECKED Err bench_rendered_clips_all(PairSink sink, const char *name, const ClipSource *source, double seconds,
                                     const Par *par);
