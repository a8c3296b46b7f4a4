/* How fast a C program reads clips: what tools/bench_python.py measures Python against.
 *   bench_clips SOURCE_SETTINGS SAMPLER_SETTINGS SECONDS NORMALIZED PLACES
 * Prints clips a second of one thread, and seconds of processor time a clip. With NORMALIZED 1 a clip also becomes
 * floats. Clips go into PLACES places in turn, as a loader's do: one place would stay in the cache. */
#include "synvid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int fail(void) {
    fprintf(stderr, "%s\n", synvid_last_error());
    return 1;
}

int main(int argc, char **argv) {
    synvid_source *source;
    synvid_sampler *sampler;
    synvid_source_info info = {.struct_size = sizeof info};
    synvid_clip_shape shape = {.struct_size = sizeof shape};
    if (argc != 6) return 2;
    if (synvid_source_open(&source, argv[1]) || synvid_sampler_new(&sampler, argv[2])) return fail();
    if (synvid_source_describe(source, &info) || synvid_sampler_describe(sampler, &shape)) return fail();
    size_t bytes = (size_t)shape.n_frames * (size_t)shape.height * (size_t)shape.width * 3;
    int normalized = argv[4][0] == '1';
    size_t places = strtoul(argv[5], NULL, 10), place_bytes = bytes * (normalized ? sizeof(float) : 1);
    uint8_t *clip = malloc(bytes), *mask = malloc((size_t)shape.n_tokens), *all = malloc(places * place_bytes);
    int64_t n = 0;
    double wanted = strtod(argv[3], NULL), begun = 0, elapsed = 0, worked = 0;
    if (!clip || !mask || !all || places < 1) return 1;
    memset(all, 0, places * place_bytes);
    for (; n <= 2 || elapsed < wanted; n++) {
        if (n == 2) begun = seconds_of(CLOCK_MONOTONIC), worked = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        uint8_t *place = all + (size_t)n % places * place_bytes, *out = normalized ? clip : place;
        if (synvid_clip_read(source, sampler, 0, n % info.count, out, bytes, mask, (size_t)shape.n_tokens))
            return fail();
        if (normalized &&
            synvid_clip_normalize((float *)(void *)place, clip, shape.n_frames, shape.height, shape.width))
            return fail();
        elapsed = n < 2 ? 0 : seconds_of(CLOCK_MONOTONIC) - begun;
    }
    worked = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - worked;
    printf("%.6f %.9f\n", (double)(n - 2) / elapsed, worked / (double)(n - 2));
    free(clip);
    free(mask);
    free(all);
    synvid_sampler_free(sampler);
    synvid_source_close(source);
    return 0;
}
