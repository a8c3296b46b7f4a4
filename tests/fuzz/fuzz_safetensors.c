/* A header of JSON behind its length, which the target writes itself: finding eight bytes that agree with the size is
 * no use of a fuzzer's time. The input is the header up to the first zero byte, then data. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    uint64_t header = zero ? (uint64_t)(zero - data) : size;
    size_t values = size - header - (zero != NULL);
    uint8_t *whole = malloc(LENGTH_BYTES + header + values + 1);
    if (!whole || header == 0 || data[0] != '{') {
        free(whole);
        return 0;
    }
    memcpy(whole, &header, LENGTH_BYTES);
    memcpy(whole + LENGTH_BYTES, data, header);
    if (values) memcpy(whole + LENGTH_BYTES + header, zero + 1, values);
    uint8_t *exact = realloc(whole, LENGTH_BYTES + header + values); /* so that reading past the end is seen */
    fuzz_weights(exact, LENGTH_BYTES + header + values);
    free(exact);
    return 0;
}
