/* tests/fuzz - what any bytes may do to our readers: nothing but an Err.
 *
 * One file a target, each with libFuzzer's entry point. The preset `fuzz` links it with libFuzzer; every other build
 * links fuzz/replay.c, which runs the kept corpus through the same code (ctest fuzz.NAME). docs/fuzzing.md tells how
 * they are run and what they found. A broken promise ends in abort(), as a crash does. */
#pragma once

#include "base/failure/err.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a file of ours, or said to be one, an error may only be ERR_INPUT or ERR_MEMORY, with a message. */
void fuzz_refused(Err err);
/* Opens `data` as store/foreign/weightfile does, reads every tensor twice, and tries to find a VideoMAE in it. */
void fuzz_weights(const uint8_t *data, size_t size);
/* Whether the bytes begin as the format of the target does: others belong to another target. */
int fuzz_begins(const uint8_t *data, size_t size, const void *magic, size_t magic_size);
/* Aborts with the text when a promise does not hold. */
void fuzz_promise(int holds, const char *text);
