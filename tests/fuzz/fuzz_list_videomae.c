/* VideoMAE: lines of path and label. What is accepted and written as pandas writes it, quotes around everything, is
 * read as the same list. */
#include "fuzz/lists.h"

#include <string.h>

static void write_quoted(Builder *text, const VideoList *list) {
    for (int64_t i = 0; i < list->count; i++) {
        builder_add(text, "\"");
        for (const char *at = list->videos[i].path; *at; at++) builder_add(text, *at == '"' ? "\"\"" : "%c", *at);
        builder_add(text, "\" \"%d\"\r\n", list->videos[i].label);
    }
}

static void read_quoted(const VideoList *list) {
    char path[PATH_SIZE];
    Builder text = {0};
    VideoList quoted;
    write_quoted(&text, list);
    if (!builder_check(&text, "fuzz")) {
        fuzz_list_write(path, "quoted.csv", text.data, text.length);
        const ListRequest request = {
            .path = path, .classes = "", .videos = fuzz_list_folder(), .format = VIDEO_LIST_VIDEOMAE};
        int same = fuzz_list_read(&quoted, &request) && quoted.count == list->count;
        for (int64_t i = 0; same && i < list->count; i++)
            same = !strcmp(quoted.videos[i].path, list->videos[i].path) &&
                   quoted.videos[i].label == list->videos[i].label;
        fuzz_promise(same, "quotes do not matter");
        video_list_free(&quoted);
    }
    builder_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[PATH_SIZE];
    VideoList list;
    fuzz_list_write(path, "val.csv", data, size);
    const ListRequest request = {.path = path, .classes = "", .videos = fuzz_list_folder()};
    if (!fuzz_list_read(&list, &request)) return 0;
    if (list.format == VIDEO_LIST_VIDEOMAE) read_quoted(&list);
    video_list_free(&list);
    return 0;
}
