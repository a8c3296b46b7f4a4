/* failing_allocator - preloaded into synvid (LD_PRELOAD): counts the allocations that synvid makes, and lets one fail.
 *
 * Counted are the calls of malloc, calloc, realloc, aligned_alloc, posix_memalign and anonymous mmap (arenas) that come
 * from synvid itself, from the C library and from cJSON, after main has begun: what synvid asks for, directly or with
 * strdup, fopen, opendir, cJSON_Add... What other libraries ask for on their own (OpenBLAS, OpenMP, HDF5, FFmpeg, MPI)
 * passes, unless ALLOC_LIBRARIES names them ("libav,libsw,libturbojpeg": beginnings of file names).
 *
 *   ALLOC_FAIL=N        the N-th counted allocation fails (NULL, ENOMEM); those before and after do not
 *   ALLOC_FAIL_AFTER=N  the N-th and all after it fail
 *   ALLOC_COUNT=FILE    a line for each counted allocation: its number and a digest of where in synvid it was made
 *   ALLOC_HIT=FILE      made when an allocation failed, with the call chain: a test that never got there shows nothing
 *
 * Works below the address sanitizer, too: the next malloc is then the sanitizer's. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_RANGES = 64, DEPTH = 24, BOOTSTRAP_BYTES = 1 << 16 };

typedef struct {
    uintptr_t from, to;
    bool synvid; /* the program itself */
} Range;

static Range ranges[MOST_RANGES];
static int n_ranges;
static bool ready;
static long fail_at, fail_after;
static int count_file = -1;
static const char *hit_name;
static long counted;
static _Thread_local bool inside; /* what the bookkeeping itself allocates passes */

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void *(*next_aligned_alloc)(size_t, size_t);
static int (*next_posix_memalign)(void **, size_t, size_t);
static void *(*next_mmap)(void *, size_t, int, int, int, off_t);

/* dlsym may itself want zeroed memory before calloc is known. Never freed: nobody frees it. */
static char bootstrap[BOOTSTRAP_BYTES];
static size_t bootstrap_used;

static void *find(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_listed(const char *name, const char *list) {
    for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (length && !strncmp(name, at, length)) return true;
    }
    return false;
}

/* Executable pieces of the objects that count. The program comes first and has no name. */
static int add_object(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    bool *first = data, synvid = *first;
    *first = false;
    const char *name = base_name(info->dlpi_name ? info->dlpi_name : "");
    if (!synvid && !is_listed(name, "libc.so,libcjson.so") && !is_listed(name, getenv("ALLOC_LIBRARIES"))) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || n_ranges == MOST_RANGES) continue;
        uintptr_t from = info->dlpi_addr + part->p_vaddr;
        ranges[n_ranges++] = (Range){from, from + part->p_memsz, synvid};
    }
    return 0;
}

static const Range *range_of(const void *address) {
    for (int i = 0; i < n_ranges; i++)
        if ((uintptr_t)address >= ranges[i].from && (uintptr_t)address < ranges[i].to) return &ranges[i];
    return NULL;
}

static void look_up(void) {
    next_malloc = (void *(*)(size_t))find("malloc");
    next_realloc = (void *(*)(void *, size_t))find("realloc");
    next_aligned_alloc = (void *(*)(size_t, size_t))find("aligned_alloc");
    next_posix_memalign = (int (*)(void **, size_t, size_t))find("posix_memalign");
    next_mmap = (void *(*)(void *, size_t, int, int, int, off_t))find("mmap");
    next_calloc = (void *(*)(size_t, size_t))find("calloc");
}

/* The constructors of libraries run before this one's, main after it. */
__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("ALLOC_FAIL"), *after = getenv("ALLOC_FAIL_AFTER"), *file = getenv("ALLOC_COUNT");
    void *frames[DEPTH];
    bool first = true;
    if (!next_calloc) look_up();
    dl_iterate_phdr(add_object, &first);
    fail_at = at ? strtol(at, NULL, 10) : 0;
    fail_after = after ? strtol(after, NULL, 10) : 0;
    if (file) count_file = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    hit_name = getenv("ALLOC_HIT");
    (void)backtrace(frames, DEPTH); /* loads what it needs */
    unsetenv("LD_PRELOAD");         /* programs that synvid starts have memory */
    ready = true;
}

/* Whether the allocation was made by synvid: directly, or in a C library's or cJSON's function that it called. */
static uint64_t chain_of(void *const *frames, int n, bool *made_by_synvid) {
    uint64_t digest = 1469598103934665603u;
    *made_by_synvid = false;
    bool foreign = false;
    for (int i = 0; i < n; i++) {
        const Range *range = range_of(frames[i]);
        if (range && range->synvid && !*made_by_synvid) *made_by_synvid = !foreign;
        if (!range && !*made_by_synvid && i > 2) foreign = true;
        if (!range || !range->synvid) continue;
        digest = (digest ^ ((uintptr_t)frames[i] - ranges[0].from)) * 1099511628211u;
    }
    return digest;
}

static void note(int file, const char *text, size_t length) {
    while (length > 0) {
        ssize_t wrote = write(file, text, length);
        if (wrote <= 0) return;
        text += wrote;
        length -= (size_t)wrote;
    }
}

static void show_hit(long number, void *const *frames, int n) {
    int file = hit_name ? open(hit_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (file < 0) return;
    char line[64];
    note(file, line, (size_t)snprintf(line, sizeof line, "allocation %ld failed\n", number));
    backtrace_symbols_fd(frames, n, file);
    close(file);
}

static bool fails(const void *caller) {
    if (!ready || inside || !range_of(caller)) return false;
    inside = true;
    bool failing = false, made_by_synvid = true;
    void *frames[DEPTH];
    int n = 0;
    uint64_t chain = 0;
    if (!range_of(caller)->synvid || count_file >= 0) {
        n = backtrace(frames, DEPTH);
        chain = chain_of(frames, n, &made_by_synvid);
    }
    if (made_by_synvid) {
        long number = __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED);
        failing = number == fail_at || (fail_after && number >= fail_after);
        if (count_file >= 0) {
            char line[64];
            note(count_file, line,
                 (size_t)snprintf(line, sizeof line, "%ld %016llx\n", number, (unsigned long long)chain));
        }
        if (failing && (number == fail_at || number == fail_after)) show_hit(number, frames, backtrace(frames, DEPTH));
    }
    inside = false;
    if (failing) errno = ENOMEM;
    return failing;
}

void *malloc(size_t size) {
    if (!next_calloc) look_up();
    return fails(__builtin_return_address(0)) ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size) {
    if (!next_calloc) {
        size_t bytes = (count * size + 15) & ~(size_t)15, at = bootstrap_used;
        if (next_malloc) { /* dlsym asks while it looks for calloc itself */
            if (at + bytes > sizeof bootstrap) abort();
            bootstrap_used += bytes;
            return bootstrap + at;
        }
        look_up();
    }
    return fails(__builtin_return_address(0)) ? NULL : next_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    if (!next_calloc) look_up();
    return fails(__builtin_return_address(0)) ? NULL : next_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    if (!next_calloc) look_up();
    return fails(__builtin_return_address(0)) ? NULL : next_aligned_alloc(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    if (!next_calloc) look_up();
    return fails(__builtin_return_address(0)) ? ENOMEM : next_posix_memalign(out, alignment, size);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    if (!next_calloc) look_up();
    if ((flags & MAP_ANONYMOUS) && fails(__builtin_return_address(0))) return MAP_FAILED;
    return next_mmap(address, length, protection, flags, file, offset);
}
