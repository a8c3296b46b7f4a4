#include "gen/ingest/ingest_config.h"

#include "gen/ingest/internal/video_list.h"

const Field ingest_fields[] = {
    {FIELD_AT_(IngestConfig, input), .help = "folder of videos or images, searched recursively",
     .type = FIELD_TYPE_TEXT, .text = "", .flags = FIELD_COSMETIC | FIELD_REQUIRED},
    FIELD_ENUM(IngestConfig, as, "what to make: a dataset of videos, or a pool of images", INGEST_VIDEOS,
               "videos|images"),
    FIELD_INT(IngestConfig, size,
              "side of the square frames or images, pixels; 0: whole frames (storage encoded), whole images (fit keep)",
              256, 0, 4096),
    /* Enters the plan of what is written when it is not the first (gen/ingest/ingest_list). */
    FIELD_ENUM(
        IngestConfig, fit,
        "images: square: the largest square in the middle, antialiased; stretch: the whole picture, nearest "
        "neighbor, as the released program (with size 512); keep: the whole picture at its own size, without size",
        INGEST_FIT_SQUARE, "square|stretch|keep", .flags = FIELD_COSMETIC),
    FIELD_INT(IngestConfig, max_frames, "videos: longer ones are cut into equal pieces of at most this; 0: kept whole",
              0, 0, 1e6),
    FIELD_INT64(IngestConfig, limit, "read a reproducible random subset of so many files; 0: all", 0, 0, 1e9),
    FIELD_DOUBLE(IngestConfig, max_bad, "share of unreadable files that is tolerated", 0.1, 0, 1),
    FIELD_INT(IngestConfig, shard_videos, "videos a shard: the unit of work of a rank", 64, 1, 65536),
    FIELD_ENUM(IngestConfig, storage,
               "videos: how frames are kept; encoded: the files as they are, decoded, cut and resized on reading",
               INGEST_RAW, "raw|deflate|mpeg4|encoded"),
    FIELD_ENUM(IngestConfig, label_from, "videos: classes from the first-level sub-folders, or none", INGEST_LABEL_NONE,
               "none|folder"),
    FIELD_PATH(IngestConfig, list,
               "official list of labelled videos (UCF101, HMDB51: a folder, Kinetics, VideoMAE); empty: all files", ""),
    FIELD_ENUM(IngestConfig, list_format, "what kind of list; auto: from its name and first line", VIDEO_LIST_AUTO,
               LIST_FORMAT_NAMES),
    FIELD_PATH(IngestConfig, classes, "file of class names in order; empty: as the list's format says", ""),
    FIELD_ENUM(IngestConfig, part, "lists that hold several parts (HMDB51, Kinetics): which", LIST_PART_AUTO,
               LIST_PART_NAMES),
    FIELD_INT(IngestConfig, split, "HMDB51: which of the three splits", 1, 1, 3),
    FIELD_END,
};

const char *ingest_fit_name(const IngestConfig *config) {
    static const char *const names[] = {"square", "stretch", "keep"};
    return names[config->fit];
}

CHECKED Err ingest_path(char *out, size_t size, const IngestConfig *config, const char *name) {
    return name[0] == '/' ? text_copy(out, size, name) : path_join(out, size, config->input, name);
}
