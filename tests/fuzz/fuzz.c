#include "fuzz/fuzz.h"

#include "store/foreign/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fuzz_begins(const uint8_t *data, size_t size, const void *magic, size_t magic_size) {
    return size >= magic_size && memcmp(data, magic, magic_size) == 0;
}

void fuzz_promise(int holds, const char *text) {
    if (holds) return;
    fprintf(stderr, "broken promise: %s\n", text);
    abort();
}

/* Values that stay as they were before reading differ between the two. */
static void read_twice(WeightFile *file, int index) {
    size_t bytes = (size_t)weightfile_entry(file, index)->count * sizeof(float);
    unsigned char *one = malloc(bytes + 1), *two = malloc(bytes + 1);
    if (one && two) {
        memset(one, 0x55, bytes);
        memset(two, 0xaa, bytes);
        Err first = weightfile_read((float *)(void *)one, file, index);
        Err second = weightfile_read((float *)(void *)two, file, index);
        fuzz_promise(first == second, "a tensor reads the same twice");
        fuzz_promise(first || memcmp(one, two, bytes) == 0, "every value of a tensor is written");
    }
    free(one);
    free(two);
}

void fuzz_refused(Err err) {
    fuzz_promise(err == ERR_NONE || err == ERR_INPUT || err == ERR_MEMORY, "a bad file is bad input");
    fuzz_promise(err == ERR_NONE || err_message()[0], "what is refused says why");
}

/* As import does; the tensors need not make a whole model. */
static void read_as_model(WeightFile *file) {
    WeightSet weights;
    ForeignFacts facts;
    Err err = foreign_read(&weights, &facts, file, "fuzz", NULL);
    fuzz_refused(err);
    if (err) {
        fuzz_promise(!weights.tensors && !weights.storage, "what is refused leaves nothing");
        return;
    }
    volatile float seen; /* every value is there to be read */
    for (int t = 0; t < weights.n_tensors; t++)
        for (size_t i = 0; i < tensor_count(&weights.tensors[t]); i++) seen = weights.tensors[t].data[i];
    (void)seen;
    fuzz_promise(weights.n_tensors > 0, "a model has tensors");
    weights_free(&weights);
}

void fuzz_weights(const uint8_t *data, size_t size) {
    enum { DEFLATE_GROWTH_MAX = 1032 };
    WeightFile *file;
    Err err = weightfile_open_bytes(&file, "fuzz", data, size);
    fuzz_refused(err);
    if (err) {
        fuzz_promise(!file, "what is refused leaves nothing");
        return;
    }
    for (int i = 0; i < weightfile_count(file); i++) {
        const WeightEntry *entry = weightfile_entry(file, i);
        fuzz_promise(memchr(entry->name, 0, sizeof entry->name) != NULL, "names end");
        fuzz_promise(entry->count >= 0 && (uint64_t)entry->count <= (uint64_t)size * DEFLATE_GROWTH_MAX,
                     "no tensor has more values than the file can hold");
        fuzz_promise(weightfile_find(file, entry->name) >= 0, "a listed tensor is found");
        read_twice(file, i);
    }
    read_as_model(file);
    weightfile_close(&file);
}
