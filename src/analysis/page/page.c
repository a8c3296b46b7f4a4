#include "analysis/page/page.h"

#include "base/system/file.h"
#include "base/text/escape.h"
#include "video/media/image.h"

#include <stdarg.h>

static const size_t picture_bytes_max = (size_t)64 << 20;

/* Every text passes through escape_html here; only the markup in this file does not. */
__attribute__((format(printf, 2, 0))) static void add_escaped_format(Builder *out, const char *format,
                                                                     va_list arguments) {
    char *text;
    if (vasprintf(&text, format, arguments) < 0) {
        out->failed = true;
        return;
    }
    escape_html(out, text);
    free(text);
}

/* `open` and `close` are markup of ours, `text` is anybody's. */
static void add_element(Builder *out, const char *open, const char *text, const char *close) {
    builder_add_text(out, open);
    escape_html(out, text);
    builder_add_text(out, close);
}

/* Style and script are part of the page, so that it needs no other file and no network. */
void page_begin(Page *page, const char *title) {
    *page = (Page){0};
    builder_add_text(&page->html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                  "<meta name=\"color-scheme\" content=\"light dark\">\n");
    add_element(&page->html, "<title>", title, "</title>\n<style>\n");
    builder_add_text(&page->html, page_style);
    builder_add_text(&page->html, "</style>\n</head>\n<body>\n");
}

/* The script only sorts tables: the page is whole without it. */
void page_end(Page *page, const char *footer) {
    add_element(&page->html, "</main>\n<footer><p>", footer, "</p></footer>\n<script>\n");
    builder_add_text(&page->html, page_script);
    builder_add_text(&page->html, "</script>\n</body>\n</html>\n");
}

/* `id` is what the navigation links to. */
void page_section(Page *page, const char *id, const char *title) {
    builder_add(&page->html, "<section id=\"%s\">\n", id);
    add_element(&page->html, "<h2>", title, "</h2>\n");
}

void page_section_end(Page *page) {
    builder_add_text(&page->html, "</section>\n");
}

void page_paragraph(Page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    builder_add_text(&page->html, "<p>");
    add_escaped_format(&page->html, format, arguments);
    builder_add_text(&page->html, "</p>\n");
    va_end(arguments);
}

/* `kind` is a class of the style: note or warning. */
void page_remark(Page *page, const char *kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    builder_add(&page->html, "<p class=\"remark %s\">", kind);
    add_escaped_format(&page->html, format, arguments);
    builder_add_text(&page->html, "</p>\n");
    va_end(arguments);
}

void page_table(Page *page, const Table *table) {
    add_element(&page->html, "<h3>", table->title, "</h3>\n");
    table_html(&page->html, table);
}

/* Links that hold while the folder stays together. */
void page_table_files(Page *page, const Table *table) {
    static const char *const formats[][2] = {{"tex", "LaTeX"}, {"csv", "CSV"}, {"md", "Markdown"}};
    builder_add_text(&page->html, "<p class=\"files\">Beside this page: ");
    for (int i = 0; i < 3; i++) {
        builder_add(&page->html, "%s<a href=\"tables/", i ? ", " : "");
        escape_url(&page->html, table->name);
        builder_add(&page->html, ".%s\">%s</a>", formats[i][0], formats[i][1]);
    }
    builder_add_text(&page->html, "</p>\n");
}

/* Pictures lie in the page itself as data, so that it can be sent and kept as one file. */
static void add_image(Page *page, const char *media_type, const void *bytes, size_t length, const char *alt) {
    add_element(&page->html, "<img alt=\"", alt, "\" src=\"data:");
    builder_add(&page->html, "%s;base64,", media_type);
    escape_base64(&page->html, bytes, length);
    builder_add_text(&page->html, "\">\n");
}

static void add_picture(Page *page, const void *bytes, size_t length, const char *alt, const char *caption) {
    builder_add_text(&page->html, "<figure class=\"picture\">");
    add_image(page, "image/png", bytes, length, alt);
    add_element(&page->html, "<figcaption>", caption, "</figcaption></figure>\n");
}

/* An image shows no names of its own under the pointer, so the spots lie over it. */
Err page_plot_file(Page *page, const char *path, const Plot *plot, const char *caption) {
    const char *spots = plot->spots.data;
    char *bytes;
    size_t length;
    TRY(builder_check(&plot->spots, path));
    TRY(file_read(&bytes, &length, path, picture_bytes_max));
    builder_add(&page->html, "<figure class=\"drawing\">%s", spots ? "<div class=\"spots\">" : "");
    add_image(page, "image/svg+xml", bytes, length, plot->alt);
    if (spots) builder_add(&page->html, "%s</div>\n", spots);
    add_element(&page->html, "<figcaption>", caption, "</figcaption></figure>\n");
    free(bytes);
    return ERR_NONE;
}

void page_spot(Builder *out, double left, double top, const char *text) {
    builder_add(out, "<span style=\"left:%.1f%%;top:%.1f%%\" title=\"", 100 * left, 100 * top);
    escape_html(out, text);
    builder_add_text(out, "\"></span>");
}

Err page_picture_file(Page *page, const char *path, const char *alt, const char *caption) {
    char *bytes;
    size_t length;
    TRY(file_read(&bytes, &length, path, picture_bytes_max));
    add_picture(page, bytes, length, alt, caption);
    free(bytes);
    return ERR_NONE;
}

Err page_picture(Page *page, const Frames *image, const char *alt, const char *caption) {
    uint8_t *bytes;
    size_t length;
    TRY(image_encode_png(&bytes, &length, image, 0));
    add_picture(page, bytes, length, alt, caption);
    free(bytes);
    return ERR_NONE;
}

void page_grid_begin(Page *page, const char *width) {
    builder_add(&page->html, "<div class=\"grid %s\">\n", width);
}
void page_grid_end(Page *page) {
    builder_add_text(&page->html, "</div>\n");
}

/* Closed until it is clicked, without a script. */
void page_fold_begin(Page *page, const char *summary) {
    add_element(&page->html, "<details><summary>", summary, "</summary>\n");
}
void page_fold_end(Page *page) {
    builder_add_text(&page->html, "</details>\n");
}

/* Whole or not at all; not at all, too, where memory was lacking on the way. */
Err page_write(const Page *page, const char *path) {
    TRY(builder_check(&page->html, path));
    return file_write_whole(path, page->html.data, page->html.length);
}

void page_free(Page *page) {
    builder_free(&page->html);
}
