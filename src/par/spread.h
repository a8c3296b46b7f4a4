/* par/spread - text and small records to everybody, or from everybody to rank 0. Sizes may differ by rank. */
#pragma once

#include "par/par.h"

/* Rank 0's text on every rank; *text is owned by the caller on all ranks (rank 0 keeps its own). */
CHECKED Err spread_text_all(char **text, const Par *par);
CHECKED Err spread_bytes_all(void *data, size_t bytes, const Par *par);
/* Concatenation in rank order on every rank; *gathered is malloc'd, *total its bytes. */
CHECKED Err gather_bytes_all(void **gathered, size_t *total, const void *mine, size_t bytes, const Par *par);
/* Element-wise sum in rank order 0,1,2,...: deterministic for a given rank count. In place, on every rank; `count` is
 * the same everywhere. Memory: about 128 KiB a rank, whatever the count. */
CHECKED Err sum_doubles_all(double *values, size_t count, const Par *par);
void par_barrier_all(const Par *par);
