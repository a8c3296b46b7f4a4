/* nn/kernels/sgemm_rate - what a plain matrix product reaches on this core now: the yardstick beside a training's rate.
 */
#pragma once

/* FLOP/s of the best of a few single-precision products of 1024 square by the calling thread, by the wall clock; about
 * 0.1 s and 12 MB. 0: no memory. */
double sgemm_rate(void);
