/* Opening and closing. The traps are all in failing: HDF5 1.10 cannot close a file whose blocks it cannot write,
 * keeps the reason of a failure only until its next call, and crashes at exit over what it holds. So room is reserved
 * before a flush, reasons are taken first, and a file that is given up writes into a memory file that replaces its
 * descriptor. */
#include "store/hdf5/h5.h"

#include "base/system/file.h"
#include "store/hdf5/internal/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* No buffer for small writes: one that fails must fail where it is made, not when the array is closed. */
static hid_t access_list(void) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_sieve_buf_size(access, 0);
    return access;
}

/* The three attributes that every file of ours begins with. */
static Err put_identity(const H5File *file, const char *schema, int version) {
    TRY(h5_put_text(file, NULL, "schema", schema));
    TRY(h5_put_int(file, NULL, "schema_version", version));
    return h5_put_text(file, NULL, "created_by", "synvid " SYNVID_VERSION);
}

Err h5_create(H5File *file, const char *path, const char *schema, int version) {
    char partial[PATH_SIZE];
    *file = (H5File){0};
    TRY(text_copy(file->path, sizeof file->path, path));
    TRY(file_partial_name(partial, sizeof partial, path));
    h5_lock();
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = access_list();
    H5Pset_obj_track_times(creation, false); /* equal contents must be equal bytes */
    hid_t id = H5Fcreate(partial, H5F_ACC_TRUNC, creation, access);
    Err err = id < 0 ? h5_fail(ERR_IO, file, NULL, "create") : ERR_NONE;
    H5Pclose(access);
    H5Pclose(creation);
    if (!err) {
        file->id = id;
        file->writes = true;
        err = put_identity(file, schema, version);
    }
    if (err) h5_abandon(file);
    if (err) file_remove_partial(path);
    h5_unlock();
    return err;
}

/* What a file that H5Fopen refuses may be. HDF5's reason is taken first: its next call forgets it. */
static Err refuse(const H5File *file) {
    Err damaged = h5_fail(ERR_INPUT, file, NULL, "open (damaged or cut off?)");
    if (!file_exists(file->path)) return RAISE(ERR_INPUT, "%s: no such file", file->path);
    if (file_is_directory(file->path))
        return RAISE(ERR_INPUT, "%s: is a folder, an HDF5 file was expected", file->path);
    FILE *readable = fopen(file->path, "rb");
    if (!readable) return RAISE(ERR_IO, "%s: cannot open: %s", file->path, strerror(errno));
    fclose(readable);
    /* only now: this call would have taken the reason away */
    bool foreign = H5Fis_hdf5(file->path) <= 0;
    H5Eclear2(H5E_DEFAULT);
    if (!foreign) return damaged;
    return RAISE(ERR_INPUT, "%s: not an HDF5 file (%lld bytes)", file->path, (long long)file_size(file->path));
}

static Err open_any(H5File *file, const char *path) {
    *file = (H5File){0};
    TRY(text_copy(file->path, sizeof file->path, path));
    /* before H5Fopen: what is damaged outside the arrays would crash it */
    TRY(seal_check(&file->sealed, path));
    hid_t id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (id < 0) return refuse(file);
    file->id = id;
    return ERR_NONE;
}

/* "" and 0 for an HDF5 file of somebody else. */
static Err read_schema(char *out, size_t size, int *version, const H5File *file) {
    out[0] = 0;
    *version = 0;
    if (H5Aexists(file->id, "schema") <= 0) return ERR_NONE;
    char *schema = NULL;
    int64_t number = 0;
    TRY(h5_get_text(&schema, file, NULL, "schema"));
    Err err = text_copy(out, size, schema);
    free(schema);
    if (!err) err = h5_get_int(&number, file, NULL, "schema_version");
    *version = (int)number;
    return err;
}

static Err check_schema(H5File *file, const char *schema, int version) {
    char found[NAME_SIZE];
    TRY(read_schema(found, sizeof found, &file->version, file));
    if (!found[0])
        return RAISE(ERR_INPUT, "%s: an HDF5 file, but not one of ours (no attribute schema); expected %s", file->path,
                     schema);
    if (!text_equal(found, schema)) return RAISE(ERR_INPUT, "%s: is a %s, expected a %s", file->path, found, schema);
    if (file->version < 1 || file->version > version)
        return RAISE(ERR_INPUT, "%s: %s of version %d; this program reads up to %d", file->path, found, file->version,
                     version);
    return ERR_NONE;
}

Err h5_open(H5File *file, const char *path, const char *schema, int version) {
    h5_lock();
    Err err = open_any(file, path);
    if (!err) err = check_schema(file, schema, version);
    if (err) h5_abandon(file);
    h5_unlock();
    return err;
}

Err h5_schema(char *out, size_t size, int *version, const char *path) {
    H5File file;
    h5_lock();
    Err err = open_any(&file, path);
    if (!err) err = read_schema(out, size, version, &file);
    h5_abandon(&file);
    h5_unlock();
    return err;
}

/* Files under their partial name are our own and have no seal yet. */
static Err open_partial(H5File *file, const char *path, unsigned mode, hid_t access) {
    char partial[PATH_SIZE];
    *file = (H5File){0};
    TRY(text_copy(file->path, sizeof file->path, path));
    TRY(file_partial_name(partial, sizeof partial, path));
    hid_t id = H5Fopen(partial, mode, access);
    if (id < 0) return h5_fail(ERR_IO, file, NULL, mode == H5F_ACC_RDWR ? "open for writing" : "open");
    file->id = id;
    return ERR_NONE;
}

Err h5_open_partial(H5File *file, const char *path) {
    h5_lock();
    Err err = open_partial(file, path, H5F_ACC_RDONLY, H5P_DEFAULT);
    h5_unlock();
    return err;
}

Err h5_open_shared_all(H5File *file, const char *path, const Par *par) {
    h5_lock();
    hid_t access = access_list();
    if (par->n_ranks > 1) H5Pset_fapl_mpio(access, par->comm, MPI_INFO_NULL);
    Err err = open_partial(file, path, H5F_ACC_RDWR, access);
    if (!err) file->writes = par->n_ranks == 1; /* through MPI-IO there is no descriptor to divert or to reserve on */
    H5Pclose(access);
    h5_unlock();
    return err;
}

/* The descriptor of a file of the serial driver, or -1. */
static int descriptor_of(const H5File *file) {
    void *handle = NULL;
    bool known = H5Fget_vfd_handle(file->id, H5P_DEFAULT, &handle) >= 0 && handle;
    H5Eclear2(H5E_DEFAULT);
    return known ? *(const int *)handle : -1;
}

void h5_start_writeback(const H5File *file) {
    h5_lock();
    int descriptor = file->writes ? descriptor_of(file) : -1;
    h5_unlock();
    /* outside of the lock: it may take a while, and nothing of HDF5 is touched */
    if (descriptor >= 0) (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* If it was a limit on file sizes that failed (ulimit -f), it must not fail the discarding too. */
static void lift_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

void h5_give_up(const H5File *file) {
    if (!file->writes || file->id <= 0) return;
    lift_file_limit();
    h5_lock();
    /* HDF5 goes on writing to the same number, into memory */
    int descriptor = descriptor_of(file), memory = memfd_create("synvid-abandoned", MFD_CLOEXEC);
    if (descriptor >= 0 && memory >= 0) (void)dup3(memory, descriptor, O_CLOEXEC);
    if (memory >= 0) close(memory);
    h5_unlock();
}

/* A flush that fails half way leaves HDF5 1.10 unable to close the file. So the room for all that is to come is asked
 * for before; a file system that cannot reserve is asked to write later. */
static Err reserve_room(const H5File *file) {
    hsize_t size = 0;
    int descriptor = file->writes ? descriptor_of(file) : -1;
    if (descriptor < 0 || H5Fget_filesize(file->id, &size) < 0 || !fallocate(descriptor, 0, 0, (off_t)size))
        return ERR_NONE;
    if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG) return ERR_NONE;
    return RAISE(ERR_IO, "%s: no room for its %lld bytes: %s", file->path, (long long)size, strerror(errno));
}

static Err flush(const H5File *file) {
    TRY(reserve_room(file));
    return H5Fflush(file->id, H5F_SCOPE_LOCAL) < 0 ? h5_fail(ERR_IO, file, NULL, "write") : ERR_NONE;
}

Err h5_close(H5File *file) {
    if (file->id <= 0) return ERR_NONE;
    h5_lock();
    Err err = flush(file);
    /* before H5Fclose, which would write again what could not be written */
    if (err) h5_give_up(file);
    if (H5Fclose(file->id) < 0 && !err) err = h5_fail(ERR_IO, file, NULL, "close");
    H5Eclear2(H5E_DEFAULT);
    file->id = 0;
    h5_unlock();
    return err;
}

void h5_abandon(H5File *file) {
    if (file->id <= 0) return;
    h5_give_up(file);
    h5_lock();
    H5Fclose(file->id);
    H5Eclear2(H5E_DEFAULT);
    file->id = 0;
    h5_unlock();
}
