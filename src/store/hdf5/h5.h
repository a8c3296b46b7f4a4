/* store/hdf5/h5 - checked HDF5 files: what fails becomes an Err that names the file, the object and HDF5's own reason.
 *
 * Every file of ours looks alike: root attributes schema, schema_version, created_by; every array has a description,
 * units and labelled dimensions; no times are recorded, so equal contents give equal bytes. Opening checks schema and
 * version first and says what was found.
 *
 * Files are written under their partial name (base/system/file.h); h5_create takes the final one. A file opened with
 * more than one rank (h5_open_shared_all) goes through MPI-IO; only h5_box_write is meant for it. What is in a file:
 * store/hdf5/internal/h5_attr.h, store/hdf5/internal/h5_array.h. All calls take the library's lock
 * (store/hdf5/internal/h5_library.h). */
#pragma once

#include "par/par.h"
#include "store/hdf5/internal/h5_array.h"
#include "store/hdf5/internal/h5_attr.h"

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
