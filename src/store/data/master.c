/* A master file is made of HDF5's virtual datasets: each array maps stretches of its first dimension to the same array
 * of a shard. Nothing is copied but clip_start, whose numbers must count through the whole dataset. */

#include "base/system/file.h"
#include "base/text/escape.h"
#include "store/data/dataset.h"
#include "store/hdf5/h5.h"

#define MASTER_SCHEMA "synvid.master"
enum { MASTER_VERSION = 1 };

typedef struct {
    Dataset dataset;
    H5File file; /* the master */
    const char *folder;
    bool beside;    /* it lies among its shards */
    H5File *shards; /* open while the master is made */
} Master;

static Err open_shards(Master *master) {
    const Dataset *dataset = &master->dataset;
    master->shards = calloc((size_t)dataset->n_shards, sizeof *master->shards);
    if (!master->shards) return RAISE(ERR_MEMORY, "%s: no memory for %d shards", master->folder, dataset->n_shards);
    for (int s = 0; s < dataset->n_shards; s++) {
        char path[PATH_SIZE];
        TRY(path_join(path, sizeof path, master->folder, dataset->shards[s].file));
        TRY(h5_open(&master->shards[s], path, "synvid.shard", 1));
    }
    return ERR_NONE;
}

/* The name of a shard as the master is to know it. */
static Err source_name(char out[PATH_SIZE], const Master *master, int s) {
    char path[PATH_SIZE];
    const char *file = master->dataset.shards[s].file;
    if (master->beside) return text_copy(out, PATH_SIZE, file);
    TRY(path_join(path, sizeof path, master->folder, file));
    return file_absolute(out, PATH_SIZE, path);
}

/* The shape of `name` in shard s; all shards agree but for the first dimension. */
static Err source_shape(H5Array *found, const Master *master, int s, const char *name) {
    hid_t dataset;
    TRY(h5_array_open(&dataset, found, &master->shards[s], name));
    h5_array_close(dataset);
    return ERR_NONE;
}

/* Descriptions and units are those of the shards, which are all alike. */
static Err copy_text(const Master *master, const char *name, const char *attribute) {
    char *text = NULL;
    TRY(h5_get_text(&text, &master->shards[0], name, attribute));
    Err err = h5_put_text(&master->file, name, attribute, text);
    free(text);
    return err;
}

static Err describe(const Master *master, const char *name, int n_dims) {
    static const char *const of_frames[] = {"frame", "y", "x", "channel"};
    static const char *const of_videos[] = {"video", "row", "component"};
    TRY(copy_text(master, name, "description"));
    TRY(copy_text(master, name, "units"));
    return h5_put_texts(&master->file, name, "DIMENSION_LABELS", n_dims == 4 ? of_frames : of_videos, n_dims);
}

/* Adds the elements of one shard, `row` on, to the recipe of the virtual array. */
static Err add_source(hid_t recipe, hid_t space, const Master *master, int s, const H5Array *part, int64_t row) {
    hsize_t start[H5_DIMS] = {(hsize_t)row}, count[H5_DIMS];
    char source[PATH_SIZE];
    Builder pattern = {0}; /* which is what a file's name is to HDF5 here */
    TRY(source_name(source, master, s));
    escape_hdf5_source(&pattern, source);
    TRY(builder_check(&pattern, source));
    for (int i = 0; i < part->n_dims; i++) count[i] = (hsize_t)part->dims[i];
    hid_t all = H5Screate_simple(part->n_dims, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    bool added = H5Pset_virtual(recipe, space, pattern.data, part->name, all) >= 0;
    H5Sclose(all);
    builder_free(&pattern);
    return added ? ERR_NONE : h5_fail(ERR_IO, &master->file, part->name, "describe this virtual array");
}

static Err create_virtual(const Master *master, hid_t recipe, hid_t space, const char *name) {
    hid_t source = H5Dopen2(master->shards[0].id, name, H5P_DEFAULT), groups = H5Pcreate(H5P_LINK_CREATE);
    hid_t type = H5Dget_type(source);
    H5Pset_create_intermediate_group(groups, 1);
    hid_t made = H5Dcreate2(master->file.id, name, type, space, groups, recipe, H5P_DEFAULT);
    Err err = made < 0 ? h5_fail(ERR_IO, &master->file, name, "create this array") : ERR_NONE;
    if (!err) H5Dclose(made);
    H5Pclose(groups);
    H5Tclose(type);
    H5Dclose(source);
    return err;
}

/* All shards' array `name` as one. */
static Err add_array(const Master *master, const char *name) {
    H5Array part = {0};
    hsize_t dims[H5_DIMS];
    int64_t total = 0, row = 0;
    int n_shards = master->dataset.n_shards;
    for (int s = 0; s < n_shards; s++) {
        TRY(source_shape(&part, master, s, name));
        total += part.dims[0];
    }
    for (int i = 0; i < part.n_dims; i++) dims[i] = (hsize_t)part.dims[i];
    dims[0] = (hsize_t)total;
    h5_lock();
    hid_t space = H5Screate_simple(part.n_dims, dims, NULL), recipe = H5Pcreate(H5P_DATASET_CREATE);
    /* times of making would make equal files differ */
    H5Pset_obj_track_times(recipe, false);
    Err err = ERR_NONE;
    for (int s = 0; s < n_shards && !err; s++) {
        err = source_shape(&part, master, s, name);
        if (!err) err = add_source(recipe, space, master, s, &part, row);
        row += part.dims[0];
    }
    if (!err) err = create_virtual(master, recipe, space, name);
    if (!err) err = describe(master, name, part.n_dims);
    H5Pclose(recipe);
    H5Sclose(space);
    h5_unlock();
    return err;
}

static Err read_starts(int64_t *all, const Master *master) {
    int64_t video = 0, frame = 0;
    for (int s = 0; s < master->dataset.n_shards; s++) {
        const DatasetShard *row = &master->dataset.shards[s];
        H5Array start = {.name = "/clip_start", .kind = H5_I64, .n_dims = 1, .dims = {row->n_clips + 1}};
        int64_t *part = NULL;
        TRY(h5_array_get((void **)&part, &start, &master->shards[s]));
        /* the entry behind the last video is the number of frames */
        bool good = part[row->n_clips] == row->n_frames;
        for (int64_t v = 0; v <= row->n_clips; v++)
            all[video + v] = frame + part[v]; /* v = n_clips: the first of the next shard, written again with it */
        free(part);
        if (!good) return RAISE(ERR_INPUT, "%s: has other frames than dataset.json says", master->shards[s].path);
        video += row->n_clips;
        frame += row->n_frames;
    }
    return ERR_NONE;
}

static Err add_starts(const Master *master) {
    int64_t n = master->dataset.n_clips, *all = calloc((size_t)n + 1, sizeof *all);
    const H5Array array = {.name = "/clip_start",
                           .kind = H5_I64,
                           .n_dims = 1,
                           .dims = {n + 1},
                           .labels = {"video"},
                           .units = "frames",
                           .description = "first frame of each video; one more entry: the number of frames"};
    if (!all) return RAISE(ERR_MEMORY, "%s: no memory for %lld videos", master->folder, (long long)n);
    Err err = read_starts(all, master);
    if (!err) err = h5_array_put(&master->file, &array, all);
    free(all);
    return err;
}

static Err add_latents(const Master *master) {
    char **names, path[2 * NAME_SIZE];
    int count;
    TRY(h5_list(&names, &count, &master->shards[0], "/latent"));
    Err err = ERR_NONE;
    for (int i = 0; i < count && !err; i++) {
        err = text_format(path, sizeof path, "/latent/%s", names[i]);
        if (!err) err = add_array(master, path);
    }
    h5_texts_free(&names, count);
    return err;
}

static Err put_identity(const Master *master) {
    const Dataset *dataset = &master->dataset;
    const H5File *file = &master->file;
    TRY(h5_put_text(file, NULL, "dataset", dataset->name));
    TRY(h5_put_text(file, NULL, "digest", dataset->digest));
    TRY(h5_put_int(file, NULL, "shards", dataset->n_shards));
    TRY(h5_put_int(file, NULL, "height", dataset->height));
    return h5_put_int(file, NULL, "width", dataset->width);
}

/* Arrays that a storage lacks are passed over: latent and encoded shards have no /frames, real videos no /latent. */
static Err fill(const Master *master) {
    TRY(put_identity(master));
    if (h5_exists(&master->shards[0], "/frames")) TRY(add_array(master, "/frames"));
    TRY(add_starts(master));
    /* numbers count through the whole dataset already, so they are only joined */
    TRY(add_array(master, "/clip_index"));
    TRY(add_array(master, "/label"));
    return h5_exists(&master->shards[0], "/latent") ? add_latents(master) : ERR_NONE;
}

/* Whether the file will lie in the dataset's folder. */
static Err look_beside(Master *master, const char *path) {
    char parent[PATH_SIZE], a[PATH_SIZE], b[PATH_SIZE];
    TRY(path_parent(parent, sizeof parent, path));
    master->beside = !file_absolute(a, sizeof a, parent) && !file_absolute(b, sizeof b, master->folder) &&
                     text_equal(a, b);
    return ERR_NONE;
}

static Err write_file(Master *master, const char *path) {
    TRY(h5_create(&master->file, path, MASTER_SCHEMA, MASTER_VERSION));
    Err err = fill(master);
    if (!err) err = h5_close(&master->file);
    if (!err) err = file_finish_partial(path);
    h5_abandon(&master->file);
    if (err) file_remove_partial(path);
    return err;
}

Err master_write(const char *path, const char *folder) {
    Master master = {.folder = folder};
    TRY(dataset_read(&master.dataset, folder));
    Err err = look_beside(&master, path);
    if (!err) err = open_shards(&master);
    if (!err) err = write_file(&master, path);
    for (int s = 0; master.shards && s < master.dataset.n_shards; s++) h5_abandon(&master.shards[s]);
    free(master.shards);
    dataset_free(&master.dataset);
    return err;
}
