/* The HTML writer of analysis/page/table: figures as text, and estimates also as small drawn intervals. */
#include "analysis/page/table.h"
#include "base/text/escape.h"

#include <math.h>

/* The interval drawn as a bar with a dot on the column's scale, and a line at its mark; for the eye, the figures stand
 * beside it. */
static void html_range(Builder *out, const TableColumn *column, const TableCell *cell) {
    double span = column->high - column->low, low = isnan(cell->low) ? cell->value : cell->low,
           high = isnan(cell->high) ? cell->value : cell->high;
    if (!(span > 0)) return;
    builder_add_text(out,
                     "<svg class=\"range\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                     "<line class=\"axis\" x1=\"0\" x2=\"100\" y1=\"4\" y2=\"4\"/>");
    if (!isnan(column->mark)) {
        double mark = 100 * (column->mark - column->low) / span;
        builder_add(out, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"8\"/>", mark, mark);
    }
    builder_add(out, "<rect x=\"%.1f\" width=\"%.1f\" y=\"2\" height=\"4\" rx=\"1\"/>",
                100 * (low - column->low) / span, fmax(100 * (high - low) / span, 0.5));
    builder_add(out, "<rect class=\"dot\" x=\"%.1f\" width=\"1.6\" y=\"0.5\" height=\"7\"/></svg>",
                100 * (cell->value - column->low) / span - 0.8);
}

/* The first word of the text as the element's class, so that the style can tell verdicts apart. */
static void html_verdict(Builder *out, const char *text) {
    size_t length = strcspn(text, ": ");
    builder_add(out, "<span class=\"verdict-%.*s\">%.*s</span>", (int)length, text, (int)length, text);
    escape_html(out, text + length);
}

/* data-v: the value to ten digits, which the page's script sorts by. */
static void html_cell(Builder *out, const TableColumn *column, const TableCell *cell) {
    if (column->kind == COLUMN_TEXT) {
        builder_add(out, "<td%s>", column->paper ? " class=\"paper\"" : "");
        if (column->verdict && cell->text)
            html_verdict(out, cell->text);
        else
            escape_html(out, cell->text ? cell->text : "");
    } else if (isnan(cell->value)) {
        builder_add(out, "<td class=\"figure missing%s\">", column->paper ? " paper" : "");
        escape_html(out, cell->text ? cell->text : "–");
    } else {
        builder_add(out, "<td class=\"figure%s\" data-v=\"%.10g\"><b>%.*f</b>", column->paper ? " paper" : "",
                    cell->value, column->digits, cell->value);
        if (column->kind == COLUMN_ESTIMATE && !isnan(cell->low))
            builder_add(out, " <small>[%.*f, %.*f]</small>", column->digits, cell->low, column->digits, cell->high);
        if (column->kind == COLUMN_ESTIMATE) html_range(out, column, cell);
    }
    builder_add_text(out, "</td>");
}

/* The first column names the row, so it is its heading. */
static void html_row(Builder *out, const Table *table, int row) {
    builder_add_text(out, table->rule_above[row] && row > 0 ? "<tr class=\"rule\">" : "<tr>");
    for (int c = 0; c < table->n_columns; c++) {
        const TableCell *cell = &table->cells[(size_t)row * (size_t)table->n_columns + (size_t)c];
        if (c > 0) {
            html_cell(out, &table->columns[c], cell);
            continue;
        }
        builder_add_text(out, "<th scope=\"row\">");
        escape_html(out, cell->text ? cell->text : "");
        builder_add_text(out, "</th>");
    }
    builder_add_text(out, "</tr>\n");
}

/* Scrolls by itself where the window is too narrow, and can be reached by keyboard. */
void table_html(Builder *out, const Table *table) {
    builder_add_text(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    escape_html(out, table->title);
    builder_add_text(out, "\"><table>\n<thead><tr>");
    for (int c = 0; c < table->n_columns; c++) {
        builder_add(out, "<th scope=\"col\"%s>",
                    table->columns[c].paper                 ? " class=\"figure paper\""
                    : table->columns[c].kind != COLUMN_TEXT ? " class=\"figure\""
                                                            : "");
        escape_html(out, table->columns[c].label);
        builder_add_text(out, "</th>");
    }
    builder_add_text(out, "</tr></thead>\n<tbody>\n");
    for (int r = 0; r < table->n_rows; r++) html_row(out, table, r);
    builder_add_text(out, "</tbody></table></div>\n");
    if (!table->caption[0]) return;
    builder_add_text(out, "<p class=\"caption\">");
    escape_html(out, table->caption);
    builder_add_text(out, "</p>\n");
}
