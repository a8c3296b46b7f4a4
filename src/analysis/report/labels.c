#include "analysis/report/internal/figures.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Places that are tried: rings around the point, from right beside it on. */
enum { RING_FIRST = 10, RING_STEP = 4, RING_LAST = 110, ANGLES = 24, CROWD = 30 /* pixels */ };
enum { GAP = 5 }; /* from one number to the next: "1 26" is not "126" */

typedef struct {
    Spot *labels; /* NAN: not placed yet, which meets nothing */
    const Spot *points;
    const char *const *texts;
    int n;
    double width, height;
} Layout;

/* Pixels. */
static double label_width(const char *text) {
    return LABEL_CHARACTER * (double)strlen(text) + GAP;
}

/* Boxes by their centers; one at NAN meets none. */
static bool boxes_meet(Spot a, double a_width, double a_height, Spot b, double b_width, double b_height) {
    return fabs(a.x - b.x) * 2 < a_width + b_width && fabs(a.y - b.y) * 2 < a_height + b_height;
}

static bool is_free(const Layout *l, int label, Spot at) {
    double width = label_width(l->texts[label]);
    if (at.x < width / 2 || at.x > l->width - width / 2) return false;
    if (at.y < LABEL_HEIGHT / 2.0 || at.y > l->height - LABEL_HEIGHT / 2.0) return false;
    for (int j = 0; j < l->n; j++) {
        if (boxes_meet(at, width, LABEL_HEIGHT, l->points[j], 2 * LABEL_DOT, 2 * LABEL_DOT)) return false;
        if (boxes_meet(at, width, LABEL_HEIGHT, l->labels[j], label_width(l->texts[j]), LABEL_HEIGHT)) return false;
    }
    return true;
}

static int points_near(const Layout *l, Spot at) {
    int near = 0;
    for (int j = 0; j < l->n; j++) near += hypot(l->points[j].x - at.x, l->points[j].y - at.y) < CROWD;
    return near;
}

/* The free place of the nearest ring that has one, where fewest points are near. */
static Spot place(const Layout *l, int label) {
    Spot point = l->points[label], best = point;
    for (int radius = RING_FIRST; radius <= RING_LAST; radius += RING_STEP) {
        int fewest = l->n + 1;
        for (int angle = 0; angle < ANGLES; angle++) {
            double turn = 2 * M_PI * angle / ANGLES;
            Spot at = {point.x + radius * cos(turn), point.y + radius * sin(turn)};
            int near = points_near(l, at);
            if (near >= fewest || !is_free(l, label, at)) continue;
            fewest = near;
            best = at;
        }
        if (fewest <= l->n) break;
    }
    return best;
}

/* Greedy, the most crowded point first: it has the fewest places to choose from. */
void labels_place(Spot *labels, const Spot *points, const char *const *texts, int n, double width, double height) {
    const Layout layout = {labels, points, texts, n, width, height};
    for (int i = 0; i < n; i++) labels[i] = (Spot){NAN, NAN};
    for (int done = 0; done < n; done++) {
        int next = 0, most = -1;
        for (int i = 0; i < n; i++) {
            int near = isnan(labels[i].x) ? points_near(&layout, points[i]) : -1;
            if (near <= most) continue;
            most = near;
            next = i;
        }
        labels[next] = place(&layout, next);
    }
}
