/* stdio tells of a failed write late and loses its reason, and a reader that left looks like a full disk. So both are
 * asked of the system, once, where the program ends. */
#include "cli/stage/cmd.h"

#include "base/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHELLS_SIGNAL_BASE = 128, CLOSED_PIPE = SHELLS_SIGNAL_BASE + SIGPIPE };

void output_guard(void) {
    /* In this order each open gets the lowest free number, which is the one that is missing. stdin and stdout get what
     * cannot be used as such. */
    static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
        if (fcntl(number, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", modes[number]);
}

/* Network file systems tell on closing that a quota is exceeded; a copy is closed, so that stdout stays usable. */
static bool close_fails(void) {
    int copy = dup(STDOUT_FILENO);
    return copy >= 0 && close(copy) != 0;
}

/* Long output is written while it is printed, and what errno said then is gone: what is cut off anyway gets one more
 * line end, which fails for the same reason. */
static int reason_of_failure(void) {
    if (errno) return errno;
    if (putchar('\n') == EOF || fflush(stdout)) return errno;
    return 0;
}

CHECKED Err output_check(void) {
    errno = 0;
    bool whole = fflush(stdout) == 0 && !close_fails();
    if (whole && !ferror(stdout)) return ERR_NONE;
    int reason = reason_of_failure();
    return RAISE(ERR_IO, "standard output: %s; what was printed is not whole",
                 reason ? strerror(reason) : "a write failed");
}

/* Whether nobody can read any more what is printed: a pipe without a reader, a terminal that is gone. Asked of the
 * system, for the errno of the write that failed may be long gone. */
static bool reader_left(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return ferror(stdout) && poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP);
}

/* Whether messages were lost because there was no room for them. stderr has no buffer and does not remember why it
 * failed, so one more line is tried. A terminal or reader that went away misses nothing. */
static bool messages_lost(const char *command) {
    if (!ferror(stderr)) return false;
    clearerr(stderr);
    errno = 0;
    log_error(command, "standard error: a write failed; messages are missing above", NULL);
    return !ferror(stderr) || errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
}

void output_complain(Err err, const char *command) {
    static bool complained;
    if (!err || complained || (err == ERR_IO && reader_left())) return;
    complained = true;
    log_error(command, err_message(), err_place());
}

/* A rank that fails before MPI has started cannot wait for the one that speaks. */
static void let_others_speak(void) {
    static const struct timespec moment = {.tv_sec = 1};
    (void)nanosleep(&moment, NULL);
}

int output_finish(Err err, bool speaks, const char *command) {
    if (!err) err = output_check();
    if (err == ERR_IO && reader_left()) return CLOSED_PIPE;
    if (speaks) output_complain(err, command);
    if (err && !speaks) let_others_speak();
    if (messages_lost(command) && !err) err = ERR_IO;
    return err_exit_code(err);
}
