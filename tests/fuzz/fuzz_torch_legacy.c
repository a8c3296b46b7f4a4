/* Five pickles and raw storages: the target for store/foreign/pickle, which no checksum guards here. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char magic[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    if (fuzz_begins(data, size, magic, sizeof magic - 1)) fuzz_weights(data, size);
    return 0;
}
