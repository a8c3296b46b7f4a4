/* Builder and cJSON go on after a failed allocation with something incomplete. So a failure is remembered for the
 * process: no text that came after it may get a final name (err_out_of_memory), and messages say what was the cause. */
#include "base/system/memory.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdatomic.h>

static atomic_bool ran_out;

static void *remembered(void *memory) {
    if (!memory) atomic_store_explicit(&ran_out, true, memory_order_relaxed);
    return memory;
}

void *memory_take(size_t bytes) {
    return remembered(malloc(bytes ? bytes : 1));
}

void *memory_resize(void *old, size_t bytes) {
    return remembered(realloc(old, bytes ? bytes : 1));
}

void memory_note(int reason) {
    if (reason == ENOMEM) (void)remembered(NULL);
}

bool memory_ran_out(void) {
    return atomic_load_explicit(&ran_out, memory_order_relaxed);
}

/* Before main, so that no tree is older than this. */
__attribute__((constructor)) static void serve_cjson(void) {
    cJSON_Hooks hooks = {.malloc_fn = memory_take, .free_fn = free};
    cJSON_InitHooks(&hooks);
}
