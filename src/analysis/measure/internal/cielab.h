/* analysis/measure/cielab - colors of a dataset as one Gaussian in CIE L*a*b*, and how far two such Gaussians are
 * apart.
 *
 * sRGB to L*a*b* for D65 and the 2 degree observer (IEC 61966-2-1 linearization; XYZ matrix of ITU-R BT.709 primaries
 * as scikit-image and OpenCV use it). Not scaled to 8 bits. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

/* lab (count, 3) of pixels (count, 3). */
void cielab_of_pixels(float *lab, const uint8_t *pixels, size_t count);

/* Symmetric Kullback-Leibler divergence (Jeffreys), KL(p||q) + KL(q||p), of two Gaussians in three dimensions:
 *     1/2 [ tr(Sq^-1 Sp) + tr(Sp^-1 Sq) - 6 + d^T (Sp^-1 + Sq^-1) d ],  d = mean_p - mean_q.
 * CIELAB_RIDGE (in squared Lab units) is added to both diagonals, so that gray or plain sets, whose covariance is
 * singular, have a finite value. Some authors report half of this sum. */
#define CIELAB_RIDGE 1e-6
CHECKED Err cielab_symmetric_kl(double *divergence, const double mean_p[3], const double covariance_p[9],
                                const double mean_q[3], const double covariance_q[9]);
