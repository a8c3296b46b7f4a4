/* What is this? In words for anything that synvid or its users have on disk, and in pictures for whatever holds frames.
 * A name that is no path is looked for among the configurations, so a variant can be seen without being generated. */
#include "base/system/file.h"
#include "base/system/log.h"
#include "cli/inspect/inspect.h"
#include "cli/stage/cmd.h"
#include "store/data/dataset.h"
#include "store/hdf5/describe.h"
#include "video/media/encode.h"
#include "video/media/sheet.h"

#include <omp.h>

typedef struct {
    const char *sheet, *mp4, *split, *gallery, *media;
    ArgList clips, pools;
    int64_t rows, columns, cell, seed;
    bool config, help;
} InspectArgs;

static const Option inspect_options[] = {
    OPTION_FLAG("config", 0, offsetof(InspectArgs, config), "print the configuration that made it, as JSON"),
    OPTION_FLAG("help", 'h', offsetof(InspectArgs, help), "show this help"),
    {.name = "sheet",
     .value = "FILE.png",
     .kind = OPTION_IS_TEXT,
     .offset = offsetof(InspectArgs, sheet),
     .group = "Pictures",
     .help = "write a contact sheet: rows of clips, columns of frames"},
    OPTION_TEXT("mp4", 0, "FILE.mp4", offsetof(InspectArgs, mp4), "write one clip as a video (the first, or --clip)"),
    OPTION_TEXT("gallery", 0, "FILE.html", offsetof(InspectArgs, gallery),
                "write a page that shows all datasets of the paper; takes no PATH"),
    OPTION_TEXT("media", 0, "DIR", offsetof(InspectArgs, media),
                "what the gallery draws from: images.h5, statistical.h5, stylegan.h5, stylegan-videos, videos; what is "
                "missing is made there, small (default: all, in a temporary folder)"),
    OPTION_LIST("clip", 0, "N", offsetof(InspectArgs, clips),
                "which video, counted from 0; may repeat (default: spread evenly)"),
    OPTION_INT("rows", 0, "N", offsetof(InspectArgs, rows), "clips on the sheet (default 6)"),
    OPTION_INT("columns", 0, "N", offsetof(InspectArgs, columns), "frames of each clip (default 8)"),
    OPTION_INT("cell", 0, "PIXELS", offsetof(InspectArgs, cell), "height of a frame on the sheet (default 112)"),
    OPTION_LIST("pool", 0, "PATHS", offsetof(InspectArgs, pools),
                "images or videos that a variant draws from; may repeat"),
    OPTION_TEXT("split", 0, "NAME", offsetof(InspectArgs, split), "of a stand-in variant: train or test"),
    OPTION_INT("seed", 's', "N", offsetof(InspectArgs, seed), "of a variant (default 1)"),
    OPTION_END,
};

static const Option *const inspect_tables[] = {inspect_options, NULL};

static const CommandHelp inspect_help = {
    .name = "inspect",
    .summary = "describe a file or folder; contact sheets and previews",
    .usage = "inspect PATH... [options]\n       inspect --gallery FILE.html [--media DIR] [--seed N]",
    .description =
        "Says what a path is and what is in it: datasets, shards, pools, checkpoints, runs, results, curves, "
        "configurations, videos, images, HDF5 files of other programs, and their weights (safetensors, torch, npz). "
        "With --sheet or --mp4 it shows the "
        "pictures: of a dataset, shard, pool, video or image, or of a variant that need not be generated.",
    .examples = "  synvid inspect data/moving-circles\n"
                "  synvid inspect data/moving-circles --sheet sheet.png\n"
                "  synvid inspect variants/accelerating-shapes --sheet sheet.png --rows 3\n"
                "  synvid inspect data/moving-circles --clip 3 --mp4 clip.mp4\n"
                "  synvid inspect --gallery gallery.html\n",
    .options = inspect_tables,
};

enum { ROWS_MAX = 100, COLUMNS_MAX = 100, CELL_MAX = 2048 };

/* ---- pictures ---- */

static Err parse_clip(int64_t *clip, const char *text, const ClipSource *source) {
    char *end;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || number < 0 || number >= source->count)
        return RAISE(ERR_USAGE, "--clip: \"%.40s\" is not one of the %lld videos, 0 to %lld", text,
                     (long long)source->count, (long long)source->count - 1);
    *clip = number;
    return ERR_NONE;
}

/* The clips asked for, or `rows` of them spread over the source; those of a variant are its first. */
static Err choose_clips(int64_t clips[ROWS_MAX], int *n_clips, const InspectArgs *args, const ClipSource *source) {
    *n_clips = args->clips.count;
    for (int i = 0; i < args->clips.count; i++) TRY(parse_clip(&clips[i], args->clips.items[i], source));
    if (*n_clips) return ERR_NONE;
    *n_clips = (int)(source->count < args->rows ? source->count : args->rows);
    /* a variant on the fly has a million videos: its first are as good as any */
    bool endless = text_equal(source->ops->kind, "variant");
    for (int i = 0; i < *n_clips; i++) clips[i] = endless ? i : i * source->count / *n_clips;
    return ERR_NONE;
}

/* `wanted` frames spread over the clip with both ends; all of them if there are fewer. */
static Err read_spread(Frames *out, const ClipSource *source, int64_t clip, const VideoInfo *info, int wanted) {
    int n = info->n_frames < wanted ? info->n_frames : wanted;
    int *numbers = malloc((size_t)n * sizeof *numbers);
    if (!numbers) return RAISE(ERR_MEMORY, "no memory for %d frames", n);
    for (int i = 0; i < n; i++) numbers[i] = n > 1 ? (int)((int64_t)i * (info->n_frames - 1) / (n - 1)) : 0;
    Err err = clip_source_read(source, 0, clip, numbers, n, out);
    free(numbers);
    return err;
}

static const char *class_name(const ClipSource *source, int label) {
    return label >= 0 && label < source->n_classes && source->class_names ? source->class_names[label] : "";
}

static void caption_text(char *out, size_t size, const ClipSource *source, int64_t clip, const VideoInfo *info) {
    const char *name = class_name(source, info->label);
    snprintf(out, size, "%lld: %d frames%s%s", (long long)clip, info->n_frames, *name ? ", " : "", name);
}

typedef struct {
    Frames frames[ROWS_MAX];
    char captions[ROWS_MAX][96];
    SheetRow rows[ROWS_MAX];
    int count;
} Sheet;

static Err fill_sheet(Sheet *sheet, const ClipSource *source, const InspectArgs *args) {
    int64_t clips[ROWS_MAX];
    int n_clips;
    TRY(choose_clips(clips, &n_clips, args, source));
    for (int i = 0; i < n_clips; i++) {
        VideoInfo info;
        /* counted before it is filled, so that a failure frees its frames */
        sheet->count = i + 1;
        TRY(clip_source_info(source, 0, clips[i], &info));
        TRY(read_spread(&sheet->frames[i], source, clips[i], &info, (int)args->columns));
        caption_text(sheet->captions[i], sizeof sheet->captions[i], source, clips[i], &info);
        sheet->rows[i] = (SheetRow){sheet->captions[i], &sheet->frames[i]};
    }
    return ERR_NONE;
}

static Err write_sheet(const ClipSource *source, const InspectArgs *args) {
    Sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet) return RAISE(ERR_MEMORY, "no memory for a contact sheet");
    Err err = fill_sheet(sheet, source, args);
    if (!err) err = sheet_write_png(args->sheet, sheet->rows, sheet->count, (int)args->columns, (int)args->cell);
    for (int i = 0; i < sheet->count; i++) frames_free(&sheet->frames[i]);
    if (!err) log_info("wrote %s: %d clips", args->sheet, sheet->count);
    free(sheet);
    return err;
}

/* All frames, at the rate and codec of a preview: for looking at, not for training. */
static Err write_mp4(const ClipSource *source, const InspectArgs *args) {
    int64_t clip = 0;
    VideoInfo info;
    Frames frames = {0};
    EncodeSettings settings = encode_preview();
    if (args->clips.count > 1) return RAISE(ERR_USAGE, "--mp4 takes one --clip");
    if (args->clips.count) TRY(parse_clip(&clip, args->clips.items[0], source));
    TRY(clip_source_info(source, 0, clip, &info));
    Err err = read_spread(&frames, source, clip, &info, info.n_frames);
    if (!err) err = encode_file(args->mp4, &frames, &settings);
    frames_free(&frames);
    if (!err) log_info("wrote %s: video %lld, %d frames", args->mp4, (long long)clip, info.n_frames);
    return err;
}

/* A sheet, a film, or both, of one path. */
static Err show_pictures(const PathEntry *thing, const InspectArgs *args) {
    ClipSource *source = NULL;
    char *pools = NULL;
    TRY(args_join(&pools, &args->pools));
    const FootageOptions options = {pools, args->split, (uint64_t)args->seed, (int)args->columns};
    Err err = footage_open(&source, thing, &options);
    if (!err && args->sheet) err = write_sheet(source, args);
    if (!err && args->mp4) err = write_mp4(source, args);
    clip_source_close(&source);
    free(pools);
    return err;
}

/* ---- words ---- */

/* Where it is kept: in the manifest, an attribute, or a file of its own. */
static Err print_config(const PathEntry *thing) {
    char *text = NULL, path[PATH_SIZE];
    size_t length = 0;
    if (thing->kind == PATH_DATASET) {
        Dataset dataset;
        TRY(dataset_read(&dataset, thing->path));
        fputs(dataset.config_text ? dataset.config_text : "{}\n", stdout);
        dataset_free(&dataset);
        return ERR_NONE;
    }
    if (thing->kind == PATH_HDF5) TRY(h5_root_text(&text, thing->path, "config"));
    if (thing->kind == PATH_RUN) {
        TRY(path_join(path, sizeof path, thing->path, "config.json"));
        TRY(file_read(&text, &length, path, 1 << 20));
    }
    if (!text) return RAISE(ERR_INPUT, "%s: carries no configuration", thing->path);
    printf("%s%s", text, text_ends(text, "\n") ? "" : "\n");
    free(text);
    return ERR_NONE;
}

static Err describe(const PathEntry *thing) {
    Builder out = {0};
    Err err = describe_thing(&out, thing);
    if (!err) err = builder_check(&out, "a description");
    if (!err) fputs(out.data, stdout);
    builder_free(&out);
    return err;
}

/* A path, or the name of a configuration such as variants/moving-circles. */
static Err find_thing(PathEntry *thing, const char *name) {
    char path[PATH_SIZE];
    /* what is on disk goes before a configuration of the same name */
    if (!file_exists(name) && !kind_find_config(path, sizeof path, NULL, name)) return path_entry_of(thing, path);
    return path_entry_of(thing, name);
}

static Err inspect_path(const char *path, const InspectArgs *args) {
    PathEntry thing;
    TRY(find_thing(&thing, path));
    if (args->sheet || args->mp4) return show_pictures(&thing, args);
    return args->config ? print_config(&thing) : describe(&thing);
}

/* What the tables cannot say: options that go together or not at all. */
static Err check(const InspectArgs *args, const ArgList *rest) {
    bool pictures = args->sheet || args->mp4;
    if (pictures && rest->count > 1) return RAISE(ERR_USAGE, "--sheet and --mp4 take one path");
    if (args->rows < 1 || args->rows > ROWS_MAX) return RAISE(ERR_USAGE, "--rows: outside [1, %d]", ROWS_MAX);
    if (args->columns < 1 || args->columns > COLUMNS_MAX)
        return RAISE(ERR_USAGE, "--columns: outside [1, %d]", COLUMNS_MAX);
    if (args->cell < 8 || args->cell > CELL_MAX) return RAISE(ERR_USAGE, "--cell: outside [8, %d]", CELL_MAX);
    if (args->media && !args->gallery) return RAISE(ERR_USAGE, "--media belongs to --gallery");
    if (args->seed < 0) return RAISE(ERR_USAGE, "--seed: negative");
    return ERR_NONE;
}

static Err inspect_main(int argc, char *const *argv) {
    InspectArgs args = {.rows = 6, .columns = 8, .cell = 112, .seed = 1};
    ArgList rest = {0};
    TRY(args_begin(&args, &rest, &inspect_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&inspect_help, &rest, args.gallery ? 0 : 1, args.gallery ? 0 : ARGS_LIST_MAX));
    TRY(check(&args, &rest));
    if (args.gallery) return gallery_write(args.gallery, args.media, (uint64_t)args.seed, omp_get_max_threads());
    for (int i = 0; i < rest.count; i++) {
        if (i) printf("\n");
        TRY(inspect_path(rest.items[i], &args));
    }
    return ERR_NONE;
}

const Command cmd_inspect = {.help = &inspect_help, .group = COMMAND_LOOKING, .run = inspect_main};
