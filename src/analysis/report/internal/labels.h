/* analysis/report/internal/labels - places for the labels of a scatter plot: beside their points, and over neither
 * points nor each other. Greedy: the most crowded point first, each label as near as there is room. Pure; the same
 * input, the same places. */
#pragma once

typedef struct {
    double x, y; /* pixels, y upward */
} Spot;

/* Boxes of labels are as wide as their text. */
enum { LABEL_CHARACTER = 7, LABEL_HEIGHT = 12, LABEL_DOT = 4 /* half the side of what a point covers */ };

/* labels (n): centers, inside [0, width] x [0, height]; one without room stays on its point. texts are borrowed. */
void labels_place(Spot *labels, const Spot *points, const char *const *texts, int n, double width, double height);
