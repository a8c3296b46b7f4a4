/* Reading of store/checkpoint/checkpoint. Any number of ranks reads what any other number wrote: each rank opens the
 * file by itself and takes its slice. Before that the ranks share out the tensors and compare their digests. */
#include "base/failure/fault.h"
#include "base/system/log.h"
#include "math/finite.h"
#include "par/agree.h"
#include "store/checkpoint/checkpoint.h"
#include "store/checkpoint/internal/checkpoint_tensor.h"
#include "store/hdf5/h5.h"

#include <inttypes.h>

/* This rank's part of all digests: the ranks together read the file once. */
static Err verify_share(const char *path, const Par *par) {
    H5File file;
    if (fault_hit("checkpoint.read")) return RAISE(ERR_IO, "%s: injected fault", path);
    TRY(checkpoint_open(&file, path));
    Err err = ERR_NONE;
    for (int part = 0; !err && part < PART_COUNT; part++)
        err = checkpoint_verify_share(&file, (CheckpointPart)part, par->rank, par->n_ranks);
    h5_abandon(&file);
    return err;
}

/* Elements [begin, end) of a tensor, box by box. */
static Err read_range(const H5File *file, hid_t dataset, const H5Array *array, int64_t begin, int64_t end,
                      float *values) {
    int64_t start[H5_DIMS], count[H5_DIMS];
    for (int64_t at = begin, length; at < end; at += length) {
        length = hyperslab_box(start, count, array->dims, array->n_dims, at, end);
        TRY(h5_box_read(file, dataset, array, start, count, values + (at - begin)));
    }
    return ERR_NONE;
}

static Err check_shape(const H5Array *found, const H5Array *expected, const H5File *file) {
    bool same = found->kind == expected->kind && found->n_dims == expected->n_dims;
    for (int i = 0; same && i < expected->n_dims; i++) same = found->dims[i] == expected->dims[i];
    return same ? ERR_NONE
                : RAISE(ERR_INPUT, "%s: %s has another shape than the model of this run", file->path, expected->name);
}

/* Checks the tensor on every rank, so that all ranks find the same fault; reads the part of it that is ours. */
static Err read_tensor(const H5File *file, const H5Array *expected, int64_t begin, int64_t end, float *values) {
    hid_t dataset;
    H5Array found;
    TRY(h5_array_open(&dataset, &found, file, expected->name));
    Err err = check_shape(&found, expected, file);
    if (!err && begin < end) err = read_range(file, dataset, &found, begin, end, values);
    if (!err && begin < end)
        err = finite_check(values, (size_t)(end - begin), (size_t)begin, file->path, expected->name);
    h5_array_close(dataset);
    return err;
}

static Err read_part(const H5File *file, CheckpointPart part, const CheckpointSlice *slice, float *values) {
    char **names;
    int count;
    TRY(h5_list(&names, &count, file, checkpoint_group(part)));
    h5_texts_free(&names, count);
    if (count != slice->n_tensors)
        return RAISE(ERR_INPUT, "%s: %s has %d tensors, the model of this run has %d", file->path,
                     checkpoint_group(part), count, slice->n_tensors);
    /* a tensor's elements are [offset, next) of the flat vector; this rank's are [begin, end) of those */
    int64_t offset = 0;
    for (int t = 0; t < slice->n_tensors; t++) {
        int64_t next = offset + (int64_t)tensor_count(&slice->tensors[t]);
        int64_t begin = slice->begin > offset ? slice->begin : offset;
        int64_t end = slice->end < next ? slice->end : next;
        char path[TENSOR_PATH_SIZE];
        H5Array expected = checkpoint_array(path, part, &slice->tensors[t]);
        float *target = begin < end ? values + (begin - slice->begin) : NULL;
        TRY(read_tensor(file, &expected, begin - offset, end - offset, target));
        offset = next;
    }
    return ERR_NONE;
}

static Err read_state(CheckpointState *state, const H5File *file) {
    char *seed;
    TRY(h5_get_int(&state->step, file, NULL, "step"));
    TRY(h5_get_text(&seed, file, NULL, "seed"));
    state->seed = strtoumax(seed, NULL, 10);
    state->config_text = NULL;
    free(seed);
    return ERR_NONE;
}

static Err read_slices(const char *path, const CheckpointSlice *slice, CheckpointState *state, int n_parts) {
    H5File file;
    TRY(checkpoint_open(&file, path));
    Err err = read_state(state, &file);
    for (; !err && slice; slice = slice->next) {
        float *values[PART_COUNT] = {slice->params, slice->m, slice->v};
        for (int part = 0; !err && part < n_parts; part++)
            err = read_part(&file, (CheckpointPart)part, slice, values[part]);
    }
    h5_abandon(&file);
    return err;
}

/* Rank 0's list of steps, everywhere. */
static Err list_all(int64_t **steps, int *count, const char *folder, const Par *par) {
    Err err = par->rank == 0 ? checkpoint_list(steps, count, folder) : ERR_NONE;
    TRY(err_agree_all(err, par, "listing checkpoints"));
    *count = (int)agree_rank0_all(*count, par, "the number of checkpoints");
    return ERR_NONE;
}

/* Newest first, the first that verifies; *step -1 when none does. A damaged checkpoint costs the steps since the one
 * before, not the run. */
static Err choose_all(int64_t *step, const int64_t *steps, int count, const char *folder, const Par *par) {
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        *step = agree_rank0_all(par->rank == 0 ? steps[i] : 0, par, "which checkpoint");
        TRY(checkpoint_path(path, sizeof path, folder, *step));
        Err err = err_agree_all(verify_share(path, par), par, "verifying the checkpoint");
        /* a disk that fails is not a damaged file: trying the one before would hide it */
        if (err != ERR_INPUT) return err;
        if (par->rank == 0) log_warn("%s; trying the checkpoint before it", err_message());
    }
    *step = -1;
    return RAISE(ERR_INPUT, "%s: none of its %d checkpoints is whole; --force starts over", folder, count);
}

Err checkpoint_read_newest_all(const char *folder, CheckpointSlice *slice, CheckpointState *state, bool *found,
                               const Par *par) {
    int64_t *steps = NULL, step = -1;
    int count = 0;
    char path[PATH_SIZE];
    *found = false;
    Err err = list_all(&steps, &count, folder, par);
    if (!err && count > 0) err = choose_all(&step, steps, count, folder, par);
    free(steps);
    if (err || count == 0) return err;

    /* a rank with an empty slice may have no moments to point to */
    int n_parts = agree_max_all(slice->m != NULL, par, "the checkpoint") ? PART_COUNT : 1;
    TRY(checkpoint_path(path, sizeof path, folder, step));
    TRY(err_agree_all(read_slices(path, slice, state, n_parts), par, "reading the checkpoint"));
    *found = true;
    return ERR_NONE;
}
