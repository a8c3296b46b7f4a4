/* gnuplot draws under partial names, and what it left is looked at before it gets its name: a figure is whole or
 * missing. Its script and data stay in either case, so that it can be drawn later. A missing figure ends no run. */
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/process.h"
#include "run/plot.h"

/* A picture that fails while less than this is free failed for want of room; gnuplot itself does not say. */
static const uint64_t room_of_a_figure = 1 << 20;

static Err write_part(const Plot *plot, const Builder *part, const char *folder, const char *extension) {
    char path[PATH_SIZE];
    TRY(builder_check(part, plot->name));
    TRY(text_format(path, sizeof path, "%s/%s.%s", folder, plot->name, extension));
    return file_write_whole(path, part->data ? part->data : "", part->length);
}

static Err write_script(const Plot *plot, const char *folder, const char *extension, const char *suffix) {
    Builder script = {0};
    plot_script(&script, plot, suffix);
    Err err = write_part(plot, &script, folder, extension);
    builder_free(&script);
    return err;
}

/* The first line that says something: gnuplot shows the offending line and a caret before it. */
static void first_words(char *out, size_t size, const char *complaint) {
    for (const char *at = complaint; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
        at += strspn(at, " \t\r\n");
        size_t length = strcspn(at, "\n");
        if (length == 0 || *at == '^') continue;
        bool names_place = strstr(at, "line ") && strstr(at, "line ") < at + length;
        snprintf(out, size, "%.*s", (int)length, at);
        if (names_place) return;
    }
}

/* How gnuplot ended, if not well. */
static void describe_end(PlotOutcome *outcome, int exit_code, const char *complaint) {
    char words[240] = "";
    first_words(words, sizeof words, complaint);
    const char *colon = words[0] ? ": " : "";
    if (exit_code == PROCESS_MISSING)
        snprintf(outcome->why, sizeof outcome->why, "gnuplot is not installed");
    else if (exit_code > PROCESS_SIGNALED)
        snprintf(outcome->why, sizeof outcome->why, "gnuplot was ended by signal %d%s%s", exit_code - PROCESS_SIGNALED,
                 colon, words);
    else if (exit_code != 0)
        snprintf(outcome->why, sizeof outcome->why, "gnuplot ended with exit code %d%s%s", exit_code, colon, words);
}

static Err run_gnuplot(PlotOutcome *outcome, const Plot *plot, const char *folder) {
    char script[sizeof plot->name + 16];
    char *complaint = NULL;
    int exit_code = 0;
    TRY(text_format(script, sizeof script, "%s.gp.partial", plot->name));
    const char *const argv[] = {"gnuplot", script, NULL};
    TRY(process_complaint(&complaint, &exit_code, argv, folder));
    describe_end(outcome, exit_code, complaint);
    free(complaint);
    if (exit_code) outcome->state = exit_code == PROCESS_MISSING ? PLOT_NO_GNUPLOT : PLOT_FAILED;
    return ERR_NONE;
}

/* Whether gnuplot left this picture, whole, under its partial name; outcome->why says what is wrong with it otherwise.
 * A PDF that is not there is none that this gnuplot can make. */
static Err judge(bool *whole, PlotOutcome *outcome, const char *picture, const char *format) {
    char partial[PATH_SIZE];
    *whole = false;
    if (outcome->state != PLOT_DRAWN) return ERR_NONE;
    TRY(file_partial_name(partial, sizeof partial, picture));
    if (text_equal(format, "pdf") && !file_exists(partial)) return ERR_NONE;
    Err err = whole_check_file(partial, format);
    /* anything else is the fault of the picture, and told in outcome->why */
    if (err == ERR_MEMORY) return err;
    *whole = !err;
    if (err) snprintf(outcome->why, sizeof outcome->why, "gnuplot said nothing, but left %s", err_message());
    return ERR_NONE;
}

static Err settle(const char *picture, bool whole) {
    if (whole) return file_finish_partial(picture);
    file_remove_partial(picture);
    /* the one of an earlier time as well: it would show other data */
    return file_remove(picture);
}

Err plot_finish(PlotOutcome *outcome, const Plot *plot, const char *folder) {
    char svg[PATH_SIZE], pdf[PATH_SIZE], script[PATH_SIZE];
    bool svg_whole = false, pdf_whole = false;
    *outcome = (PlotOutcome){.state = PLOT_DRAWN};
    TRY(folder_make(folder));
    TRY(text_format(svg, sizeof svg, "%s/%s.svg", folder, plot->name));
    TRY(text_format(pdf, sizeof pdf, "%s/%s.pdf", folder, plot->name));
    TRY(text_format(script, sizeof script, "%s/%s.gp", folder, plot->name));
    TRY(write_part(plot, &plot->data, folder, "dat"));
    TRY(write_script(plot, folder, "gp", ""));
    /* the same script but for the names of its pictures; only this one is run here */
    TRY(write_script(plot, folder, "gp.partial", ".partial"));
    Err err = run_gnuplot(outcome, plot, folder);
    if (!err) err = judge(&pdf_whole, outcome, pdf, "pdf");
    if (!err) err = judge(&svg_whole, outcome, svg, "svg");
    /* without gnuplot no figure is missed: the script is what there is */
    bool missing = outcome->why[0] && outcome->state != PLOT_NO_GNUPLOT;
    if (!err && missing) err = folder_check_room(folder, room_of_a_figure, "; a figure could not be drawn");
    if (!err && missing && !svg_whole) outcome->state = PLOT_FAILED;
    if (!err && missing)
        log_warn("%s is missing: %s; to draw it: gnuplot %s.gp in that folder", svg_whole ? pdf : svg, outcome->why,
                 plot->name);
    file_remove_partial(script);
    Err kept = settle(svg, svg_whole && !err);
    if (!kept) kept = settle(pdf, pdf_whole && !err);
    return err ? err : kept;
}
