/* HDF5 is one library with one state: every call of ours is made under one lock, which its owner may take again, since
 * functions here are made of each other. A fork must find that lock open, or the child could never read. */
#include "store/hdf5/h5.h"

#include "base/system/versions.h"
#include "store/hdf5/describe.h"

#include <hdf5.h>
#include <pthread.h>
#include <zip.h>

static const pthread_mutex_t new_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; /* what an unlocked one looks like */
static pthread_mutex_t library_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Before the first HDF5 call. Our files appear whole by renaming, so the library's own file locks protect nothing, fail
 * on network file systems that have none, and fail where another program holds a file open, which would then be called
 * damaged: so they are off, whatever the environment says. What somebody else writes into a file its digests tell. */
static void library_setup(void) {
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
    H5dont_atexit(); /* we close what we open; after a disk error the library's own cleaning up may crash */
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* we report; see h5_fail */
}

void h5_lock(void) {
    pthread_once(&library_once, library_setup);
    pthread_mutex_lock(&library_lock);
}

void h5_unlock(void) {
    pthread_mutex_unlock(&library_lock);
}

/* The forking thread holds the lock across the fork, so nobody is inside of HDF5. */
static void before_fork(void) {
    pthread_mutex_lock(&library_lock);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&library_lock);
}

/* The lock's owner was a thread that the child does not have. */
static void after_fork_in_child(void) {
    memcpy(&library_lock, &new_lock, sizeof library_lock);
}

void store_guard_forks(void) {
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* The innermost entry is the most telling one; walking upwards it comes first. */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *reason) {
    if (n == 0) (void)snprintf(reason, 512, "%s", entry->desc ? entry->desc : "");
    return 0;
}

/* Out of "file write failed: time = ..., errno = 28, error message = 'No space left on device', buf = ..." only the
 * system's words. */
static void keep_system_words(char *reason) {
    static const char mark[] = "error message = '";
    char *words = strstr(reason, mark);
    if (!words) return;
    words += sizeof mark - 1;
    char *end = strchr(words, '\'');
    size_t length = end ? (size_t)(end - words) : strlen(words);
    memmove(reason, words, length);
    reason[length] = 0;
}

Err h5_fail(Err code, const H5File *file, const char *object, const char *what) {
    char reason[512] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, reason);
    H5Eclear2(H5E_DEFAULT);
    keep_system_words(reason);
    return RAISE(code, "%s:%s%s cannot %s%s%s", file->path, object ? object : "", object ? ":" : "", what,
                 reason[0] ? ": " : "", reason);
}

void store_versions(Builder *out) {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    versions_add(out, "HDF5", "%u.%u.%u, parallel", major, minor, release);
    versions_add(out, "libzip", "%s", zip_libzip_version());
}
