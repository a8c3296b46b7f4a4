/* Kinetics: a csv, and, behind a zero byte, names of classes. */
#include "fuzz/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_list_with_classes(data, size, "kinetics.csv", "names.txt", VIDEO_LIST_KINETICS);
    return 0;
}
