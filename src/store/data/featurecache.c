/* The name of a file of features is the digest of all they were made from, so a file that is there is the right one.
 * Several runs may want the same at once: the folder's lock makes one write and the others find it. */
#include "store/data/featurecache.h"

#include "base/failure/fault.h"
#include "base/system/file.h"
#include "math/finite.h"
#include "store/hdf5/h5.h"

#include <unistd.h>

#define FEATURES_SCHEMA "synvid.features"
enum { FEATURES_VERSION = 1 };

void feature_table_free(FeatureTable *table) {
    free(table->rows);
    free(table->labels);
    *table = (FeatureTable){0};
}

/* -1 in a dimension: any. */
static H5Array rows_array(int64_t videos, int64_t views, int64_t tokens, int64_t D) {
    return (H5Array){.name = "/features",
                     .kind = H5_F32,
                     .n_dims = 4,
                     .dims = {videos, views, tokens, D},
                     .labels = {"video", "view", "token", "dimension"},
                     .description = "output of the frozen encoder, means over blocks of tokens",
                     .units = "1"};
}

static H5Array label_array(int64_t videos) {
    return (H5Array){.name = "/label",
                     .kind = H5_I32,
                     .n_dims = 1,
                     .dims = {videos},
                     .labels = {"video"},
                     .description = "class of each video",
                     .units = "class number"};
}

/* Of shape and values: what a damaged file is told by. */
static Err digest_values(char out[DIGEST_SIZE], const FeatureTable *table) {
    const int64_t shape[] = {table->n_videos, table->n_views, table->n_tokens, table->D};
    Digest *digest;
    TRY(digest_new(&digest));
    digest_add(digest, shape, sizeof shape);
    digest_add(digest, table->rows, feature_table_floats(table) * sizeof *table->rows);
    digest_add(digest, table->labels, (size_t)table->n_videos * sizeof *table->labels);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

CHECKED Err featurecache_path(char *out, size_t size, const char *folder, const char *digest) {
    return text_format(out, size, "%s/features-%s.h5", folder, digest);
}

/* Under a partial name until it is whole, as every file here: who finds the name finds all of it. */
static Err write_file(const FeatureTable *table, const char *path, const char *digest) {
    const H5Array rows = rows_array(table->n_videos, table->n_views, table->n_tokens, table->D);
    const H5Array labels = label_array(table->n_videos);
    char values[DIGEST_SIZE];
    H5File file;
    TRY(digest_values(values, table));
    TRY(h5_create(&file, path, FEATURES_SCHEMA, FEATURES_VERSION));
    Err err = h5_put_text(&file, NULL, "made_from", digest);
    if (!err) err = h5_put_text(&file, NULL, "digest", values);
    if (!err && fault_hit("features.write")) err = RAISE(ERR_IO, "%s: injected fault", path);
    if (!err) err = h5_array_put(&file, &rows, table->rows);
    if (!err) err = h5_array_put(&file, &labels, table->labels);
    if (!err) err = h5_close(&file);
    if (!err) err = file_finish_partial(path);
    h5_abandon(&file);
    if (err) file_remove_partial(path);
    return err;
}

CHECKED Err featurecache_write(const FeatureTable *table, const char *path, const char *digest) {
    char folder[PATH_SIZE];
    int lock;
    TRY(path_parent(folder, sizeof folder, path));
    TRY(lock_folder(&lock, folder));
    /* under the lock: whoever was faster has written the same */
    Err err = file_exists(path) ? ERR_NONE : write_file(table, path, digest);
    close(lock);
    return err;
}

/* Is the root attribute `name` this text? */
static Err compare(bool *same, const H5File *file, const char *name, const char *expected) {
    char *found = NULL;
    TRY(h5_get_text(&found, file, NULL, name));
    *same = text_equal(found, expected);
    free(found);
    return ERR_NONE;
}

/* The name of a file may lie; the digest inside says what it was made from. */
static Err check_origin(const H5File *file, const char *digest) {
    bool same = true;
    if (digest) TRY(compare(&same, file, "made_from", digest));
    return same ? ERR_NONE : RAISE(ERR_INPUT, "%s: holds features of something else; remove it", file->path);
}

static Err check_values(const FeatureTable *table, const H5File *file) {
    char values[DIGEST_SIZE];
    bool same = false;
    TRY(digest_values(values, table));
    TRY(compare(&same, file, "digest", values));
    return same ? ERR_NONE
                : RAISE(ERR_INPUT, "%s: damaged: its values have digest %s, the file says another; remove it",
                        file->path, values);
}

static Err read_arrays(FeatureTable *table, const H5File *file) {
    H5Array rows = rows_array(-1, -1, -1, -1);
    void *data = NULL;
    TRY(h5_array_get(&data, &rows, file));
    table->rows = data;
    table->n_videos = rows.dims[0];
    table->n_views = (int)rows.dims[1];
    table->n_tokens = (int)rows.dims[2];
    table->D = (int)rows.dims[3];
    /* one label for each video, so the shape is now known */
    H5Array labels = label_array(rows.dims[0]);
    TRY(h5_array_get(&data, &labels, file));
    table->labels = data;
    return ERR_NONE;
}

CHECKED Err featurecache_read(FeatureTable *table, const char *path, const char *digest) {
    H5File file;
    *table = (FeatureTable){0};
    TRY(h5_open(&file, path, FEATURES_SCHEMA, FEATURES_VERSION));
    Err err = check_origin(&file, digest);
    if (!err) err = read_arrays(table, &file);
    if (!err) err = check_values(table, &file);
    if (!err) err = finite_check(table->rows, feature_table_floats(table), 0, path, "/features");
    h5_abandon(&file);
    if (err) feature_table_free(table);
    return err;
}

CHECKED Err featurecache_verify(const char *path, char digest[DIGEST_SIZE]) {
    FeatureTable table;
    TRY(featurecache_read(&table, path, NULL));
    Err err = digest_values(digest, &table);
    feature_table_free(&table);
    return err;
}
