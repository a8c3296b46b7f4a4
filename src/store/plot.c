#include "store/plot.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NO_PROGRAM = 127, LABEL_SIZE = 160 };

void plot_quoted(Builder *out, const char *text) {
    builder_add_text(out, "\"");
    escape_gnuplot(out, text);
    builder_add_text(out, "\"");
}

void plot_quoted_tic(Builder *out, const char *text) {
    builder_add_text(out, "\"");
    escape_gnuplot_tic(out, text);
    builder_add_text(out, "\"");
}

static void set_text(Builder *out, const char *what, const char *text) {
    if (!text[0]) return;
    builder_add(out, "set %s ", what);
    plot_quoted(out, text);
    builder_add_text(out, "\n");
}

/* Along the axis; in two lines, broken at the blank nearest to the middle, where one would be longer than the figure is
 * high. */
static void set_y_label(Builder *out, int height, const char *text) {
    enum { CHARACTER_WIDTH = 7 }; /* mean, in pixels at size 13 */
    const char *middle = text + strlen(text) / 2, *blank = NULL;
    if (strlen(text) * CHARACTER_WIDTH > (size_t)height)
        for (const char *at = strchr(text, ' '); at; at = strchr(at + 1, ' '))
            if (!blank || labs(at - middle) < labs(blank - middle)) blank = at;
    if (!blank || blank - text >= LABEL_SIZE) {
        set_text(out, "ylabel", text);
        return;
    }
    char first[LABEL_SIZE];
    snprintf(first, sizeof first, "%.*s", (int)(blank - text), text);
    builder_add_text(out, "set ylabel \"");
    escape_gnuplot(out, first);
    builder_add_text(out, "\\n");
    escape_gnuplot(out, blank + 1);
    builder_add_text(out, "\"\n");
}

Err plot_begin(Plot *plot, const char *name, int width, int height, const char *title, const char *x_label,
               const char *y_label) {
    *plot = (Plot){0};
    TRY(text_copy(plot->name, sizeof plot->name, name));
    plot->width = width;
    plot->height = height;
    builder_add(&plot->script, "set terminal svg size %d,%d dynamic noenhanced font \"Helvetica,13\"\n", width, height);
    builder_add(&plot->script, "set output \"%s.svg\"\nset encoding utf8\nset datafile separator \"\\t\"\n", name);
    builder_add_text(&plot->script,
                     "set border 3 lc rgb \"#555555\"\nset tics nomirror out scale 0.5 textcolor rgb \"#333333\"\n"
                     "set grid lc rgb \"#cccccc\" lw 0.6 dt 1\nset key textcolor rgb \"#333333\"\n");
    set_text(&plot->script, "title", title);
    set_text(&plot->script, "xlabel", x_label);
    set_y_label(&plot->script, height, y_label);
    return ERR_NONE;
}

void plot_free(Plot *plot) {
    builder_free(&plot->script);
    builder_free(&plot->data);
}

static Err write_part(const Plot *plot, const Builder *part, const char *folder, const char *extension) {
    char path[PATH_SIZE];
    TRY(builder_check(part, plot->name));
    TRY(text_format(path, sizeof path, "%s/%s.%s", folder, plot->name, extension));
    return file_write_whole(path, part->data ? part->data : "", part->length);
}

/* Points of a PDF are 1/72 inch; a pixel of the SVG is taken as 1/96 inch. */
static Err write_script(const Plot *plot, const char *folder) {
    Builder script = {0};
    builder_add_text(&script, plot->script.data ? plot->script.data : "");
    builder_add(&script,
                "\nif (strstrt(GPVAL_TERMINALS, \"pdfcairo\") > 0) {\n"
                "  set terminal pdfcairo size %.3fin,%.3fin noenhanced font \"Helvetica,10\"\n"
                "  set output \"%s.pdf\"\n  replot\n}\nset output\n",
                plot->width / 96.0, plot->height / 96.0, plot->name);
    Err err = builder_check(&script, plot->name);
    if (!err) err = write_part(plot, &script, folder, "gp");
    builder_free(&script);
    return err;
}

/* In the child: gnuplot in `folder`, its talk to /dev/null. */
_Noreturn static void become_gnuplot(const char *folder, const char *script) {
    char *const arguments[] = {(char *)(uintptr_t) "gnuplot", (char *)(uintptr_t)script, NULL};
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    if (chdir(folder) == 0) execvp(arguments[0], arguments);
    _exit(errno == ENOENT ? EXIT_NO_PROGRAM : EXIT_NO_PROGRAM - 1);
}

static Err run_gnuplot(int *exit_code, const char *folder, const char *script) {
    int status = 0;
    pid_t child = fork();
    if (child < 0) return RAISE(ERR_IO, "gnuplot %s: fork: %s", script, strerror(errno));
    if (child == 0) become_gnuplot(folder, script);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return RAISE(ERR_IO, "gnuplot %s: waitpid: %s", script, strerror(errno));
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ERR_NONE;
}

Err plot_finish(PlotOutcome *outcome, const Plot *plot, const char *folder) {
    char script[80], svg[PATH_SIZE];
    int exit_code = 0;
    TRY(folder_make(folder));
    TRY(write_part(plot, &plot->data, folder, "dat"));
    TRY(write_script(plot, folder));
    TRY(text_format(script, sizeof script, "%s.gp", plot->name));
    TRY(text_format(svg, sizeof svg, "%s/%s.svg", folder, plot->name));
    TRY(run_gnuplot(&exit_code, folder, script));
    *outcome = exit_code == EXIT_NO_PROGRAM            ? PLOT_NO_GNUPLOT
               : exit_code != 0 || file_size(svg) <= 0 ? PLOT_FAILED
                                                       : PLOT_DRAWN;
    if (*outcome == PLOT_FAILED) log_warn("gnuplot could not draw %s/%s (exit code %d)", folder, script, exit_code);
    return ERR_NONE;
}
