#include "base/system/log.h"

#include "base/text/escape.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int my_rank = 0;
static int rank_count = 1;
static LogLevel my_level = LOG_NORMAL;

void log_setup(int rank, int n_ranks, LogLevel level) {
    my_rank = rank;
    rank_count = n_ranks;
    my_level = level;
}

LogLevel log_level(void) {
    return my_level;
}

/* The message that there is no memory has to be said without any: control characters become question marks. */
static void write_without_memory(const char *message) {
    char line[2306];
    size_t length = strnlen(message, sizeof line - 2);
    for (size_t i = 0; i < length; i++) line[i] = iscntrl((unsigned char)message[i]) ? '?' : message[i];
    line[length] = '\n';
    line[length + 1] = 0;
    fputs(line, stderr);
}

/* A message tells names that strangers chose: what is not a character of a line is shown, so that a message stays a
 * line and commands nothing of a terminal. */
static void write_line(const char *message) {
    Builder line = {0};
    escape_line(&line, message);
    builder_add_text(&line, "\n");
    if (line.failed)
        write_without_memory(message);
    else
        fputs(line.data, stderr);
    builder_free(&line);
}

/* One write a line, so that lines of several ranks do not interleave. */
__attribute__((format(printf, 2, 0))) static void say(const char *prefix, const char *format, va_list args) {
    char line[2304];
    int length = snprintf(line, sizeof line, "%s", prefix);
    int more = vsnprintf(line + length, sizeof line - (size_t)length, format, args);
    if (more < 0) return;
    write_line(line);
}

void log_info(const char *format, ...) {
    if (my_rank != 0 || my_level < LOG_NORMAL) return;
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void log_detail(const char *format, ...) {
    if (my_rank != 0 || my_level < LOG_VERBOSE) return;
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

/* "warning: ", or "[rank 3] warning: " of another rank than the one that speaks. */
static const char *prefix_of(char out[48], const char *kind) {
    if (rank_count > 1 && my_rank != 0)
        snprintf(out, 48, "[rank %d] %s: ", my_rank, kind);
    else
        snprintf(out, 48, "%s: ", kind);
    return out;
}

void log_warn(const char *format, ...) {
    if (my_level == LOG_SILENT) return;
    char prefix[48];
    va_list args;
    va_start(args, format);
    say(prefix_of(prefix, "warning"), format, args);
    va_end(args);
}

void log_last(const char *format, ...) {
    char prefix[48];
    va_list args;
    va_start(args, format);
    say(prefix_of(prefix, my_rank == 0 ? "synvid: error" : "error"), format, args);
    va_end(args);
}

void log_error(const char *command, const char *message, const char *place) {
    if (my_rank != 0) return;
    bool tell_place = place && *place && my_level >= LOG_VERBOSE;
    char line[2304];
    (void)snprintf(line, sizeof line, "synvid%s%s: error: %s%s%s%s", *command ? " " : "", command, message,
                   tell_place ? " [" : "", tell_place ? place : "", tell_place ? "]" : "");
    write_line(line);
}
