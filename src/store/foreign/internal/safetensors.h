/* store/foreign/safetensors - the container other tools exchange weights in (github.com/huggingface/safetensors).
 *
 * Eight bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}} with offsets from its
 * end, then raw little-endian data without gaps. We write float32 only; store/foreign/weightfile reads. */
#pragma once

#include "store/checkpoint/checkpoint.h"

/* In the given order; "__metadata__" {"format": "pt"}. The file appears whole. One rank; data borrowed. */
CHECKED Err safetensors_write(const char *path, const Tensor *tensors, int n_tensors);
