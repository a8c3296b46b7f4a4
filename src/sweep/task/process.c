#include "sweep/task/process.h"

#include "base/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn static void become(const char *const *argv, int output) {
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(nothing, 2) < 0) _exit(127);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
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

Err process_output(char **text, int *exit_code, const char *const *argv) {
    int ends[2], status = 0;
    Builder out = {0};
    *text = NULL;
    builder_add_text(&out, "");
    if (pipe2(ends, O_CLOEXEC)) return RAISE(ERR_IO, "%s: cannot open a pipe: %s", argv[0], strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) become(argv, ends[1]);
    close(ends[1]);
    Err err = child < 0 ? RAISE(ERR_IO, "cannot start %s: %s", argv[0], strerror(errno))
                        : read_all(&out, ends[0], argv[0]);
    close(ends[0]);
    if (child > 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (err) builder_free(&out);
    *text = out.data;
    return err;
}
