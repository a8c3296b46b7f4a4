/* Two locks in one file: the kernel's flock, which dies with its process, and a text for where flock does not reach
 * (another host, a file system without locks). The text of a process that is gone from this host is taken over; so is
 * that of an earlier life of the same batch job, which cannot be alive when this one is. */
#include "run/folder.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { HOLDER_SIZE = 400 };

typedef struct {
    char host[128], job[64];
    long pid;
} Holder;

static void this_process(Holder *me) {
    const char *job = getenv("SLURM_JOB_ID");
    *me = (Holder){.pid = (long)getpid()};
    if (gethostname(me->host, sizeof me->host - 1)) (void)snprintf(me->host, sizeof me->host, "unknown");
    (void)snprintf(me->job, sizeof me->job, "%s", job && job[0] ? job : "-");
}

/* False when the file is empty (released) or says nothing sensible (its writer died in between). */
static bool read_holder(Holder *holder, int descriptor) {
    char text[HOLDER_SIZE] = "";
    ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
    *holder = (Holder){0};
    return length > 0 && sscanf(text, "%127s %ld %63s", holder->host, &holder->pid, holder->job) == 3;
}

static bool is_dead(const Holder *holder, const Holder *me) {
    if (!text_equal(me->job, "-") && text_equal(holder->job, me->job))
        return true; /* a batch job has one life at a time */
    return text_equal(holder->host, me->host) &&
           (holder->pid == me->pid || (kill((pid_t)holder->pid, 0) && errno == ESRCH));
}

static Err write_holder(int descriptor, const Holder *me, const char *path) {
    char text[HOLDER_SIZE];
    TRY(text_format(text, sizeof text, "%s %ld %s\n", me->host, me->pid, me->job));
    bool wrote = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text, strlen(text), 0) == (ssize_t)strlen(text);
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", path, strerror(errno));
}

static Err held(const Holder *holder, const char *folder, const char *path) {
    return RAISE(ERR_USAGE, "%s: in use by process %ld on %s; wait for it, or remove %s if that process is gone",
                 folder, holder->pid, holder->host, path);
}

/* The kernel's lock decides between processes of this host (and of others, where the file system carries it); the text
 * decides where it does not. */
static Err take(int descriptor, LockState state, const char *folder, const char *path) {
    Holder holder, me;
    this_process(&me);
    bool locked = state == LOCK_TAKEN, busy = state == LOCK_BUSY;
    bool named = read_holder(&holder, descriptor);
    if (busy || (named && !locked && !is_dead(&holder, &me))) return held(&holder, folder, path);
    /* flock may not reach other hosts: then the text is believed */
    bool elsewhere = named && !text_equal(holder.host, me.host);
    if (elsewhere && !is_dead(&holder, &me)) return held(&holder, folder, path);
    if (named)
        log_detail("%s: taking over the lock of process %ld on %s, which is gone", folder, holder.pid, holder.host);
    return write_holder(descriptor, &me, path);
}

Err runlock_take(int *descriptor, const char *folder) {
    char path[PATH_SIZE];
    *descriptor = -1;
    TRY(path_join(path, sizeof path, folder, ".lock"));
    int opened;
    LockState state;
    TRY(lock_try(&opened, &state, path));
    Err err = take(opened, state, folder, path);
    if (err)
        close(opened);
    else
        *descriptor = opened;
    return err;
}

/* For readers such as `status`: takes no lock, for that would stop a run that starts at this moment. */
bool runlock_is_held(const char *folder) {
    char path[PATH_SIZE];
    Holder holder, me;
    if (path_join(path, sizeof path, folder, ".lock")) return false;
    int opened = open(path, O_RDONLY | O_CLOEXEC);
    if (opened < 0) return false;
    this_process(&me);
    bool named = read_holder(&holder, opened);
    close(opened);
    bool here = named && text_equal(holder.host, me.host);
    /* of another host nothing is known: its word is taken */
    return named && !(here && kill((pid_t)holder.pid, 0) && errno == ESRCH);
}

void runlock_release(int *descriptor) {
    if (*descriptor < 0) return;
    (void)!ftruncate(*descriptor, 0); /* an empty file is a free lock */
    close(*descriptor);
    *descriptor = -1;
}
