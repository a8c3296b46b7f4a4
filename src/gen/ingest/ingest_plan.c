/* What `ingest --dry-run` says: the files, and from a few of them, decoded for the purpose, how many frames there are
 * and what reading and keeping them takes. */
#include "base/system/clock.h"
#include "base/system/estimate.h"
#include "gen/ingest/internal/ingest_reader.h"
#include "gen/ingest/internal/ingest_work.h"

#include <stdio.h>

/* Files tried: spread over the list, none larger than TRIAL_BYTES. */
enum { TRIAL_FILES = 3, TRIAL_BYTES = 16 << 20, TRIAL_FRAMES = 64 };

static void print_files(const IngestList *list) {
    char bytes[32];
    for (int64_t i = 0; i < list->count; i++) {
        const char *class_name = list->labels[i] >= 0 ? list->classes.names[list->labels[i]] : "";
        bool there = list->bytes[i] >= 0;
        printf("%10s  %-16s  %s\n", there ? text_bytes(bytes, sizeof bytes, (double)list->bytes[i]) : "missing",
               class_name, list->names[i]);
    }
}

static void print_form(const IngestConfig *config, const IngestList *list) {
    if (config->size)
        printf("frames of %d x %d pixels", config->size, config->size);
    else
        printf("frames of their own sizes");
    if (list->classes.count > 0) printf(", %d classes", list->classes.count);
    if (config->as == INGEST_VIDEOS)
        printf(", at most %d videos a shard, storage %s", config->shard_videos, storage_name(ingest_storage(config)));
    printf("\n");
}

/* ---- a trial ---- */

/* Of the files that could be read. */
typedef struct {
    double bytes, frames;
    double pixels;        /* of images as they are */
    double largest;       /* image of them, pixels */
    double densest;       /* most frames a byte of one file */
    double look_seconds;  /* of the first pass over them */
    double piece_seconds; /* of the second one, a frame */
} Trial;

/* A list of one file of another; everything is borrowed. */
static IngestList list_of_one(const IngestList *list, int64_t file) {
    IngestList one = *list;
    one.names = &list->names[file];
    one.bytes = &list->bytes[file];
    one.labels = &list->labels[file];
    one.count = 1;
    return one;
}

static Err time_piece(Trial *trial, const IngestList *one, const IngestConfig *config, int n_frames) {
    IngestReader *reader;
    const Frames *clips;
    int count;
    const IngestPiece piece = {0, 0, n_frames < TRIAL_FRAMES ? n_frames : TRIAL_FRAMES};
    TRY(ingest_reader_open(&reader, one, config, 1));
    double start = clock_wall_s();
    Err err = ingest_reader_batch(&clips, &count, reader, &piece, 1);
    trial->piece_seconds += (clock_wall_s() - start) / piece.n_frames / TRIAL_FILES;
    ingest_reader_close(&reader);
    return err;
}

static Err try_file(Trial *trial, const IngestList *list, const IngestConfig *config, int64_t file) {
    const Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    IngestList one = list_of_one(list, file);
    IngestProbe *probe = NULL;
    bool images = config->as == INGEST_IMAGES;
    double start = clock_wall_s(), bytes = (double)one.bytes[0];
    Err err = ingest_probe_all(&probe, NULL, &one, config, &run);
    double seconds = clock_wall_s() - start;
    if (!err && !probe->reason[0]) {
        trial->look_seconds += seconds;
        trial->bytes += bytes;
        trial->frames += probe->n_frames;
        double pixels = (double)probe->height * probe->width;
        trial->pixels += pixels;
        if (pixels > trial->largest) trial->largest = pixels;
        if (probe->n_frames / bytes > trial->densest) trial->densest = probe->n_frames / bytes;
        if (!images && config->storage != INGEST_ENCODED) err = time_piece(trial, &one, config, probe->n_frames);
    }
    free(probe);
    return err;
}

static Err try_some(Trial *trial, const IngestList *list, const IngestConfig *config) {
    int tried = 0;
    *trial = (Trial){.bytes = 0};
    for (int64_t k = 0; k < TRIAL_FILES; k++) {
        int64_t begin = k * list->count / TRIAL_FILES, end = (k + 1) * list->count / TRIAL_FILES, file = begin;
        while (file < end && (list->bytes[file] <= 0 || list->bytes[file] > TRIAL_BYTES)) file++;
        if (file == end) continue;
        TRY(try_file(trial, list, config, file));
        tried++;
    }
    if (tried) trial->piece_seconds *= (double)TRIAL_FILES / tried;
    return ERR_NONE;
}

/* ---- what it comes to ---- */

static double memory_of(const Trial *trial, const IngestConfig *config, const IngestList *list, int64_t largest,
                        int threads) {
    bool kept = config->fit == INGEST_FIT_KEEP;
    double frame = 3.0 * (kept ? trial->largest : config->size * config->size);
    double longest = trial->densest * (double)largest;
    if (config->as == INGEST_IMAGES) return 48e6 + threads * (20e6 + frame) + 300 * (double)list->count;
    if (config->storage == INGEST_ENCODED) return 48e6 + threads * 20e6;
    if (config->max_frames > 0 && longest > config->max_frames) longest = config->max_frames;
    return 48e6 + threads * (20e6 + frame * longest);
}

static void print_needs(const Trial *trial, const IngestConfig *config, const IngestList *list, double total,
                        int64_t largest, int threads) {
    char count[32], bytes[32], duration[32];
    double frames = trial->frames / trial->bytes * total;
    double seconds = trial->look_seconds / trial->bytes * total + trial->piece_seconds * frames;
    double memory = memory_of(trial, config, list, largest, threads);
    bool as_they_are = config->as == INGEST_VIDEOS && config->storage == INGEST_ENCODED;
    bool compressed = config->as == INGEST_VIDEOS &&
                      (config->storage == INGEST_DEFLATE || config->storage == INGEST_MPEG4);
    printf("frames: about %s\n",
           text_count(count, sizeof count, config->as == INGEST_IMAGES ? list->count : (int64_t)(frames + 0.5)));
    if (config->as == INGEST_IMAGES) frames = (double)list->count;
    double stored = config->fit == INGEST_FIT_KEEP ? 3 * trial->pixels / trial->bytes * total
                                                   : frames * 3.0 * config->size * config->size;
    printf("disk: about %s%s%s\n", text_bytes(bytes, sizeof bytes, as_they_are ? total : stored),
           compressed ? " before compression" : "",
           config->as == INGEST_IMAGES ? ", and as much again until it is finished" : "");
    printf("memory: about %s a rank with %d thread%s\n", text_bytes(bytes, sizeof bytes, memory), threads,
           threads == 1 ? "" : "s");
    printf("time: about %s on one core; ranks and threads share it\n",
           text_duration(duration, sizeof duration, seconds));
    estimate_print(memory, seconds);
}

Err ingest_print_plan(const Ingest *ingest) {
    const IngestConfig *config = ingest->config;
    const IngestList *list = ingest->list;
    char bytes[32];
    int64_t total = 0, largest = 0;
    Trial trial;
    for (int64_t i = 0; i < list->count; i++) {
        if (list->bytes[i] > 0) total += list->bytes[i];
        if (list->bytes[i] > largest) largest = list->bytes[i];
    }
    print_files(list);
    printf("\nwould read %lld of %lld files (%s) in %s as %s and write %s\n",
           (long long)(list->count - ingest_list_missing(list)), (long long)list->n_found,
           text_bytes(bytes, sizeof bytes, (double)total), config->input,
           config->as == INGEST_VIDEOS ? "videos" : "images", ingest->run->out ? ingest->run->out : "--out");
    print_form(config, list);
    TRY(try_some(&trial, list, config));
    if (trial.frames > 0)
        print_needs(&trial, config, list, (double)total, largest, ingest->run->par.threads);
    else
        printf("no file of at most %d MiB could be read on trial: the number of frames is known after decoding\n",
               TRIAL_BYTES >> 20);
    return ERR_NONE;
}
