/* FFTW's planner is not safe across threads, its execution is: plans are made and freed under one lock.
 * FFTW_ESTIMATE, since measured plans differ from run to run in the order of their sums. */
#include "math/fft.h"

#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <pthread.h>

struct Fft2 {
    int height, width;
    float *input;          /* (height, width) */
    fftwf_complex *output; /* (height, width/2 + 1) */
    fftwf_plan plan, inverse;
};

static pthread_mutex_t planner_lock = PTHREAD_MUTEX_INITIALIZER;

Err fft2_new(Fft2 **fft, int height, int width) {
    size_t half = (size_t)width / 2 + 1;
    Fft2 *made = calloc(1, sizeof *made);
    *fft = made;
    if (!made) return RAISE(ERR_MEMORY, "Fourier transform of %d x %d: no memory", height, width);
    made->height = height;
    made->width = width;
    pthread_mutex_lock(&planner_lock);
    made->input = fftwf_alloc_real((size_t)height * (size_t)width);
    made->output = fftwf_alloc_complex((size_t)height * half);
    if (made->input && made->output)
        made->plan =
            fftwf_plan_dft_r2c_2d(height, width, made->input, made->output, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    if (made->plan) made->inverse = fftwf_plan_dft_c2r_2d(height, width, made->output, made->input, FFTW_ESTIMATE);
    pthread_mutex_unlock(&planner_lock);
    if (made->inverse) return ERR_NONE;
    fft2_free(fft);
    return RAISE(ERR_MEMORY, "Fourier transform of %d x %d: no memory", height, width);
}

void fft2_free(Fft2 **fft) {
    if (!*fft) return;
    pthread_mutex_lock(&planner_lock);
    if ((*fft)->plan) fftwf_destroy_plan((*fft)->plan);
    if ((*fft)->inverse) fftwf_destroy_plan((*fft)->inverse);
    fftwf_free((*fft)->output);
    fftwf_free((*fft)->input);
    pthread_mutex_unlock(&planner_lock);
    free(*fft);
    *fft = NULL;
}

float *fft2_input(Fft2 *fft) {
    return fft->input;
}

void fft2_run(Fft2 *fft) {
    fftwf_execute(fft->plan);
}

float fft2_amplitude(const Fft2 *fft, int u, int v) {
    /* A real input's transform is conjugate-symmetric: F(-u, -v) = conj F(u, v), so only v >= 0 is stored. */
    if (v < 0) {
        u = -u;
        v = -v;
    }
    if (u < 0) u += fft->height;
    size_t half = (size_t)fft->width / 2 + 1;
    return cabsf(fft->output[(size_t)u * half + (size_t)v]);
}

float *fft2_spectrum(Fft2 *fft) {
    return (float *)fft->output;
}

void fft2_run_inverse(Fft2 *fft) {
    fftwf_execute(fft->inverse);
}
