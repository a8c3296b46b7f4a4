#include "sweep/task/view.h"

#include "base/system/log.h"
#include "base/text/escape.h"
#include "sweep/task/state.h"

#include <fcntl.h>
#include <unistd.h>

enum { TAIL = 4096, COLUMNS = 118 };
static const double redraw_every_s = 0.5, print_every_s = 30;

View view_open(void) {
    return (View){.terminal = isatty(STDERR_FILENO) && log_level() != LOG_QUIET};
}

bool view_is_progress(const char *line) {
    size_t digits = strspn(line, "0123456789,");
    return digits > 0 && line[digits] == '/' && strstr(line, " %)");
}

void view_last_progress(char *out, size_t size, const char *log_path) {
    char tail[TAIL + 1], *saved;
    out[0] = 0;
    int file = open(log_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    off_t end = lseek(file, 0, SEEK_END);
    ssize_t length = pread(file, tail, TAIL, end > TAIL ? end - TAIL : 0);
    close(file);
    if (length <= 0) return;
    tail[length] = 0;
    bool found = false;
    for (char *line = strtok_r(tail, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
        /* the last line of progress, or of anything while there is none */
        bool progress = view_is_progress(line);
        if (*line && (progress || !found)) snprintf(out, size, "%s", line);
        found |= progress;
    }
}

static void describe(char *out, size_t size, const SweepPlan *plan, int task) {
    char path[PATH_SIZE], progress[COLUMNS - 36];
    if (sweep_state_path(path, sizeof path, plan, task, "log")) path[0] = 0;
    view_last_progress(progress, sizeof progress, path);
    Builder line = {0};
    escape_column(&line, plan->tasks[task].name, 32);
    builder_add_text(&line, " ");
    escape_line(&line, progress);
    snprintf(out, size, "  %s", line.data ? line.data : "");
    builder_free(&line);
}

static void draw(View *view, const SweepPlan *plan, const ViewState *state) {
    char line[COLUMNS];
    view_clear(view);
    fprintf(stderr, "[%d/%d] %d running\n", state->n_done, state->n_wanted, state->n_running);
    for (int i = 0; i < state->n_running; i++) {
        describe(line, sizeof line, plan, state->running[i]);
        fprintf(stderr, "%s\n", line);
    }
    view->drawn = state->n_running + 1;
}

static void print(const SweepPlan *plan, const ViewState *state) {
    char line[COLUMNS];
    for (int i = 0; i < state->n_running; i++) {
        describe(line, sizeof line, plan, state->running[i]);
        log_info("%s", line);
    }
}

void view_show(View *view, const SweepPlan *plan, const ViewState *state, double now_s) {
    bool first = view->next_s == 0;
    if (now_s < view->next_s || log_level() == LOG_QUIET) return;
    view->next_s = now_s + (view->terminal ? redraw_every_s : print_every_s);
    if (view->terminal)
        draw(view, plan, state);
    else if (!first)
        print(plan, state);
}

void view_clear(View *view) {
    if (view->drawn) fprintf(stderr, "\033[%dA\033[J", view->drawn);
    view->drawn = 0;
}
