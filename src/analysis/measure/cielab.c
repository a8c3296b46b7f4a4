/* Colors of a dataset as one Gaussian in CIE L*a*b*, and how far two such Gaussians are
 * apart.
 *
 * sRGB to L*a*b* for D65 and the 2 degree observer (IEC 61966-2-1 linearization; XYZ matrix of ITU-R BT.709 primaries
 * as scikit-image and OpenCV use it). Not scaled to 8 bits. */
#include "analysis/measure/internal/formulas.h"

#include "math/linalg.h"

#include <math.h>
#include <pthread.h>

static float linear_of_srgb[256];
static pthread_once_t linear_once = PTHREAD_ONCE_INIT;

/* IEC 61966-2-1, section 5.2: the inverse of sRGB's transfer curve, a value for each of the 256 levels. */
static void linear_fill(void) {
    for (int i = 0; i < 256; i++) {
        double c = i / 255.0;
        linear_of_srgb[i] = (float)(c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
}

/* CIE 15: the cube root, and below (6/29)^3 the line that continues it. */
static inline float lab_curve(float t) {
    return t > 0.008856f ? cbrtf(t) : 7.787f * t + 16.0f / 116.0f;
}

void cielab_of_pixels(float *lab, const uint8_t *pixels, size_t count) {
    pthread_once(&linear_once, linear_fill);
    for (size_t i = 0; i < count; i++) {
        float r = linear_of_srgb[pixels[3 * i]], g = linear_of_srgb[pixels[3 * i + 1]],
              b = linear_of_srgb[pixels[3 * i + 2]];
        /* linear RGB to XYZ over the white of D65, then L* of Y, a* of X - Y, b* of Y - Z */
        float x = lab_curve((0.412453f * r + 0.357580f * g + 0.180423f * b) / 0.95047f);
        float y = lab_curve(0.212671f * r + 0.715160f * g + 0.072169f * b);
        float z = lab_curve((0.019334f * r + 0.119193f * g + 0.950227f * b) / 1.08883f);
        lab[3 * i] = 116.0f * y - 16.0f;
        lab[3 * i + 1] = 500.0f * (x - y);
        lab[3 * i + 2] = 200.0f * (y - z);
    }
}

/* tr(A B) for 3 x 3. */
static double product_trace(const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) sum += a[3 * i + k] * b[3 * k + i];
    return sum;
}

/* d^T A d for 3 dimensions. */
static double quadratic_form(const double *matrix, const double *d) {
    double sum = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) sum += d[i] * matrix[3 * i + j] * d[j];
    return sum;
}

Err cielab_symmetric_kl(double *divergence, const double mean_p[3], const double covariance_p[9],
                        const double mean_q[3], const double covariance_q[9]) {
    double p[9], q[9], p_inverse[9], q_inverse[9], d[3];
    for (int i = 0; i < 9; i++) {
        double ridge = i % 4 == 0 ? CIELAB_RIDGE : 0;
        p[i] = covariance_p[i] + ridge;
        q[i] = covariance_q[i] + ridge;
    }
    for (int i = 0; i < 3; i++) d[i] = mean_p[i] - mean_q[i];
    /* tr(Sq^-1 Sp) + tr(Sp^-1 Sq) - 6 + d^T (Sp^-1 + Sq^-1) d, halved */
    TRY(linalg_inverse_small(p_inverse, p, 3));
    TRY(linalg_inverse_small(q_inverse, q, 3));
    double sum = product_trace(q_inverse, p) + product_trace(p_inverse, q) - 6 + quadratic_form(p_inverse, d) +
                 quadratic_form(q_inverse, d);
    *divergence = sum > 0 ? sum / 2 : 0; /* below zero by rounding only */
    return ERR_NONE;
}
