/* NumPy's archives and single arrays. fuzz/zip_checksums keeps mutated members readable. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (fuzz_begins(data, size, "PK\x03\x04", 4) || fuzz_begins(data, size, "\x93NUMPY", 6)) fuzz_weights(data, size);
    return 0;
}
