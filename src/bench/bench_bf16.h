/* bench/bench_bf16 - rows of `synvid bench kernels` for mixed precision. See bench/bench_nn.h. */
#pragma once

#include "bench/internal/bench_beside.h"

/* The peak of the units that multiply, then attention and linear layers beside it. Products are compared bit for bit
 * with the plain ones, attention with the float32 kernels within what rounding explains. */
CHECKED Err bench_bf16_rows(BenchBoard *board);
