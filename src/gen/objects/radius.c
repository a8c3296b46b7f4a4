/* The law of sizes of dead-leaves pictures: density 1/rho^3 between the least radius and 1, as the published code
 * samples it: cumulative sums on a grid of RADIUS_POINTS, and the grid point whose sum is nearest to u. The
 * exponential law takes the mean of that table, less the minimum, for its scale. */
#include "gen/objects/internal/scene.h"

#include <math.h>

static double grid_point(double min, int k) {
    return min + (1 - min) / (RADIUS_POINTS - 1) * k;
}

static int to_pixels(double rho, int size) {
    int radius = (int)(rho * size);
    return radius < 1 ? 1 : radius;
}

void radius_table_init(RadiusTable *table, const Variant *variant) {
    table->law = (RadiusLaw)variant->radius_law;
    table->min = variant->radius_min;
    table->size = variant->size;
    double sum = 0;
    for (int k = 0; k < RADIUS_POINTS; k++) {
        double rho = grid_point(table->min, k);
        sum += k == RADIUS_POINTS - 1 ? 0 : 1 / (rho * rho * rho) - 1; /* the last weight is 0 but for rounding */
        table->cumulative[k] = sum;
        table->radius[k] = to_pixels(rho, table->size);
    }
    for (int k = 0; k < RADIUS_POINTS; k++) table->cumulative[k] /= sum;
    table->excess = -table->min;
    /* mean of the power law less the minimum: both laws have the same mean size */
    for (int k = 0; k < RADIUS_POINTS; k++) table->excess += radius_point_mass(table, k) * grid_point(table->min, k);
}

static int nearest_point(const RadiusTable *table, double u) {
    int low = 0, high = RADIUS_POINTS - 1; /* the lowest k with C_k >= u */
    while (low < high) {
        int middle = (low + high) / 2;
        if (table->cumulative[middle] >= u)
            high = middle;
        else
            low = middle + 1;
    }
    /* the code takes argmin |C - u|, whose first of two equals is the lower one */
    bool below = low > 0 && u - table->cumulative[low - 1] <= table->cumulative[low] - u;
    return below ? low - 1 : low;
}

int radius_draw(const RadiusTable *table, double u) {
    if (table->law == RADIUS_POWER_LAW) return table->radius[nearest_point(table, u)];
    /* inverse of the distribution function, cut off at a radius of 1 */
    double reach = 1 - exp(-(1 - table->min) / table->excess);
    return to_pixels(table->min - table->excess * log(1 - u * reach), table->size);
}

double radius_point_mass(const RadiusTable *table, int k) {
    const double *c = table->cumulative;
    double above = k < RADIUS_POINTS - 1 ? (c[k] + c[k + 1]) / 2 : 1;
    double below = k > 0 ? (c[k - 1] + c[k]) / 2 : 0;
    return above - below;
}
