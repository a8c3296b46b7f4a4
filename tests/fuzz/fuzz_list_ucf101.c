/* UCF101: a trainlist, a zero byte, and its classInd.txt. */
#include "fuzz/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_list_with_classes(data, size, "trainlist01.txt", "classInd.txt", VIDEO_LIST_UCF101);
    return 0;
}
