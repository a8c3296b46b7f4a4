/* HMDB51: the lists of two classes of one split, parted by a zero byte; the first byte says which part is wanted. */
#include "fuzz/lists.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    int part = data[0] & 1 ? LIST_PART_TRAIN : LIST_PART_TEST;
    const uint8_t *cut = memchr(++data, 0, --size);
    size_t first = cut ? (size_t)(cut - data) : size, skip = cut ? first + 1 : size;
    char path[PATH_SIZE];
    VideoList list;
    fuzz_list_write(path, "brush_hair_test_split1.txt", data, first);
    fuzz_list_write(path, "brush_test_split1.txt", data + skip, size - skip);
    const ListRequest request = {
        .path = fuzz_list_folder(), .classes = "", .videos = fuzz_list_folder(), .part = part, .split = 1};
    if (fuzz_list_read(&list, &request)) video_list_free(&list);
    return 0;
}
