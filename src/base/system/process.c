/* Runs another program without a shell, with one of its streams read to the end; the others lead nowhere. */
#include "base/system/process.h"

#include "base/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is run, and which of its streams is caught. */
typedef struct {
    const char *const *argv;
    const char *folder; /* NULL: this one */
    int caught;         /* STDOUT_FILENO or STDERR_FILENO */
} Start;

/* It ends with us: what writes a file for us must not go on when the next life of this program writes the same one. */
_Noreturn static void become(const Start *start, int output) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR); /* no input to wait for, and no words among ours */
    for (int stream = 0; stream <= STDERR_FILENO; stream++)
        if (dup2(stream == start->caught ? output : nothing, stream) < 0) _exit(PROCESS_MISSING - 1);
    if (start->folder && chdir(start->folder)) _exit(PROCESS_MISSING - 1);
    execvp(start->argv[0], (char *const *)(uintptr_t)start->argv);
    _exit(errno == ENOENT ? PROCESS_MISSING : PROCESS_MISSING - 1);
}

static Err read_all(Builder *out, int input, const char *name) {
    char part[4096];
    for (;;) {
        ssize_t length = read(input, part, sizeof part - 1);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return RAISE(ERR_IO, "%s: cannot read what it prints: %s", name, strerror(errno));
        if (length == 0) return builder_check(out, name);
        part[length] = 0;
        builder_add_text(out, part);
    }
}

static Err run(char **text, int *exit_code, const Start *start) {
    const char *name = start->argv[0];
    int ends[2], status = 0;
    Builder out = {0};
    *text = NULL;
    /* a program that prints nothing gives an empty text, not none */
    builder_add_text(&out, "");
    if (pipe2(ends, O_CLOEXEC)) return RAISE(ERR_IO, "%s: cannot open a pipe: %s", name, strerror(errno));
    fflush(NULL); /* or the child would write our buffered text once more */
    pid_t child = fork();
    if (child == 0) become(start, ends[1]);
    /* our copy: with it open the end would never come */
    close(ends[1]);
    Err err = child < 0 ? RAISE(ERR_IO, "cannot start %s: %s", name, strerror(errno)) : read_all(&out, ends[0], name);
    close(ends[0]);
    if (child > 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : PROCESS_SIGNALED + WTERMSIG(status);
    if (err) builder_free(&out);
    *text = out.data;
    return err;
}

Err process_output(char **text, int *exit_code, const char *const *argv) {
    const Start start = {.argv = argv, .caught = STDOUT_FILENO};
    return run(text, exit_code, &start);
}

Err process_complaint(char **text, int *exit_code, const char *const *argv, const char *folder) {
    const Start start = {.argv = argv, .folder = folder, .caught = STDERR_FILENO};
    return run(text, exit_code, &start);
}
