/* store/safetensors - the container other tools exchange weights in (github.com/huggingface/safetensors).
 *
 * Eight bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}} with offsets from its
 * end, then raw little-endian data without gaps. We write float32 only and read float32. */
#pragma once

#include "store/checkpoint.h"

/* In the given order; "__metadata__" {"format": "pt"}. The file appears whole. One rank; data borrowed. */
CHECKED Err safetensors_write(const char *path, const Tensor *tensors, int n_tensors);
/* All tensors; config_text stays NULL. ERR_INPUT for anything that does not add up: lengths, gaps, overlaps, sizes that
 * overflow, another dtype. Free with weights_free. */
CHECKED Err safetensors_read(WeightSet *weights, const char *path);
