#include "base/system/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

Err lock_try(int *descriptor, LockState *state, const char *path) {
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (*descriptor < 0) return RAISE(ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    *state = LOCK_TAKEN;
    if (flock(*descriptor, LOCK_EX | LOCK_NB)) *state = errno == EWOULDBLOCK ? LOCK_BUSY : LOCK_NOT_HERE;
    return ERR_NONE;
}

Err lock_wait(int descriptor, const char *path) {
    while (flock(descriptor, LOCK_EX))
        if (errno != EINTR) return RAISE(ERR_IO, "%s: cannot lock: %s", path, strerror(errno));
    return ERR_NONE;
}
