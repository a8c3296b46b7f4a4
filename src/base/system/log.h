/* base/system/log - messages on stderr. stdout is for results.
 *
 * Rank 0 prints all of them; other ranks print only warnings, with "[rank 3]" in front. par/par and cli set this up
 * once at the start. */
#pragma once

/* LOG_SILENT: not even warnings, for a library inside of another program. */
typedef enum { LOG_SILENT = -1, LOG_QUIET = 0, LOG_NORMAL = 1, LOG_VERBOSE = 2 } LogLevel;

void log_setup(int rank, int n_ranks, LogLevel level);
LogLevel log_level(void);
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* rank 0, normal and up */
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2))); /* rank 0, -v */
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* every rank, unless silent */
/* The last words of a run that one rank ends for all of them: "[rank 3] error: ...", any rank, always. */
void log_last(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The error that ended the run: "synvid <command>: error: <message>", on rank 0, always. `place` (with -v only) may be
 * NULL. */
void log_error(const char *command, const char *message, const char *place);
