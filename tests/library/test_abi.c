/* The library's interface as a caller compiled it years ago: every function with its type, every struct with its
 * layout. This file changes only by additions; what does not match it any more breaks callers. */
#include "synvid.h"

#include <stdio.h>

#define SAME(function, ...)                                                                                            \
    _Static_assert(__builtin_types_compatible_p(__typeof__(&function), __VA_ARGS__), #function " has changed")
#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")

SAME(synvid_version, const char *(*)(void));
SAME(synvid_last_error, const char *(*)(void));
SAME(synvid_free, void (*)(void *));
SAME(synvid_variants, int (*)(char **));
SAME(synvid_source_open, int (*)(synvid_source **, const char *));
SAME(synvid_source_close, void (*)(synvid_source *));
SAME(synvid_source_describe, int (*)(const synvid_source *, synvid_source_info *));
SAME(synvid_class_name, const char *(*)(const synvid_source *, int));
SAME(synvid_video_describe, int (*)(const synvid_source *, int64_t, int64_t, synvid_video_info *));
SAME(synvid_video_read, int (*)(const synvid_source *, int64_t, int64_t, const int *, int, uint8_t *, size_t));
SAME(synvid_sampler_new, int (*)(synvid_sampler **, const char *));
SAME(synvid_sampler_free, void (*)(synvid_sampler *));
SAME(synvid_sampler_describe, int (*)(const synvid_sampler *, synvid_clip_shape *));
SAME(synvid_clip_read,
     int (*)(const synvid_source *, const synvid_sampler *, int64_t, int64_t, uint8_t *, size_t, uint8_t *, size_t));
SAME(synvid_mask_draw, int (*)(const synvid_sampler *, int64_t, uint8_t *, size_t));
SAME(synvid_epoch_order, int (*)(int64_t, int64_t, int64_t, int64_t *));
SAME(synvid_clip_normalize, int (*)(float *, const uint8_t *, int, int, int));
SAME(synvid_analyze, int (*)(char **, const synvid_array *, int64_t, const synvid_array *, int64_t, const char *));

_Static_assert(sizeof(void *) != 8 || sizeof(synvid_source_info) >= 192, "synvid_source_info shrank");
AT(synvid_source_info, struct_size, 0);
AT(synvid_source_info, count, 8);
AT(synvid_source_info, n_classes, 16);
AT(synvid_source_info, endless, 20);
AT(synvid_source_info, name, 24);
AT(synvid_source_info, digest, 152);
AT(synvid_video_info, struct_size, 0);
AT(synvid_video_info, n_frames, 8);
AT(synvid_video_info, height, 12);
AT(synvid_video_info, width, 16);
AT(synvid_video_info, label, 20);
AT(synvid_clip_shape, struct_size, 0);
AT(synvid_clip_shape, n_frames, 8);
AT(synvid_clip_shape, height, 12);
AT(synvid_clip_shape, width, 16);
AT(synvid_clip_shape, n_tokens, 20);
AT(synvid_clip_shape, n_hidden, 24);
_Static_assert(sizeof(synvid_array) == 24, "synvid_array is an array's element: its size is for ever");
AT(synvid_array, frames, 0);
AT(synvid_array, n_frames, 8);
AT(synvid_array, height, 12);
AT(synvid_array, width, 16);

_Static_assert(SYNVID_OK == 0 && SYNVID_ERROR_USAGE == 2 && SYNVID_ERROR_INPUT == 3 && SYNVID_ERROR_IO == 4 &&
                   SYNVID_ERROR_MEMORY == 5 && SYNVID_ERROR_BUG == 70,
               "an error code has changed");

/* Linked with the shared library alone: what the header declares is there. */
static const void *volatile functions[] = {
    synvid_version,          synvid_last_error,     synvid_free,
    synvid_variants,         synvid_source_open,    synvid_source_close,
    synvid_source_describe,  synvid_class_name,     synvid_video_describe,
    synvid_video_read,       synvid_sampler_new,    synvid_sampler_free,
    synvid_sampler_describe, synvid_clip_read,      synvid_mask_draw,
    synvid_epoch_order,      synvid_clip_normalize, synvid_analyze,
};

int main(void) {
    synvid_source *source;
    uint8_t pixels[32 * 32 * 3];
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (!functions[i]) return 1;
    if (synvid_source_open(&source, "{\"variant\": \"moving-circles\", \"size\": 32}") ||
        synvid_video_read(source, 0, 0, (const int[]){0}, 1, pixels, sizeof pixels)) {
        fprintf(stderr, "%s\n", synvid_last_error());
        return 1;
    }
    synvid_source_close(source);
    return 0;
}
