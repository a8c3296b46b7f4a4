/* What a library must do that a program need not: begin without main, live beside a host's threads and forks, leave its
 * settings alone. */
#include "api/library.h"

#include "base/config/json.h"
#include "base/failure/shared_err.h"
#include "base/system/log.h"
#include "gen/variant/variant.h"
#include "math/blas.h"
#include "store/hdf5/describe.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <synvid.h>

/* ---- texts: version, last error, the list of variants ---- */

const char *synvid_version(void) {
    return SYNVID_VERSION;
}

const char *synvid_last_error(void) {
    return err_message();
}

void synvid_free(void *text) {
    free(text);
}

int synvid_variants(char **json) {
    library_begin();
    if (!json) return library_status(RAISE(ERR_USAGE, "listing the variants: the pointer is NULL"));
    *json = NULL;
    return library_status(variant_catalog_text(json));
}

/* ---- fork ---- */

static pthread_rwlock_t gate;

/* A fork waits for calls under way, and calls that come later wait for it. */
static void gate_make(void) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&gate, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

static void before_fork(void) {
    pthread_rwlock_wrlock(&gate);
}

static void after_fork_in_parent(void) {
    pthread_rwlock_unlock(&gate);
}

/* The lock remembers its owner by a thread number that the child does not have: it is made anew. Nobody waits for it
 * here: the child has one thread. */
static void after_fork_in_child(void) {
    gate_make();
}

/* Readers do not wait for each other, only for a fork under way. */
void library_enter(void) {
    library_begin();
    pthread_rwlock_rdlock(&gate);
}

void library_leave(void) {
    pthread_rwlock_unlock(&gate);
}

/* Once a process: silent log, the renderer for latent shards, the locks of forking. */
static void set_up(void) {
    log_setup(0, 1, LOG_SILENT);
    gate_make();
    store_guard_forks(); /* before the gate, which is held around reading */
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void library_begin(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
}

/* ---- threads ---- */

/* Our products want one BLAS thread each; a host that shares the BLAS library gets its own number back when the last of
 * ours is done. */
static pthread_mutex_t blas_lock = PTHREAD_MUTEX_INITIALIZER;
static int blas_users, blas_before;

static void blas_borrow(void) {
    pthread_mutex_lock(&blas_lock);
    if (blas_users++ == 0) blas_before = blas_threads();
    blas_single_thread();
    pthread_mutex_unlock(&blas_lock);
}

static void blas_give_back(void) {
    pthread_mutex_lock(&blas_lock);
    if (--blas_users == 0) blas_set_threads(blas_before);
    pthread_mutex_unlock(&blas_lock);
}

typedef struct {
    ApartWork work;
    void *state;
    SharedErr failure;
} Apart;

/* Messages of errors belong to a thread; a shared error carries them over. */
static void *run_apart(void *context) {
    Apart *apart = context;
    shared_err_note(&apart->failure, apart->work(apart->state), 0);
    return NULL;
}

/* Signals are blocked while the thread is made, so that it inherits that and they reach the host's threads alone. */
Err library_apart(ApartWork work, void *state) {
    pthread_t thread;
    sigset_t all, before;
    Apart apart = {work, state, SHARED_ERR_INIT};
    library_begin();
    blas_borrow();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, run_apart, &apart) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) pthread_join(thread, NULL);
    blas_give_back();
    if (!started) return RAISE(ERR_MEMORY, "a thread could not be started");
    return shared_err_adopt(&apart.failure);
}

/* ---- answers ---- */

/* struct_size is the first member of every struct of the ABI; more than 64 KB is memory that was never set. */
Err library_give(void *out, const void *filled, size_t known, const char *what) {
    size_t asked;
    if (!out) return RAISE(ERR_USAGE, "%s: the pointer is NULL", what);
    memcpy(&asked, out, sizeof asked);
    if (asked <= sizeof asked || asked > (size_t)1 << 16)
        return RAISE(ERR_USAGE, "%s: struct_size is %zu; set it to the size of the struct", what, asked);
    memset(out, 0, asked);
    memcpy(out, filled, asked < known ? asked : known);
    memcpy(out, &asked, sizeof asked);
    return ERR_NONE;
}

/* As the program's exit codes, 0 for success. */
int library_status(Err err) {
    return err_exit_code(err);
}

/* ---- settings: any failure is a wrong call, ERR_USAGE, never a wrong file ---- */

Err settings_parse(cJSON **tree, const char *text, const char *what) {
    if (!text) text = "{}";
    TRY(json_parse(tree, text, strlen(text), what, ERR_USAGE));
    if (cJSON_IsObject(*tree)) return ERR_NONE;
    cJSON_Delete(*tree);
    *tree = NULL;
    return RAISE(ERR_USAGE, "%s: expected a JSON object, such as {\"seed\": 1}", what);
}

Err settings_take(void *config, const Field *fields, const cJSON *tree, const char *what) {
    fields_default(config, fields);
    return err_within(fields_read(config, fields, tree, ""), "%s: ", what);
}

/* For callers who need nothing of the tree besides. */
Err settings_read(void *config, const Field *fields, const char *text, const char *what) {
    cJSON *tree;
    TRY(settings_parse(&tree, text, what));
    Err err = settings_take(config, fields, tree, what);
    cJSON_Delete(tree);
    return err;
}
