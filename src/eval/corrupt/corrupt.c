/* The catalog: a row a corruption, with where it acts (on the crop, on the list of frame numbers, or on the whole
 * video) and the function that makes it. Draws depend on (seed, kind, severity, video, clip, crop, frame) alone, so a
 * view is corrupted the same way on any rank and in any order. */
#include "eval/corrupt/corrupt.h"

#include "eval/corrupt/internal/corrupt_kinds.h"

/* ---- the catalog ---- */

typedef struct {
    const char *name;
    CorruptFamily family;
    CorruptPlace place;
    CorruptApply *apply;       /* in view */
    CorruptTimeline *timeline; /* in time */
    bool whole_clip;           /* in view: all frames of a clip have the same draws */
} Row;

static const Row rows[CORRUPT_COUNT] = {
    [CORRUPT_GAUSSIAN_NOISE] = {"gaussian_noise", FAMILY_NOISE, .apply = corrupt_gaussian_noise},
    [CORRUPT_SHOT_NOISE] = {"shot_noise", FAMILY_NOISE, .apply = corrupt_shot_noise},
    [CORRUPT_IMPULSE_NOISE] = {"impulse_noise", FAMILY_NOISE, .apply = corrupt_impulse_noise},
    [CORRUPT_SPECKLE_NOISE] = {"speckle_noise", FAMILY_NOISE, .apply = corrupt_speckle_noise},
    [CORRUPT_DEFOCUS_BLUR] = {"defocus_blur", FAMILY_BLUR, .apply = corrupt_defocus_blur},
    [CORRUPT_MOTION_BLUR] = {"motion_blur", FAMILY_BLUR, .apply = corrupt_motion_blur},
    [CORRUPT_ZOOM_BLUR] = {"zoom_blur", FAMILY_BLUR, .apply = corrupt_zoom_blur},
    [CORRUPT_GLASS_BLUR] = {"glass_blur", FAMILY_BLUR, .apply = corrupt_glass_blur},
    [CORRUPT_TRANSLATE] = {"translate", FAMILY_CAMERA, .apply = corrupt_translate, .whole_clip = true},
    [CORRUPT_STATIC_ROTATE] = {"static_rotate", FAMILY_CAMERA, .apply = corrupt_static_rotate},
    [CORRUPT_ROTATE] = {"rotate", FAMILY_CAMERA, .apply = corrupt_rotate},
    [CORRUPT_JPEG] = {"jpeg", FAMILY_DIGITAL, .apply = corrupt_jpeg},
    [CORRUPT_MPEG1] = {"mpeg1", FAMILY_DIGITAL, CORRUPT_IN_VIDEO},
    [CORRUPT_MPEG2] = {"mpeg2", FAMILY_DIGITAL, CORRUPT_IN_VIDEO},
    [CORRUPT_SAMPLING] = {"sampling", FAMILY_TEMPORAL, CORRUPT_IN_TIME, .timeline = corrupt_sampling},
    [CORRUPT_REVERSE_SAMPLING] = {"reverse_sampling", FAMILY_TEMPORAL, CORRUPT_IN_TIME,
                                  .timeline = corrupt_reverse_sampling},
    [CORRUPT_JUMBLE] = {"jumble", FAMILY_TEMPORAL, CORRUPT_IN_TIME, .timeline = corrupt_jumble},
    [CORRUPT_BOX_JUMBLE] = {"box_jumble", FAMILY_TEMPORAL, CORRUPT_IN_TIME, .timeline = corrupt_box_jumble},
    [CORRUPT_FREEZE] = {"freeze", FAMILY_TEMPORAL, CORRUPT_IN_TIME, .timeline = corrupt_freeze},
};

const char *corrupt_name(CorruptKind kind) {
    return rows[kind].name;
}

CorruptFamily corrupt_family(CorruptKind kind) {
    return rows[kind].family;
}

const char *corrupt_family_name(CorruptFamily family) {
    static const char *const names[FAMILY_COUNT] = {"noise", "blur", "camera motion", "digital", "temporal"};
    return names[family];
}

static CorruptPlace own_place(CorruptKind kind) {
    return rows[kind].place;
}

/* The program of the stored sets works on files of whole videos, whatever the corruption. */
CorruptPlace corrupt_place(const Corruption *corruption) {
    return corruption->generator == CORRUPT_STORED ? CORRUPT_IN_VIDEO : own_place(corruption->kind);
}

/* ---- lists ---- */

#define STILL_OF_BOTH                                                                                                  \
    "gaussian_noise,shot_noise,impulse_noise,speckle_noise,defocus_blur,translate,static_rotate,rotate,jpeg"
#define TEMPORAL     ",sampling,reverse_sampling,jumble,box_jumble,freeze"
#define ONLY_UCF101P ",motion_blur,zoom_blur,mpeg1,mpeg2"

static const struct {
    const char *name, *kinds;
} presets[] = {
    {"paper14", STILL_OF_BOTH ONLY_UCF101P ",glass_blur"},
    {"readme14", STILL_OF_BOTH TEMPORAL},
    {"ucf101p", STILL_OF_BOTH ONLY_UCF101P TEMPORAL},
    {"all", STILL_OF_BOTH ONLY_UCF101P TEMPORAL ",glass_blur"},
};
enum { N_PRESETS = sizeof presets / sizeof *presets };

/* With the nearest name there is, a preset or a corruption. */
static Err raise_unknown(const char *name) {
    const char *names[CORRUPT_COUNT + N_PRESETS + 1] = {0};
    for (int i = 0; i < CORRUPT_COUNT; i++) names[i] = rows[i].name;
    for (int i = 0; i < N_PRESETS; i++) names[CORRUPT_COUNT + i] = presets[i].name;
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "corruptions: no corruption or preset is called \"%s\"%s%s%s", name,
                 nearest ? "; did you mean " : " (`synvid robust --help` lists them)", nearest ? nearest : "",
                 nearest ? "?" : "");
}

/* Marks the kinds of a list without presets; a preset at the outer level marks its own. */
static Err mark_kinds(bool chosen[CORRUPT_COUNT], const char *text, bool presets_allowed);

static Err mark_kind(bool chosen[CORRUPT_COUNT], const char *name, bool presets_allowed) {
    for (int i = 0; i < CORRUPT_COUNT; i++)
        if (text_equal(name, rows[i].name)) {
            chosen[i] = true;
            return ERR_NONE;
        }
    for (int i = 0; presets_allowed && i < N_PRESETS; i++)
        if (text_equal(name, presets[i].name)) return mark_kinds(chosen, presets[i].kinds, false);
    return raise_unknown(name);
}

/* Names between commas; an empty one is unknown like any other. */
static Err mark_kinds(bool chosen[CORRUPT_COUNT], const char *text, bool presets_allowed) {
    for (const char *at = text;; at++) {
        char name[NAME_SIZE];
        size_t length = strcspn(at, ",");
        TRY(text_format(name, sizeof name, "%.*s", (int)length, at));
        TRY(mark_kind(chosen, name, presets_allowed));
        at += length;
        if (!*at) return ERR_NONE;
    }
}

/* In the order of the enumeration and each once, however they are named. */
Err corrupt_list_parse(CorruptList *list, const char *text) {
    bool chosen[CORRUPT_COUNT] = {false};
    *list = (CorruptList){0};
    TRY(mark_kinds(chosen, text, true));
    for (int i = 0; i < CORRUPT_COUNT; i++)
        if (chosen[i]) list->kinds[list->count++] = (CorruptKind)i;
    return ERR_NONE;
}

/* ---- streams ---- */

/* The object of the stream in 32 bits: kind 5, severity 3, clip 7, crop 7, frame 10. */
Rng corrupt_stream(const Corruption *c, CorruptPart part, int frame) {
    ASSERT(c->severity >= 1 && c->severity <= CORRUPT_SEVERITIES && frame < CORRUPT_MAX_FRAMES);
    ASSERT(part.clip >= 0 && part.clip < CORRUPT_MAX_CLIPS && part.crop >= 0 && part.crop < CORRUPT_MAX_CROPS);
    uint32_t object = (uint32_t)c->kind << 27 | (uint32_t)c->severity << 24 | (uint32_t)part.clip << 17 |
                      (uint32_t)part.crop << 10 | (uint32_t)frame;
    return rng_stream(c->seed, RNG_CORRUPT, (uint64_t)part.video, object);
}

Err corrupt_no_memory(const CorruptFrame *frame) {
    return RAISE(ERR_MEMORY, "no memory to corrupt a frame of %d x %d pixels", frame->width, frame->height);
}

/* A stream a frame; corruptions that do the same to all frames of a clip have one. */
Err corrupt_view(Frames *frames, const Corruption *corruption, CorruptPart part) {
    const Row *row = &rows[corruption->kind];
    ASSERT(row->apply);
    for (int i = 0; i < frames->n_frames; i++) {
        CorruptFrame frame = {.rgb = frames_at(frames, i),
                              .height = frames->height,
                              .width = frames->width,
                              .severity = corruption->severity,
                              .stored = corruption->generator == CORRUPT_STORED,
                              .scale = corruption->scale,
                              .rng = corrupt_stream(corruption, part, row->whole_clip ? 0 : i % CORRUPT_MAX_FRAMES)};
        TRY(row->apply(&frame));
    }
    return ERR_NONE;
}

/* One stream a video: which frames are taken is drawn once for all of its views. */
Err corrupt_time(int *entries, int *count, const Corruption *corruption, int64_t video) {
    const Row *row = &rows[corruption->kind];
    ASSERT(row->timeline && *count > 0);
    Rng rng = corrupt_stream(corruption, (CorruptPart){.video = video}, 0);
    return row->timeline(entries, count, corruption->severity, &rng);
}
