/* gen/objects/radius - the law of object sizes.
 *
 * Power law (the released code, exact): grid rho_k = min + (1 - min) k / 199, k = 0..199; weights rho_k^-3 - 1; C their
 * normalized cumulative sum; a draw u in [0, 1) takes the k whose C_k is nearest to u, the lowest on ties; the radius
 * is max(1, trunc(rho_k R)). Nearest is not inverse: point k has mass (C_(k+1) - C_(k-1)) / 2. Exponential (the paper's
 * word; no parameter given): min + an excess with the power law's mean, cut at 1. */
#pragma once

#include "gen/variant/variant_config.h"

enum { RADIUS_POINTS = 200 };

typedef struct {
    RadiusLaw law;
    double min, excess; /* exponential: smallest share of R and mean excess */
    double cumulative[RADIUS_POINTS];
    int radius[RADIUS_POINTS]; /* pixels */
    int size;
} RadiusTable;

void radius_table_init(RadiusTable *table, const Variant *variant);
/* u in [0, 1) -> radius in pixels, at least 1. */
int radius_draw(const RadiusTable *table, double u);
/* Probability of grid point k under the power law. */
double radius_point_mass(const RadiusTable *table, int k);
