/* synvid.h - the clips of synvid for other programs: libsynvid.
 *
 * A source is a list of videos: rendered while they are read (a variant, see `synvid variants`) or read from a dataset
 * folder of any storage kind. A sampler says how a clip of pre-training is cut out of a video. Both are opaque handles.
 *
 *     synvid_source *source;
 *     if (synvid_source_open(&source, "{\"variant\": \"moving-shapes\", \"size\": 224, \"seed\": 1}"))
 *         puts(synvid_last_error());
 *
 * Shapes: a frame is 8-bit RGB, (height, width, 3); a clip (frames, height, width, 3); both without gaps.
 * Numbers: (epoch, index) names a video for good: 0 <= index < count, epoch >= 0. A dataset folder has the same videos
 *   in every epoch; a variant draws new ones, and epoch 0 holds what `synvid generate` writes for the same seed.
 * Settings are JSON objects, read strictly: an unknown key, a wrong type or a value out of range is an error that names
 *   the key. Unless a key is given it has the default stated here.
 * Errors: functions that return int give SYNVID_OK or a SYNVID_ERROR_...; synvid_last_error() then says what, where,
 *   what was found and what to do. Outputs are unspecified after an error, but for pointers to handles and texts, which
 *   are NULL.
 * Ownership: handles and texts that a call hands out belong to the caller, who gives them back with the function named.
 *   Buffers are the caller's; the library never keeps a pointer to one.
 * Threads: any number of threads may use one source and one sampler at once; closing one is for a moment when nobody
 *   uses it. fork() is safe at any time: handles work in parent and child, whatever other threads were doing.
 * The library starts no MPI, installs no signal handlers, prints nothing, and ends the process for no bad input.
 *
 * The ABI: functions are added, never changed; structs grow at their end and carry their size. */
#ifndef SYNVID_H
#define SYNVID_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SYNVID_API __attribute__((visibility("default")))
#else
#define SYNVID_API
#endif

/* The same numbers as the program's exit codes. */
enum {
    SYNVID_OK = 0,
    SYNVID_ERROR_USAGE = 2,  /* a setting or an argument */
    SYNVID_ERROR_INPUT = 3,  /* a file that is missing or malformed */
    SYNVID_ERROR_IO = 4,     /* could not read */
    SYNVID_ERROR_MEMORY = 5, /* out of memory */
    SYNVID_ERROR_BUG = 70
};

/* "0.1.0". */
SYNVID_API const char *synvid_version(void);
/* The message of this thread's last error; "" before the first. Valid until the thread's next call. */
SYNVID_API const char *synvid_last_error(void);
/* Frees a text that a call handed out; fine with NULL. */
SYNVID_API void synvid_free(void *text);
/* All variants as a JSON array of objects: variant (the slug), title, row and table of the paper, texture_source,
 * background, mode, needs_pool, classes, and the accuracies the paper reports. Free with synvid_free. */
SYNVID_API int synvid_variants(char **json);

/* ---- sources ---- */

typedef struct synvid_source synvid_source;

/* settings, one of
 *   {"dataset": "data/moving-circles"}
 *   {"variant": "accelerating-images", "pool": "photos.h5", "size": 224, "seed": 1}
 *
 *   dataset  folder with dataset.json
 *   variant  slug or file; or an object of the variant's settings, {"extends": "moving-circles", "objects": 5}
 *   with     changes to the variant: ["objects=100"]
 *   pool     comma-separated pools (files) and datasets of videos (folders), for a variant that needs them
 *   split    stand-ins: "train" (default) or "test"
 *   videos   of an epoch, default 9537; a variant that mixes sources splits them by their number
 *   size     side of the frames, pixels; 0: the variant's
 *   frames   of every video; 0: lengths drawn as the variant says
 *   seed     0 to 2^53, default 1 */
SYNVID_API int synvid_source_open(synvid_source **source, const char *settings);
/* Fine with NULL. */
SYNVID_API void synvid_source_close(synvid_source *source);

typedef struct {
    size_t struct_size; /* set to sizeof(synvid_source_info) before the call */
    int64_t count;      /* videos, of an epoch */
    int n_classes;      /* 0: unlabeled */
    int endless;        /* 1: every epoch has new videos */
    char name[128];     /* of the dataset or variant */
    char digest[40];    /* of everything that decides the bytes: 32 hexadecimal digits */
} synvid_source_info;

SYNVID_API int synvid_source_describe(const synvid_source *source, synvid_source_info *info);
/* NULL beyond n_classes, and for classes without names. Valid until the source is closed. */
SYNVID_API const char *synvid_class_name(const synvid_source *source, int class_number);

typedef struct {
    size_t struct_size;
    int n_frames, height, width; /* pixels */
    int label;                   /* 0..n_classes-1; -1: none */
} synvid_video_info;

SYNVID_API int synvid_video_describe(const synvid_source *source, int64_t epoch, int64_t index,
                                     synvid_video_info *info);
/* The given frames of a video, numbers[i] in 0..n_frames-1 of the video, repeats allowed, as they are.
 * out: (n, height, width, 3); out_bytes must be exactly that. */
SYNVID_API int synvid_video_read(const synvid_source *source, int64_t epoch, int64_t index, const int *numbers, int n,
                                 uint8_t *out, size_t out_bytes);

/* ---- clips of pre-training ---- */

typedef struct synvid_sampler synvid_sampler;

/* How `synvid pretrain` cuts a clip out of a video, and which tubes it hides (Tong et al. 2022, VideoMAE's loader).
 * settings, all optional:
 *   frames       of a clip, default 16
 *   stride       frames from one of a clip to the next, default 4
 *   size         side of a clip, pixels, default 224
 *   crop         "multi-scale" (default: one of 4 sizes at one of 13 places) or "center" (the largest square)
 *   mask_ratio   share of the tubes that are hidden, default 0.75; 0: no masks
 *   patch_size   side of a token, pixels, default 16
 *   tubelet_size frames of a token, default 2
 *   seed         of start, crop and mask, 0 to 2^53, default 1 */
SYNVID_API int synvid_sampler_new(synvid_sampler **sampler, const char *settings);
SYNVID_API void synvid_sampler_free(synvid_sampler *sampler);

typedef struct {
    size_t struct_size;
    int n_frames, height, width; /* of a clip */
    int n_tokens; /* bytes of a mask: (n_frames / tubelet_size) (height / patch_size) (width / patch_size);
                     0: no masks */
    int n_hidden; /* tokens of a mask that are 1 */
} synvid_clip_shape;

SYNVID_API int synvid_sampler_describe(const synvid_sampler *sampler, synvid_clip_shape *shape);
/* The clip of a video, with its mask: a pure function of source, sampler, epoch and index, the bytes that
 * `synvid pretrain` trains on. clip: (T, H, W, 3), clip_bytes exactly that. mask: (n_tokens), 1 = hidden, tokens in the
 * order (time, row, column); NULL with mask_bytes 0: not wanted. */
SYNVID_API int synvid_clip_read(const synvid_source *source, const synvid_sampler *sampler, int64_t epoch,
                                int64_t index, uint8_t *clip, size_t clip_bytes, uint8_t *mask, size_t mask_bytes);
/* The mask of a sample, numbered epoch * count + index. */
SYNVID_API int synvid_mask_draw(const synvid_sampler *sampler, int64_t sample, uint8_t *mask, size_t mask_bytes);
/* In which order pre-training visits the videos of an epoch: a permutation of 0..count-1, count below 2^32. */
SYNVID_API int synvid_epoch_order(int64_t seed, int64_t epoch, int64_t count, int64_t *order);
/* A clip (T, H, W, 3) as networks take it: out (3, T, H, W) = (clip / 255 - mean) / deviation in single precision, with
 * ImageNet's mean (.485, .456, .406) and deviation (.229, .224, .225). */
SYNVID_API int synvid_clip_normalize(float *out, const uint8_t *clip, int n_frames, int height, int width);

/* ---- statistics of videos in memory ---- */

typedef struct {
    const uint8_t *frames; /* (n_frames, height, width, 3) */
    int n_frames, height, width;
} synvid_array;

/* What `synvid analyze` reports of a dataset with these videos, at least 2, beside a reference (NULL and 0: none), to
 * the last digit: distances (FID, FVD, KID, ...), diversity, spectrum, L*a*b* color, motion.
 * settings, all optional; NULL for none:
 *   inception         weight file of FID's Inception: FID, KID, diversity
 *   i3d               weight file of I3D: FVD
 *   i3d_eps           of its batch normalization; 0: 1e-3
 *   encoder           run folder or checkpoint of a VideoMAE
 *   random_networks   seeds of networks with random weights, 0 to 4
 *   n_frames          drawn for frame distance, spectrum and color, default 10000, or all there are
 *   n_videos          drawn for video distance, diversity and motion, default 1000, or all there are
 *   frames_per_video  for diversity, default 16
 *   frame_stride      between the frames of a clip, default 4
 *   side              of the squares that spectrum, color and motion look at, default 256; never enlarged
 *   groups            of the jackknife, for intervals; 0: none
 *   seed              default 1
 *   threads           0: as many as there are cores
 * *json: {"metrics": [{"name": ..., "value": ..., "unit": ..., "count": ..., "low": ..., "high": ..., "interval":
 * ...}], "deviations": [...]}, the form of result.json. Free with synvid_free. */
SYNVID_API int synvid_analyze(char **json, const synvid_array *videos, int64_t n_videos, const synvid_array *reference,
                              int64_t n_reference, const char *settings);

#ifdef __cplusplus
}
#endif
#endif
