/* eval/finetune/confusion - what is taken for what, as a picture: confusion.svg (and .pdf, with script and data) in a
 * folder.
 *
 * One row a class with its accuracy, one column a prediction; a cell's darkness is the share of the row's videos. Only
 * cells that are not empty are drawn, so that a hundred classes make no large file. */
#pragma once

#include "eval/finetune/score.h"

/* counts: (n_classes, n_classes), row = label. A missing gnuplot is said, not an error. */
CHECKED Err confusion_draw(const Predictions *predictions, const int64_t *counts, const char *folder);
