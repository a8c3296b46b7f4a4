/* nn/layers/posenc - the fixed sine-cosine position table of VideoMAE: one dimension, over the flat token index.
 *
 * angle(p, j) = p / 10000^(2*floor(j/2)/D); sine for even j, cosine for odd j; computed in double. */
#pragma once

/* table (N, D). */
void posenc_table(float *table, int N, int D);
