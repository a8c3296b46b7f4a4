/* store/hdf5/h5 - checked HDF5 files: what fails becomes an Err that names the file, the object and HDF5's own reason.
 *
 * Every file of ours looks alike: root attributes schema, schema_version, created_by; every array has a description,
 * units and labelled dimensions; no times are recorded, so equal contents give equal bytes. Opening checks schema and
 * version first and says what was found.
 *
 * Files are written under their partial name (base/system/file.h); h5_create takes the final one. A file opened with
 * more than one rank (h5_open_shared_all) goes through MPI-IO; only h5_box_write is meant for it. All calls take the
 * library's lock (h5_lock, below). */
#pragma once

#include "base/text/text.h"
#include "par/par.h"

#include <hdf5.h>
#include <stdint.h>

/* h5_library.c: the HDF5 library itself: one lock for it, and its errors as ours.
 *
 * The library is not thread safe: h5_lock guards every use, and the lock may be taken again by its owner. The first use
 * sets the library up. */

#ifndef H5_HAVE_PARALLEL
#error "this is the header of a serial HDF5; synvid needs the one of the parallel library"
#endif

/* A file that is open (store/hdf5/h5.h). */
typedef struct {
    hid_t id;             /* 0: closed */
    char path[PATH_SIZE]; /* for messages: the final name */
    bool writes;          /* created by us through the serial driver */
    bool sealed;          /* opened by h5_open: has a seal (store/hdf5/internal/seal.h) */
    int version;          /* opened by h5_open: of its schema */
} H5File;

void h5_lock(void);
void h5_unlock(void);

/* An Err with HDF5's innermost reason: "FILE: OBJECT: cannot WHAT: reason". */
Err h5_fail(Err code, const H5File *file, const char *object, const char *what);

/* Attributes of the root (object NULL) or of an object. Text is stored as UTF-8 of variable length. */
CHECKED Err h5_put_text(const H5File *file, const char *object, const char *name, const char *text);
CHECKED Err h5_put_texts(const H5File *file, const char *object, const char *name, const char *const *texts, int count);
CHECKED Err h5_put_int(const H5File *file, const char *object, const char *name, int64_t value);
bool h5_has_attribute(const H5File *file, const char *name); /* of the root */
/* *text is malloc'd. */
CHECKED Err h5_get_text(char **text, const H5File *file, const char *object, const char *name);
CHECKED Err h5_get_int(int64_t *value, const H5File *file, const char *object, const char *name);

/* A list of texts as a one-dimensional array of variable-length strings. */
CHECKED Err h5_texts_put(const H5File *file, const char *name, const char *const *texts, int count, const char *label,
                         const char *description);
/* *texts: `count` malloc'd texts in a malloc'd list; `count` must be what the file has. */
CHECKED Err h5_texts_get(char ***texts, int count, const H5File *file, const char *name);
void h5_texts_free(char ***texts, int count);

/* ---- arrays, whole or by boxes ---- */
enum { H5_DIMS = 5 };

typedef enum { H5_U8, H5_I32, H5_I64, H5_F32 } H5Kind;

/* The description of an array: for creating it, and for checking one in a file. */
typedef struct {
    const char *name; /* "/frames"; missing groups are made */
    H5Kind kind;
    int n_dims;
    int64_t dims[H5_DIMS];
    const char *labels[H5_DIMS]; /* what each dimension counts */
    const char *description, *units;
    int64_t tile[H5_DIMS]; /* tile[0] > 0: stored in deflated tiles of this shape; else contiguous, space reserved */
} H5Array;

int64_t h5_count(const H5Array *array);

/* Creates the array and leaves it open (h5_array_close). Contiguous ones have their place in the file at once. */
CHECKED Err h5_array_create(hid_t *dataset, const H5File *file, const H5Array *array);
/* Creates and writes all of it. */
CHECKED Err h5_array_put(const H5File *file, const H5Array *array, const void *data);
/* Opens, and fills kind, n_dims and dims of *array, whose name is given. ERR_INPUT: kinds other than ours, values that
 * are not in this file (links, external storage) or fewer than the shape says. */
CHECKED Err h5_array_open(hid_t *dataset, H5Array *array, const H5File *file, const char *name);
/* Tiles that are still in the cache are written. Before an array of tiles is closed: closing one that cannot be written
 * would lose it without a word. */
CHECKED Err h5_array_flush(const H5File *file, hid_t dataset);
void h5_array_close(hid_t dataset); /* fine with 0 */

/* Opens, checks kind and n_dims, and dims where `expected` has no -1; reads all of it into *data (malloc'd). */
CHECKED Err h5_array_get(void **data, H5Array *expected, const H5File *file);

/* A box of an array: `start` and `count` have n_dims entries; `data` is dense. */
CHECKED Err h5_box_write(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start,
                         const int64_t *count, const void *data);
CHECKED Err h5_box_read(const H5File *file, hid_t dataset, const H5Array *array, const int64_t *start,
                        const int64_t *count, void *data);

/* Creates path.partial. */
CHECKED Err h5_create(H5File *file, const char *path, const char *schema, int version);
/* Opens for reading. Missing, foreign, truncated files, a broken seal (store/hdf5/internal/seal.h), another schema or a
 * newer version are ERR_INPUT. */
CHECKED Err h5_open(H5File *file, const char *path, const char *schema, int version);
/* Opens path.partial for reading, by one rank. */
CHECKED Err h5_open_partial(H5File *file, const char *path);
/* Opens path.partial for writing into its arrays; through MPI-IO when par has more than one rank. */
CHECKED Err h5_open_shared_all(H5File *file, const char *path, const Par *par);
/* Asks the system to begin writing what was written so far to disk, so that closing waits less. Serial driver only. */
void h5_start_writeback(const H5File *file);
/* Flushes and closes: this is where a full disk may show. The file is closed in any case. */
CHECKED Err h5_close(H5File *file);
/* Seals path.partial (store/hdf5/internal/seal.h), which is closed, and gives it its final name. Numbers in arrays are
 * left out of the seal: they have digests of their own. One rank. */
CHECKED Err h5_finish(const char *path);
/* After a failed write, before anything of the file is closed: HDF5 cannot close what it cannot write (it would crash
 * at exit), so from here on its writes go to memory. Does nothing for files that are read. */
void h5_give_up(const H5File *file);
/* Gives up and closes without a complaint; fine with a closed one. Arrays that are open must be closed before, after
 * h5_give_up. */
void h5_abandon(H5File *file);
/* The schema of any file of ours ("" when there is none), for inspect. */
CHECKED Err h5_schema(char *out, size_t size, int *version, const char *path);

bool h5_exists(const H5File *file, const char *name);
/* Names of what is in a group, sorted bytewise; none when there is no such group. Freed with h5_texts_free. */
CHECKED Err h5_list(char ***names, int *count, const H5File *file, const char *group);

/* hyperslab: a range of a flat vector as boxes of a shaped array.
 *
 * A rank's slice of the flat parameter vector begins and ends anywhere in a tensor. Elements [begin, end) of a dense
 * row-major array are at most 2 * n_dims - 1 boxes: a partial row, whole rows, a partial row, on each level. */

/* The largest box that starts at element `at` and stays below `end` (at < end <= product of dims): start and count of
 * n_dims entries. Returns its number of elements. */
int64_t hyperslab_box(int64_t *start, int64_t *count, const int64_t *dims, int n_dims, int64_t at, int64_t end);
