/* eval/corrupt/corrupt - the corruptions of UCF101-P (Schiappa et al., "A Large-scale Robustness Analysis of Video
 * Action Recognition Models", CVPR 2023) and glass blur, in five families at severities 1..5.
 *
 * Constants and order of operations are those of the authors' generator (ActionRecognitionRobustnessEval,
 * core/video_perturb.py), whose still ones follow ImageNet-C (Hendrycks and Dietterich 2019). Unless a file says
 * otherwise a value v becomes x = v/255, the result is cut to [0, 1] and 255 x truncated to 8 bits. Where a corruption
 * acts:
 *
 *   in view    on the model's square crop of a test view, frame by frame: noise, blur, camera motion, JPEG
 *   in video   on the whole video at its own size, re-encoded: mpeg1, mpeg2
 *   in time    on the list of every frame_stride-th frame from which test clips are taken: temporal ones
 *
 * Lengths in pixels are meant for frames of 224; a smaller or larger frame gets them in proportion (`scale`).
 *
 * Every draw is a function of (seed, video, kind, severity, clip, crop, frame), so a corrupted view does not depend on
 * ranks, threads or order. Nothing here communicates; different clips may be corrupted by several threads at once. */
#pragma once

#include "base/text/text.h"
#include "video/frames/clip.h"

/* The order is part of the random streams: new kinds go to the end. */
typedef enum {
    CORRUPT_GAUSSIAN_NOISE,
    CORRUPT_SHOT_NOISE,
    CORRUPT_IMPULSE_NOISE,
    CORRUPT_SPECKLE_NOISE,
    CORRUPT_DEFOCUS_BLUR,
    CORRUPT_MOTION_BLUR,
    CORRUPT_ZOOM_BLUR,
    CORRUPT_GLASS_BLUR,
    CORRUPT_TRANSLATE,
    CORRUPT_STATIC_ROTATE,
    CORRUPT_ROTATE,
    CORRUPT_JPEG,
    CORRUPT_MPEG1,
    CORRUPT_MPEG2,
    CORRUPT_SAMPLING,
    CORRUPT_REVERSE_SAMPLING,
    CORRUPT_JUMBLE,
    CORRUPT_BOX_JUMBLE,
    CORRUPT_FREEZE,
    CORRUPT_COUNT
} CorruptKind;

typedef enum { FAMILY_NOISE, FAMILY_BLUR, FAMILY_CAMERA, FAMILY_DIGITAL, FAMILY_TEMPORAL, FAMILY_COUNT } CorruptFamily;
typedef enum { CORRUPT_IN_VIEW, CORRUPT_IN_VIDEO, CORRUPT_IN_TIME } CorruptPlace;

/* Two programs of the same authors make these corruptions, and differ:
 *   on-the-fly   the module that the paper's released code tests with (video_pertube.py): as above
 *   stored       the program behind a stored UCF101-P (VideoLanguageModelRobustness, generate_noisy_videos.py): every
 *                frame at its own size, then the whole video through OpenCV's MPEG-4 writer. A translation is drawn a
 *                frame, out of a frame with its short side at 256; a random rotation goes to 6 x severity degrees;
 *                temporal ones act on the frames of the video, a sampled frame stands for those left out, a box has
 *                2^severity frames */
typedef enum { CORRUPT_ON_THE_FLY, CORRUPT_STORED } CorruptGenerator;
#define CORRUPT_GENERATORS "on-the-fly|stored"

enum { CORRUPT_SEVERITIES = 5, CORRUPT_MAX_CLIPS = 128, CORRUPT_MAX_CROPS = 128, CORRUPT_MAX_FRAMES = 1024 };

typedef struct {
    CorruptKind kind;
    int severity; /* 1..5 */
    double scale; /* pixels of the frame at hand for one of a frame of 224 */
    uint64_t seed;
    int generator; /* CorruptGenerator */
} Corruption;

/* `scale` of square frames of `side` pixels. */
static inline double corrupt_scale(int side) {
    return side / 224.0;
}

/* Which part of which video. */
typedef struct {
    int64_t video;
    int clip, crop;
} CorruptPart;

const char *corrupt_name(CorruptKind kind); /* "gaussian_noise" */
CorruptFamily corrupt_family(CorruptKind kind);
const char *corrupt_family_name(CorruptFamily family); /* "camera motion" */
/* Stored ones all act on the video. */
CorruptPlace corrupt_place(const Corruption *corruption);

/* A preset or names with commas between, into catalog order without repeats:
 *   paper14    the four families of the paper's Figure 3; the list itself cannot be read off the paper, and this is the
 *              one its released code can run: four noises, four blurs, three camera motions, JPEG and two video codecs
 *   readme14   the loop in the generator's README: nine still ones and five temporal ones
 *   ucf101p    the 18 of UCF101-P: paper14 without glass blur, and the temporal ones
 *   all        all 19
 * ERR_USAGE names what it does not know and the nearest name. */
typedef struct {
    int count;
    CorruptKind kinds[CORRUPT_COUNT];
} CorruptList;
CHECKED Err corrupt_list_parse(CorruptList *list, const char *text);

/* One of the kinds in view, in place; each frame by itself. At most CORRUPT_MAX_FRAMES frames. */
CHECKED Err corrupt_view(Frames *frames, const Corruption *corruption, CorruptPart part);

/* One of the kinds in video: the whole video, encoded. Decode it for the corrupted frames: as many, in order. *bytes is
 * malloc'd; the caller frees. A stored one changes `frames`, which is video number `video`. */
CHECKED Err corrupt_video(uint8_t **bytes, size_t *length, Frames *frames, const Corruption *corruption, int64_t video);

/* One of the kinds in time: *count entries (frame numbers, in order) become a new list, never a longer one. */
CHECKED Err corrupt_time(int *entries, int *count, const Corruption *corruption, int64_t video);
