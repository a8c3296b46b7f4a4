/* base/text/escape - a text of strangers, written so that the language that reads it takes it for a text.
 *
 * Names of classes, datasets, runs, tasks and files come from folders, lists and command lines. They may hold quotes,
 * line breaks, control characters and bytes that are not UTF-8. Each target has one function; docs/reliability.md lists
 * where each is used. What a target cannot hold is written the same way everywhere: a line break as \n, a tab as \t,
 * any other control character or byte that is not UTF-8 as \x1b. */
#pragma once

#include "base/text/text.h"

/* ---- documents and tables ---- */

/* One line for people, on a terminal and in logs: no control character reaches the terminal. */
void escape_line(Builder *out, const char *text);
/* escape_line, cut in the middle ("begin…end") where it is wider than `columns`, filled with blanks where narrower:
 * names differ at both ends. */
void escape_column(Builder *out, const char *text, int columns);
/* & < > " ' as entities: safe in elements and in quoted attributes of HTML and XML. Line breaks and tabs stay. */
void escape_html(Builder *out, const char *text);
/* The ten special characters of LaTeX text mode; < > | and quotes in forms that print as themselves; no ligatures, and
 * nothing that \\ before it would take for its option. Line breaks become blanks. */
void escape_latex(Builder *out, const char *text);
/* RFC 4180, one line a field, quoted only where needed. What a spreadsheet would compute (= + - @ in front of what is
 * no number) begins with an apostrophe. */
void escape_csv(Builder *out, const char *text);
/* Inside a Markdown table cell; line breaks become blanks. */
void escape_markdown(Builder *out, const char *text);
/* What is not UTF-8 shown, all else as it is: for formats that promise UTF-8 and have their own way with control
 * characters (JSON, texts in HDF5). A backslash that would read as such a byte is shown as \x5c, so that the undoing,
 * in place, gives the same bytes again: paths are found by what our JSON says. */
void escape_utf8(Builder *out, const char *text);
void escape_utf8_undo(char *text);
/* Whether escape_utf8 would change it. */
bool escape_utf8_changes(const char *text);
/* Inside a JSON string: escape_utf8, and what RFC 8259 and terminals cannot have raw as \n or \u001b. */
void escape_json(Builder *out, const char *text);

/* ---- programs ---- */

/* Inside a double-quoted gnuplot string, enhanced text off: nothing is substituted, also not by a shell (`). Line
 * breaks become blanks. */
void escape_gnuplot(Builder *out, const char *text);
/* The same for the text of a tic, which is a format of numbers: percent signs are doubled. */
void escape_gnuplot_tic(Builder *out, const char *text);
/* One word for bash, quoted where it must be: '...', and $'...' for what is not printable, so that it stays a line. */
void escape_shell(Builder *out, const char *word);
/* The same for a file that a command names: one that begins with a dash is no option. */
void escape_shell_path(Builder *out, const char *path);
/* A job name of SLURM that %x can put into a file name and that has no blanks: letters, digits, . _ -, at most 64;
 * anything else as _. */
void escape_slurm_job(Builder *out, const char *text);
/* The source file of a virtual HDF5 array, in which % begins a pattern. */
void escape_hdf5_source(Builder *out, const char *path);

/* ---- names of files ---- */

/* One segment of a link's path, RFC 3986. */
void escape_url(Builder *out, const char *text);

/* A file's name made of `text`, at most size - 1 bytes: letters of any script, digits, blanks and . _ - + stay,
 * anything else becomes _, also a dash, dot or blank in front. Where that changes the text or it is cut, eight digits
 * of its digest follow, so that two texts never make one name. Returns `out`; size at least 32. */
const char *escape_file_name(char *out, size_t size, const char *text);

/* RFC 4648, no line breaks. */
void escape_base64(Builder *out, const void *bytes, size_t length);
