/* A mutator for zip archives (libFuzzer calls it by its name). Mutated members would all be refused for their CRC-32,
 * and nothing behind it would ever be tested: in three of four cases the checksums of plainly stored members are made
 * true again. */
#include "fuzz/fuzz.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* APPNOTE.TXT 4.3.7 and 4.3.12: places in the header of a member and in its entry of the directory. */
enum {
    LOCAL_CRC = 14,
    LOCAL_NAME_LENGTH = 26,
    LOCAL_BYTES = 30,
    ENTRY_METHOD = 10,
    ENTRY_CRC = 16,
    ENTRY_SIZE = 24,
    ENTRY_OFFSET = 42,
    ENTRY_BYTES = 46
};

static uint32_t load(const uint8_t *at, int n_bytes) {
    uint32_t number = 0;
    while (n_bytes-- > 0) number = number << 8 | at[n_bytes];
    return number;
}

static void store(uint8_t *at, uint32_t number) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t crc32(const uint8_t *data, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void make_true(uint8_t *data, size_t size, uint8_t *entry) {
    size_t local = load(entry + ENTRY_OFFSET, 4), length = load(entry + ENTRY_SIZE, 4);
    if (load(entry + ENTRY_METHOD, 2) != 0 || local > size || size - local < LOCAL_BYTES) return;
    size_t begin = local + LOCAL_BYTES + load(data + local + LOCAL_NAME_LENGTH, 2) +
                   load(data + local + LOCAL_NAME_LENGTH + 2, 2);
    if (begin > size || length > size - begin) return;
    uint32_t crc = crc32(data + begin, length);
    store(entry + ENTRY_CRC, crc);
    store(data + local + LOCAL_CRC, crc);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 4 == 0) return size;
    for (size_t at = 0; at + ENTRY_BYTES <= size; at++)
        if (memcmp(data + at, "PK\x01\x02", 4) == 0) make_true(data, size, data + at);
    return size;
}
