/* math/fft - real two-dimensional Fourier transforms (FFTW, single precision).
 *
 * An Fft2 is a plan with its own buffers and belongs to one thread; making and freeing plans is not thread-safe in
 * FFTW, so a lock inside serializes it. Plans are made with FFTW_ESTIMATE: measured plans may differ from run to run
 * and with them the last bits of the result. */
#pragma once

#include "base/failure/err.h"

typedef struct Fft2 Fft2;

CHECKED Err fft2_new(Fft2 **fft, int height, int width);
void fft2_free(Fft2 **fft);
/* (height, width), to be filled before fft2_run; its contents are kept. */
float *fft2_input(Fft2 *fft);
/* Unnormalized forward transform of the input. */
void fft2_run(Fft2 *fft);
/* |F| at integer frequencies u (vertical) and v (horizontal) of the last run, |u| <= height/2, |v| <= width/2. */
float fft2_amplitude(const Fft2 *fft, int u, int v);

/* The other way: (height, width/2 + 1) complex numbers, real and imaginary part in turn, rows by vertical frequency
 * 0..height-1, to be filled before fft2_run_inverse, which destroys them. The result, unnormalized, is fft2_input. */
float *fft2_spectrum(Fft2 *fft);
void fft2_run_inverse(Fft2 *fft);
