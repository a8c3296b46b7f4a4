/* A dataset that a task reads is nearly always made by an earlier task of the sweep, so its sizes follow from that
 * task's settings. Files from outside are counted where they are there; where they are not, the official sizes stand
 * in. */
#include "cli/sweep/sweep.h"

#include "gen/dataset/generate.h"
#include "gen/ingest/ingest_list.h"
#include "gen/textures/textures.h"

#include <math.h>
#include <stdlib.h>

/* Bytes and frames are of the usual copies, to two digits. Ordered so that `official_of` falls back on UCF101. */
static const struct {
    const char *task; /* that makes it */
    SweepSet set;
} official[] = {
    {"ucf101-train", {9537, 186, 320.0 * 240, 4.7e9, 101}},
    {"ucf101-test", {3783, 186, 320.0 * 240, 1.9e9, 101}},
    {"hmdb51-train", {3570, 95, 320.0 * 240, 1.1e9, 51}},
    {"hmdb51-test", {1530, 95, 320.0 * 240, 0.5e9, 51}},
    {"kinetics400-train", {240000, 260, 340.0 * 256, 3.5e11, 400}},
    {"kinetics400-val", {20000, 260, 340.0 * 256, 3e10, 400}},
};
enum { N_OFFICIAL = sizeof official / sizeof official[0] };
/* ImageNet's training images: their number, and the pixels and bytes of one on average. */
static const SweepSet imagenet = {1281167, 1, 469.0 * 387, 1.4e11, 0};
/* bytes of a frame of compressed video whose length nobody has looked up: UCF101 and Kinetics have 2.7 and 5.6 kB */
static const double frame_bytes = 4e3;

/* By the name of the task that makes it, which is in the path; the first (UCF101) where it says nothing. */
static const SweepSet *official_of(const char *path) {
    for (int i = 0; i < N_OFFICIAL; i++)
        if (strstr(path, official[i].task)) return &official[i].set;
    return &official[0].set;
}

static bool is_official(const char *path) {
    return official_of(path) != &official[0].set || strstr(path, official[0].task);
}

const SweepTask *sweep_maker(const SweepPlan *plan, const char *path) {
    static const char opening[] = "{made:";
    char name[NAME_SIZE];
    const char *start = strstr(path, opening), *end = start ? strchr(start, '}') : NULL;
    if (!end) return NULL;
    start += sizeof opening - 1;
    if (text_format(name, sizeof name, "%.*s", (int)(end - start), start)) return NULL;
    int task = sweep_plan_find(plan, name);
    return task < 0 ? NULL : &plan->tasks[task];
}

static Err generated(SweepSet *set, const GenerateConfig *config) {
    Variant *variant = NULL;
    const Par alone = par_serial(1);
    TRY(generate_variant_all(&variant, config, &alone));
    double side = variant_size(variant);
    *set = (SweepSet){.videos = (double)config->videos,
                      .frames = variant_mean_frames(variant),
                      .pixels = side * side,
                      .classes = variant_n_classes(variant)};
    set->bytes = set->videos * set->frames * set->pixels * 3;
    variant_free(&variant);
    return ERR_NONE;
}

/* What lies in the folder, or nothing: a plan is made before the inputs are there, too. */
static bool found(SweepSet *set, const IngestConfig *config) {
    const Par alone = par_serial(1);
    IngestList list;
    if (ingest_list_all(&list, config, 1, &alone)) return false;
    *set = (SweepSet){.classes = list.classes.count};
    for (int64_t i = 0; i < list.count; i++)
        if (list.bytes[i] >= 0) {
            set->videos++;
            set->bytes += (double)list.bytes[i];
        }
    ingest_list_free(&list);
    return set->videos > 0;
}

static Err ingested(SweepSet *set, const IngestConfig *config, const char *task) {
    bool images = config->as == INGEST_IMAGES;
    const SweepSet *usual = images ? &imagenet : official_of(task);
    SweepSet there = {.classes = usual->classes};
    if (found(&there, config)) {
        /* official videos have the length of their kind, all others are known by their bytes alone */
        there.frames = images ? 1 : is_official(task) ? usual->frames : there.bytes / frame_bytes / there.videos;
    } else if (images ? config->limit > 0 : is_official(task)) {
        double share = config->limit ? fmin(1, (double)config->limit / usual->videos) : 1;
        there = *usual;
        there.videos *= share;
        there.bytes *= share;
    } /* else nobody knows: it costs nothing, and is among the missing inputs that a plan ends with */
    there.pixels = usual->pixels;
    if (config->size && config->fit != INGEST_FIT_KEEP) there.pixels = (double)config->size * config->size;
    if (!images && config->max_frames && there.frames > config->max_frames) { /* cut into pieces */
        there.videos *= there.frames / config->max_frames;
        there.frames = config->max_frames;
    }
    *set = there;
    return ERR_NONE;
}

static Err made_by(SweepSet *set, const SweepTask *task) {
    const char *command = task->arguments[0];
    void *config = NULL;
    *set = *official_of(task->name);
    if (!sweep_stage_of(task)) return ERR_NONE;
    TRY(err_within(sweep_stage_config(&config, NULL, task), "%s: ", task->name));
    Err err = ERR_NONE;
    if (text_equal(command, "generate")) {
        err = generated(set, config);
    } else if (text_equal(command, "ingest")) {
        err = ingested(set, config, task->name);
    } else if (text_equal(command, "textures")) {
        const TexturesConfig *textures = config;
        *set = (SweepSet){(double)textures->images, 1, (double)textures->size * textures->size, 0, 0};
        set->bytes = set->videos * set->pixels * 3;
    }
    free(config);
    return err;
}

CHECKED Err sweep_sets_new(SweepSets *sets, const SweepPlan *plan) {
    *sets = (SweepSets){.plan = plan, .of_task = calloc((size_t)plan->n_tasks + 1, sizeof(SweepSet *))};
    return sets->of_task ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory for the sizes of its datasets", plan->name);
}

void sweep_sets_free(SweepSets *sets) {
    for (int i = 0; sets->of_task && i < sets->plan->n_tasks; i++) free(sets->of_task[i]);
    free(sets->of_task);
    *sets = (SweepSets){0};
}

/* A list of a quarter of a million videos is read once, though dozens of tasks are about it. */
CHECKED Err sweep_set_of_task(SweepSet *set, SweepSets *sets, const SweepTask *task) {
    SweepSet **known = &sets->of_task[task - sets->plan->tasks];
    if (!*known) {
        TRY(made_by(set, task));
        *known = malloc(sizeof **known);
        if (!*known) return RAISE(ERR_MEMORY, "%s: no memory for its size", task->name);
        **known = *set;
    }
    *set = **known;
    return ERR_NONE;
}

CHECKED Err sweep_set_of(SweepSet *set, SweepSets *sets, const char *path) {
    const SweepTask *maker = sweep_maker(sets->plan, path);
    if (maker) return sweep_set_of_task(set, sets, maker);
    *set = *official_of(path);
    return ERR_NONE;
}
