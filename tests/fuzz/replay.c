/* replay CORPUS.zip|FILE... - runs a fuzz target over inputs without libFuzzer: what was interesting once stays tested.
 * A corpus is an archive of inputs; any other file is one input. */
#include "fuzz/fuzz.h"

#include "base/system/file.h"
#include "base/text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

enum { BYTES_MAX = 1 << 20 };

/* `data` has exactly its size, so that reading past the end is seen. */
static void replay_input(char *data, size_t size) {
    char *exact = realloc(data, size ? size : 1);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
    free(exact);
}

static Err replay_file(const char *path) {
    char *data;
    size_t size;
    TRY(file_read(&data, &size, path, BYTES_MAX));
    replay_input(data, size);
    return ERR_NONE;
}

static Err replay_member(zip_t *corpus, zip_uint64_t index, const char *path) {
    zip_stat_t stat;
    if (zip_stat_index(corpus, index, 0, &stat) || stat.size > BYTES_MAX)
        return RAISE(ERR_INPUT, "%s: member %llu: damaged, or too large", path, (unsigned long long)index);
    char *data = malloc(stat.size + 1);
    zip_file_t *member = data ? zip_fopen_index(corpus, index, 0) : NULL;
    zip_int64_t got = member ? zip_fread(member, data, stat.size) : -1;
    if (member) zip_fclose(member);
    if (got == (zip_int64_t)stat.size)
        replay_input(data, stat.size);
    else
        free(data);
    return got == (zip_int64_t)stat.size ? ERR_NONE : RAISE(ERR_INPUT, "%s: %s: cannot be unpacked", path, stat.name);
}

static Err replay_corpus(int *n_inputs, const char *path) {
    zip_t *corpus = zip_open(path, ZIP_RDONLY, NULL);
    if (!corpus) return RAISE(ERR_INPUT, "%s: no corpus that opens", path);
    zip_int64_t count = zip_get_num_entries(corpus, 0);
    Err err = count > 0 ? ERR_NONE : RAISE(ERR_INPUT, "%s: an empty corpus", path);
    for (zip_int64_t i = 0; !err && i < count; i++, ++*n_inputs) err = replay_member(corpus, (zip_uint64_t)i, path);
    zip_discard(corpus);
    return err;
}

int main(int argc, char **argv) {
    int n_inputs = 0;
    Err err = argc > 1 ? ERR_NONE : RAISE(ERR_USAGE, "nothing to replay");
    for (int i = 1; !err && i < argc; i++) {
        bool corpus = text_ends(argv[i], ".zip");
        err = corpus ? replay_corpus(&n_inputs, argv[i]) : replay_file(argv[i]);
        n_inputs += !corpus;
    }
    if (err)
        fprintf(stderr, "%s\n", err_message());
    else
        printf("%d inputs replayed\n", n_inputs);
    return err_exit_code(err);
}
