/* Writing of store/checkpoint/checkpoint, in four steps that all ranks take together:
 *   1. rank 0 creates the file with every array in its place and reserves the space, so that a full disk shows here;
 *   2. all ranks write their slices, through MPI-IO when there are several: no structure changes, each write is its
 * own;
 *   3. the ranks share out the tensors, read them back and digest them;
 *   4. rank 0 adds the digests, seals the rest (store/hdf5/internal/seal.h) and gives the file its final name. */
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "store/checkpoint/checkpoint.h"
#include "store/checkpoint/internal/checkpoint_tensor.h"
#include "store/hdf5/h5.h"

#include <inttypes.h>

typedef struct {
    char path[PATH_SIZE];
    const CheckpointSlice *slice;
    const CheckpointState *state;
    const Par *par;
    int n_parts; /* 1: weights only */
} Writing;

static Err put_state(const H5File *file, const CheckpointState *state) {
    char digits[32];
    TRY(text_format(digits, sizeof digits, "%" PRIu64, state->seed));
    TRY(h5_put_int(file, NULL, "step", state->step));
    TRY(h5_put_text(file, NULL, "seed", digits));
    return h5_put_text(file, NULL, "config", state->config_text ? state->config_text : "{}");
}

static Err create_arrays(const H5File *file, const Writing *w) {
    for (int part = 0; part < w->n_parts; part++)
        for (int t = 0; t < w->slice->n_tensors; t++) {
            char path[TENSOR_PATH_SIZE];
            H5Array array = checkpoint_array(path, (CheckpointPart)part, &w->slice->tensors[t]);
            hid_t dataset;
            TRY(h5_array_create(&dataset, file, &array));
            h5_array_close(dataset);
        }
    return ERR_NONE;
}

/* Closing reserves the room for all arrays, which have their places but hold nothing yet. */
static Err create_file(const Writing *w) {
    H5File file;
    TRY(h5_create(&file, w->path, CHECKPOINT_SCHEMA, CHECKPOINT_VERSION));
    Err err = put_state(&file, w->state);
    if (!err) err = create_arrays(&file, w);
    if (!err) err = h5_close(&file);
    h5_abandon(&file);
    return err;
}

/* Elements [begin, end) of one tensor, whose first value is values[0]. */
static Err write_range(const H5File *file, const char *path, int64_t begin, int64_t end, const float *values) {
    hid_t dataset;
    H5Array array;
    int64_t start[H5_DIMS], count[H5_DIMS];
    TRY(h5_array_open(&dataset, &array, file, path));
    Err err = ERR_NONE;
    for (int64_t at = begin, length; !err && at < end; at += length) {
        length = hyperslab_box(start, count, array.dims, array.n_dims, at, end);
        err = h5_box_write(file, dataset, &array, start, count, values + (at - begin));
    }
    h5_array_close(dataset);
    return err;
}

/* The flat vector is all tensors in their order; a rank's slice may begin and end inside of one. */
static Err write_part(const H5File *file, const CheckpointSlice *slice, CheckpointPart part, const float *values) {
    int64_t offset = 0; /* of the tensor in the flat vector */
    for (int t = 0; t < slice->n_tensors; t++) {
        int64_t next = offset + (int64_t)tensor_count(&slice->tensors[t]);
        int64_t begin = slice->begin > offset ? slice->begin : offset;
        int64_t end = slice->end < next ? slice->end : next;
        char path[TENSOR_PATH_SIZE];
        /* the same cut of a tensor as in checkpoint_read.c */
        H5Array array = checkpoint_array(path, part, &slice->tensors[t]);
        if (begin < end)
            TRY(write_range(file, array.name, begin - offset, end - offset, values + (begin - slice->begin)));
        offset = next;
    }
    return ERR_NONE;
}

static Err write_my_slices(const H5File *file, const Writing *w) {
    if (fault_hit("checkpoint.write")) return RAISE(ERR_IO, "%s: injected fault", w->path);
    for (const CheckpointSlice *slice = w->slice; slice; slice = slice->next) {
        const float *values[PART_COUNT] = {slice->params, slice->m, slice->v};
        for (int part = 0; part < w->n_parts; part++) TRY(write_part(file, slice, (CheckpointPart)part, values[part]));
    }
    return ERR_NONE;
}

static Err write_slices_all(const Writing *w) {
    H5File file;
    TRY(err_agree_all(h5_open_shared_all(&file, w->path, w->par), w->par, "opening the checkpoint"));
    Err mine = write_my_slices(&file, w);
    Err closed = h5_close(&file); /* collective: also after a failure of one's own */
    return err_agree_all(mine ? mine : closed, w->par, "writing the checkpoint");
}

typedef char DigestText[DIGEST_SIZE];

/* Arrays are numbered part by part in the order of the tensors. */
static Err digest_share(DigestText *digests, Share share, const Writing *w) {
    H5File file;
    TRY(h5_open_partial(&file, w->path));
    Err err = ERR_NONE;
    for (int64_t i = share.begin; !err && i < share.end; i++) {
        char path[TENSOR_PATH_SIZE];
        int n = w->slice->n_tensors;
        H5Array array = checkpoint_array(path, (CheckpointPart)(i / n), &w->slice->tensors[i % n]);
        err = checkpoint_digest(digests[i - share.begin], &file, array.name);
    }
    h5_abandon(&file);
    return err;
}

/* What arrived on disk is digested, not what was handed over: a bad write shows now, not when the run needs it. */
static Err digest_all(DigestText **digests, const Writing *w) {
    Share share = share_block((int64_t)w->n_parts * w->slice->n_tensors, w->par->rank, w->par->n_ranks);
    size_t n = (size_t)(share.end - share.begin), total;
    void *gathered = NULL;
    DigestText *mine = calloc(n + 1, sizeof *mine);
    Err err = mine ? digest_share(mine, share, w) : RAISE(ERR_MEMORY, "%s: no memory for digests", w->path);
    err = err_agree_all(err, w->par, "reading the checkpoint back");
    if (!err) err = gather_bytes_all(&gathered, &total, mine, n * sizeof *mine, w->par);
    free(mine);
    *digests = gathered;
    return err;
}

static Err put_digests(const DigestText *digests, const Writing *w) {
    const Par alone = {.n_ranks = 1, .comm = MPI_COMM_NULL}; /* the serial driver, whatever the ranks */
    H5File file;
    TRY(h5_open_shared_all(&file, w->path, &alone));
    Err err = ERR_NONE;
    for (int part = 0; part < w->n_parts; part++)
        for (int t = 0; !err && t < w->slice->n_tensors; t++) {
            char path[TENSOR_PATH_SIZE];
            H5Array array = checkpoint_array(path, (CheckpointPart)part, &w->slice->tensors[t]);
            err = h5_put_text(&file, array.name, "digest", digests[part * w->slice->n_tensors + t]);
        }
    Err closed = h5_close(&file);
    return err ? err : closed;
}

static Err finish(const DigestText *digests, const Writing *w) {
    TRY(put_digests(digests, w));
    return h5_finish(w->path);
}

static Err create_on_rank_0(const char *folder, const Writing *w) {
    TRY(folder_make(folder));
    return create_file(w);
}

static Err write_steps_all(const char *folder, const Writing *w) {
    DigestText *digests = NULL;
    TRY(err_agree_all(w->par->rank == 0 ? create_on_rank_0(folder, w) : ERR_NONE, w->par, "creating the checkpoint"));
    TRY(write_slices_all(w));
    TRY(digest_all(&digests, w));
    Err err = fault_hit("checkpoint.finish") ? RAISE(ERR_IO, "%s: injected fault", w->path) : ERR_NONE;
    err = err_agree_all(err, w->par, "the checkpoint");
    if (!err)
        err = err_agree_all(w->par->rank == 0 ? finish(digests, w) : ERR_NONE, w->par, "finishing the checkpoint");
    free(digests);
    return err;
}

Err checkpoint_write_all(const char *folder, const CheckpointSlice *slice, const CheckpointState *state,
                         const Par *par) {
    Writing w = {.slice = slice, .state = state, .par = par};
    /* A rank with an empty slice may have no moments to point to. */
    w.n_parts = agree_max_all(slice->m != NULL, par, "the checkpoint") ? PART_COUNT : 1;
    TRY(checkpoint_path(w.path, sizeof w.path, folder, state->step));
    Err err = write_steps_all(folder, &w);
    if (err && par->rank == 0) file_remove_partial(w.path);
    return err;
}
