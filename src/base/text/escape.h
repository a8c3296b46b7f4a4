/* base/text/escape - text into the languages that tables and pages are written in. */
#pragma once

#include "base/text/text.h"

/* & < > " ' as entities: safe in elements and in quoted attributes. */
void escape_html(Builder *out, const char *text);
/* The ten special characters of LaTeX text mode; < > | and quotes in forms that print as themselves. */
void escape_latex(Builder *out, const char *text);
/* RFC 4180: quoted only where needed. */
void escape_csv(Builder *out, const char *text);
/* Inside a Markdown table cell. */
void escape_markdown(Builder *out, const char *text);
/* Inside a double-quoted gnuplot string, enhanced text off; line breaks become blanks. */
void escape_gnuplot(Builder *out, const char *text);
/* RFC 4648, no line breaks. */
void escape_base64(Builder *out, const void *bytes, size_t length);
