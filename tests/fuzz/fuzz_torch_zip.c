/* torch.save's archives and TorchScript. fuzz/zip_checksums keeps mutated members readable. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (fuzz_begins(data, size, "PK\x03\x04", 4)) fuzz_weights(data, size);
    return 0;
}
