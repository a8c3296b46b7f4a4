/* Everything is in gen/ingest; here are the options and their order in --help. */
#include "cli/stage/cmd.h"
#include "cli/stage/stage.h"
#include "gen/ingest/ingest.h"

static const CommandHelp help = {
    .name = "ingest",
    .summary = "decode real videos or images into a dataset or a pool",
    .usage = "ingest --input FOLDER --out DIR [options]\n"
             "       ingest --input FOLDER --as images --out POOL.h5 [options]",
    .description =
        "Reads every file below a folder that FFmpeg opens. Videos become a dataset folder of shards, cut to the "
        "square\n"
        "in their middle and resized; images become one pool file. With --labels folder each first-level sub-folder is "
        "a\n"
        "class. With --list an official list says which videos, in which order, with which classes: UCF101 and HMDB51\n"
        "splits, Kinetics csv, VideoMAE csv. Files that cannot be read are named, skipped and listed in the manifest; "
        "more than --max-bad of them "
        "end\n"
        "the command before anything is written. The same command again goes on where it was interrupted, and returns\n"
        "at once when the result is already there.",
    .examples =
        "  synvid ingest --input UCF-101 --list ucfTrainTestlist/trainlist01.txt --size 0 --storage encoded \\\n"
        "      --out data/ucf101-train\n"
        "  synvid ingest --input hmdb51_org --list testTrainMulti_7030_splits --split 1 --part test \\\n"
        "      --out data/hmdb51-test\n"
        "  synvid ingest --input UCF-101 --labels folder --out data/ucf101\n"
        "  mpirun -n 4 synvid ingest --input clips --size 128 --max-frames 64 --out data/clips\n"
        "  synvid ingest --input photos --as images --size 256 --out pools/photos.h5\n"
        "  synvid ingest --input photos --as images --fit keep --out pools/whole.h5   whole photographs\n"
        "  synvid ingest --input clips --dry-run --out data/clips      what would be read",
};

static const StageShortcut shortcuts[] = {
    {.option = "input", .key = "input", .letter = 'i', .value = "FOLDER"},
    {.option = "as", .key = "as"},
    {.option = "size", .key = "size"},
    {.option = "fit", .key = "fit"},
    {.option = "labels", .key = "label_from"},
    {.option = "list", .key = "list", .value = "FILE"},
    {.option = "list-format", .key = "list_format"},
    {.option = "classes", .key = "classes", .value = "FILE"},
    {.option = "part", .key = "part"},
    {.option = "split", .key = "split"},
    {.option = "limit", .key = "limit"},
    {.option = "max-frames", .key = "max_frames"},
    {.option = "max-bad", .key = "max_bad"},
    {.option = "storage", .key = "storage"},
    {.option = "shard-videos", .key = "shard_videos"},
    {0},
};

static Err run_all(const void *config, const Run *run) {
    return ingest_run_all(config, run);
}

static const Stage stage = {
    .help = &help,
    .fields = ingest_fields,
    .config_size = sizeof(IngestConfig),
    .config_kind = "ingest",
    .shortcuts = shortcuts,
    .needs_out = true,
    .next = "synvid inspect {out} --sheet sheet.png",
    .out_is_result = true,
    .run_all = run_all,
};

const Command cmd_ingest = {.help = &help, .group = COMMAND_CHAIN, .many_ranks = true, .stage = &stage};
