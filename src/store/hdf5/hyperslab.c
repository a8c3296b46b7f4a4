#include "store/hdf5/hyperslab.h"

/* Elements of one step along dimension `d`. */
static int64_t stride_of(const int64_t *dims, int n_dims, int d) {
    int64_t stride = 1;
    for (int i = d + 1; i < n_dims; i++) stride *= dims[i];
    return stride;
}

int64_t hyperslab_box(int64_t *start, int64_t *count, const int64_t *dims, int n_dims, int64_t at, int64_t end) {
    int64_t rest = at, stride = 1;
    int grow = n_dims - 1; /* the outermost dimension that the box may extend along */
    for (int d = 0; d < n_dims; d++) {
        stride = stride_of(dims, n_dims, d);
        start[d] = rest / stride;
        rest %= stride;
        if (rest == 0 && stride <= end - at) {
            grow = d;
            break;
        }
    }
    int64_t steps = (end - at) / stride, room = dims[grow] - start[grow];
    if (steps > room) steps = room;
    for (int d = 0; d < n_dims; d++) {
        if (d > grow) start[d] = 0;
        count[d] = d < grow ? 1 : d == grow ? steps : dims[d];
    }
    return steps * stride;
}
