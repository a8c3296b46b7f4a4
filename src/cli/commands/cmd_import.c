/* The command line is kept as it was typed (quoted for a shell), since run.json of an imported model tells where it
 * came from by nothing else. */
#include "cli/stage/cmd.h"
#include "eval/import/import.h"
#include "run/protocol.h"

typedef struct {
    const char *out, *name, *group, *trained_by;
    int64_t image_size, frames, heads, decoder_heads;
    bool help;
} ImportArgs;

static const Option options[] = {
    OPTION_TEXT("out", 'o', "RUN", offsetof(ImportArgs, out), "run folder to make"),
    OPTION_TEXT("name", 0, "NAME", offsetof(ImportArgs, name), "how results call the weights (default: as the file)"),
    OPTION_TEXT("group", 0, "GROUP", offsetof(ImportArgs, group),
                "which of several models in the file: what stands in front of its names, \"model.\""),
    OPTION_TEXT(
        "trained-by", 0, "videomae", offsetof(ImportArgs, trained_by),
        "who published the weights, as you state it: results made from VideoMAE's own count as the paper's upper "
        "bounds (default: unknown, which is a deviation)"),
    OPTION_INT("image-size", 0, "N", offsetof(ImportArgs, image_size), "side of a frame, pixels"),
    OPTION_INT("frames", 0, "N", offsetof(ImportArgs, frames), "frames a clip"),
    OPTION_INT("heads", 0, "N", offsetof(ImportArgs, heads), "attention heads of the encoder"),
    OPTION_INT("decoder-heads", 0, "N", offsetof(ImportArgs, decoder_heads), "attention heads of the decoder"),
    OPTION_FLAG("help", 'h', offsetof(ImportArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const tables[] = {options, NULL};

static const CommandHelp help = {
    .name = "import",
    .summary = "make a run folder of weights that another program trained",
    .usage = "import FILE|FOLDER --out RUN [options]",
    .description =
        "Reads a VideoMAE from an official checkpoint (.pth, of pre-training or fine-tuning), from a folder of\n"
        "Hugging Face transformers, or from any weight file with the names of either, and writes a run folder that\n"
        "finetune, probe, analyze and export take like one of ours. Pickles are parsed, never executed.\n"
        "\n"
        "The architecture follows from the tensors. Heads, frame size and clip length come from config.json beside\n"
        "them, from the options, or are those of published models, which is said. Tensors that are missing, of\n"
        "another shape, or no part of the model are listed, and nothing is written.",
    .examples = "  synvid import checkpoint.pth --out runs/official\n"
                "  synvid import videomae-base/ --out runs/videomae-base --name videomae-base-k400\n"
                "  synvid probe --checkpoint runs/official --train data/train --test data/test --out runs\n",
    .options = tables,
};

/* 0: not given. */
static Err check_size(int *out, int64_t value, const char *option) {
    *out = (int)value;
    if (value >= 0 && value <= 8192) return ERR_NONE;
    return RAISE(ERR_USAGE, "--%s: %lld, a number from 1 to 8192 expected", option, (long long)value);
}

static Err run(int argc, char *const *argv) {
    ImportArgs args = {0};
    ArgList rest = {0};
    char *command = NULL;
    TRY(args_begin(&args, &rest, &help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&help, &rest, 1, 1));
    if (!args.out) return RAISE(ERR_USAGE, "--out RUN is missing: where should the run folder be?");
    if (args.trained_by && !text_equal(args.trained_by, PROTOCOL_VIDEOMAE))
        return RAISE(ERR_USAGE, "--trained-by %.40s: only %s is known; leave it out for other weights", args.trained_by,
                     PROTOCOL_VIDEOMAE);
    ImportOptions how = {.group = args.group, .name = args.name, .trained_by = args.trained_by};
    TRY(check_size(&how.image_size, args.image_size, "image-size"));
    TRY(check_size(&how.n_frames, args.frames, "frames"));
    TRY(check_size(&how.heads, args.heads, "heads"));
    TRY(check_size(&how.decoder_heads, args.decoder_heads, "decoder-heads"));
    TRY(command_text(&command, help.name, argc, argv));
    how.command = command;
    Err err = import_weights(rest.items[0], args.out, &how);
    free(command);
    if (!err) printf("%s\n", args.out);
    return err;
}

const Command cmd_import = {.help = &help, .group = COMMAND_PLUMBING, .run = run};
