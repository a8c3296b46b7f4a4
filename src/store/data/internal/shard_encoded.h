/* store/data/shard_encoded - the videos of an mpeg4 shard: one encoded file each, kept in memory until the shard is
 * finished (a shard is a work unit: some tens of megabytes). The codec is the one that the paper's offline sets went
 * through (video/media/encode.h, encode_paper). */
#pragma once

#include "store/hdf5/h5.h"
#include "video/frames/clip.h"

typedef struct {
    uint8_t *data;
    int64_t *start; /* of each video in data; one more entry: the bytes in all */
    int64_t n_videos, capacity;
} EncodedVideos;

CHECKED Err encoded_init(EncodedVideos *videos, int64_t capacity_videos);
/* Encodes and appends; *bytes and *length are the part that was added, borrowed until the next call. */
CHECKED Err encoded_append(EncodedVideos *videos, const Frames *frames, const uint8_t **bytes, size_t *length);
/* Writes /bytes and /byte_start. */
CHECKED Err encoded_put(const EncodedVideos *videos, const H5File *file);
void encoded_free(EncodedVideos *videos);
