/* Pixels are mapped: all ranks of a node share the page cache's copy. Everything about the mapping is checked before,
 * since a page beyond the end of a file ends the process. */
#include "store/data/pool.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "par/agree.h"
#include "store/data/internal/shard_format.h"
#include "store/hdf5/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The shape goes before the pixels: equal bytes of another shape are other images. */
Err pool_digest_new(Digest **digest, int count, int height, int width) {
    const int32_t shape[] = {count, height, width, 3};
    TRY(digest_new(digest));
    digest_add(*digest, shape, sizeof shape);
    return ERR_NONE;
}

static Err digest_pixels(char out[DIGEST_SIZE], const Pool *pool) {
    Digest *digest;
    TRY(pool_digest_new(&digest, pool->count, pool->height, pool->width));
    digest_add(digest, pool->images, (size_t)pool->count * (size_t)pool->height * (size_t)pool->width * 3);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

static Err read_attribute(char *out, size_t size, const H5File *file, const char *name) {
    char *text;
    TRY(h5_get_text(&text, file, NULL, name));
    Err err = text_copy(out, size, text);
    free(text);
    return err;
}

/* Where the pixels lie in the file: they are mapped past HDF5. */
static Err find_pixels(Pool *pool, int64_t *offset, const H5File *file) {
    hid_t dataset;
    H5Array found;
    TRY(h5_array_open(&dataset, &found, file, "/image"));
    h5_lock();
    haddr_t place = H5Dget_offset(dataset);
    H5Eclear2(H5E_DEFAULT);
    h5_unlock();
    h5_array_close(dataset);
    /* nothing of a file is trusted: these sizes decide how much is mapped */
    bool images = found.kind == H5_U8 && found.n_dims == 4 && found.dims[3] == 3 && found.dims[0] >= 1 &&
                  found.dims[0] <= INT32_MAX && found.dims[1] >= 1 && found.dims[1] <= 1 << 16 && found.dims[2] >= 1 &&
                  found.dims[2] <= 1 << 16;
    if (!images || place == HADDR_UNDEF)
        return RAISE(ERR_INPUT, "%s: /image is not a contiguous array of 8-bit (image, y, x, 3)", file->path);
    pool->count = (int)found.dims[0];
    pool->height = (int)found.dims[1];
    pool->width = (int)found.dims[2];
    *offset = (int64_t)place;
    if (*offset + h5_count(&found) > file_size(file->path)) /* touching pages beyond the end would be fatal */
        return RAISE(ERR_INPUT, "%s: cut off: %lld bytes, /image ends at %lld", file->path,
                     (long long)file_size(file->path), (long long)(*offset + h5_count(&found)));
    return ERR_NONE;
}

/* Maps from the start of the page in which the pixels begin. */
static Err map_pixels(Pool *pool, int64_t offset, const char *path) {
    /* mmap takes offsets of whole pages only */
    int64_t page = sysconf(_SC_PAGESIZE), start = offset / page * page;
    size_t bytes = (size_t)pool->count * (size_t)pool->height * (size_t)pool->width * 3 + (size_t)(offset - start);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    void *mapping = mmap(NULL, bytes, PROT_READ, MAP_SHARED, descriptor, (off_t)start);
    int reason = errno; /* close may change it */
    close(descriptor);
    if (mapping == MAP_FAILED) return RAISE(ERR_IO, "%s: cannot map %zu bytes: %s", path, bytes, strerror(reason));
    /* reading ahead begins in the background */
    (void)madvise(mapping, bytes, MADV_WILLNEED);
    pool->storage = mapping;
    pool->storage_bytes = bytes;
    pool->images = (const uint8_t *)mapping + (offset - start);
    return ERR_NONE;
}

static Err read_contents(Pool *pool, const H5File *file) {
    int64_t offset = 0;
    TRY(read_attribute(pool->kind, sizeof pool->kind, file, "kind"));
    TRY(read_attribute(pool->digest, sizeof pool->digest, file, "digest"));
    TRY(find_pixels(pool, &offset, file));
    TRY(h5_texts_get(&pool->sources, pool->count, file, "/source"));
    return map_pixels(pool, offset, file->path);
}

Err pool_read(Pool *pool, const char *path) {
    H5File file;
    *pool = (Pool){0};
    TRY(h5_open(&file, path, POOL_SCHEMA, POOL_VERSION));
    Err err = read_contents(pool, &file);
    h5_abandon(&file);
    if (err) pool_free(pool);
    return err;
}

/* Each rank maps by itself; who could is set free again where another could not. */
Err pool_read_all(Pool *pool, const char *path, const Par *par) {
    Err err = err_agree_all(pool_read(pool, path), par, path);
    if (err) pool_free(pool);
    return err;
}

Err pool_hold(const Pool *pool, const char *path) {
    char need[32], have[32];
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (pool->storage_bytes > memory)
        return RAISE(ERR_MEMORY, "%s: needs %s to be resident, the machine has %s; leave out :resident", path,
                     text_bytes(need, sizeof need, (double)pool->storage_bytes),
                     text_bytes(have, sizeof have, (double)memory));
    volatile uint8_t sum = 0; /* page by page, in order: that is how disks and network file systems read fast */
    (void)madvise(pool->storage, pool->storage_bytes, MADV_SEQUENTIAL);
    for (size_t at = 0; at < pool->storage_bytes; at += 4096)
        sum = (uint8_t)(sum + ((const uint8_t *)pool->storage)[at]);
    /* images are drawn at random from here on */
    (void)madvise(pool->storage, pool->storage_bytes, MADV_NORMAL);
    if (mlock(pool->storage, pool->storage_bytes))
        log_warn("%s: cannot be locked in memory (%s); it was read, the system may drop it (see ulimit -l)", path,
                 strerror(errno));
    return ERR_NONE;
}

Err pool_verify(const char *path, char digest[DIGEST_SIZE]) {
    Pool pool;
    TRY(pool_read(&pool, path));
    Err err = digest_pixels(digest, &pool);
    if (!err && !text_equal(digest, pool.digest))
        err = RAISE(ERR_INPUT, "%s: its images have digest %s, the file says %s", path, digest, pool.digest);
    pool_free(&pool);
    return err;
}

void pool_free(Pool *pool) {
    if (pool->storage) munmap(pool->storage, pool->storage_bytes);
    h5_texts_free(&pool->sources, pool->count);
    *pool = (Pool){0};
}
