/* Every path is verified even after one has failed, so that a single pass over a disk tells all that is wrong. The exit
 * code is that of the first failure. */
#include "base/system/log.h"
#include "base/system/walk.h"
#include "base/text/escape.h"
#include "cli/inspect/inspect.h"
#include "cli/stage/cmd.h"
#include "store/checkpoint/checkpoint.h"
#include "store/data/dataset.h"
#include "store/data/featurecache.h"
#include "store/data/pool.h"
#include "store/data/shard.h"
#include "store/hdf5/describe.h"

typedef struct {
    bool help;
} VerifyArgs;

static const Option verify_options[] = {
    OPTION_FLAG("help", 'h', offsetof(VerifyArgs, help), "show this help"),
    OPTION_END,
};

static const Option *const verify_tables[] = {verify_options, NULL};

static const CommandHelp verify_help = {
    .name = "verify",
    .summary = "recompute digests of datasets, pools, checkpoints and features",
    .usage = "verify PATH...",
    .description =
        "Reads everything and prints a line `digest  path` for each dataset, shard, pool and checkpoint whose contents "
        "are what was written. A dataset's digest depends on its settings and seed only: not on ranks, threads, "
        "interruptions or the storage of the frames. In other folders, everything that carries a digest is "
        "verified.\n\n"
        "Exit code 3 when something is missing, damaged or changed; the message names it.",
    .examples = "  synvid verify data/moving-circles\n"
                "  synvid verify data/ runs/\n",
    .options = verify_tables,
};

/* How many were looked at, and the first that failed. */
typedef struct {
    int verified, failed;
    Err first;
    char message[1024];
} Tally;

/* A line for what is whole, at once: verifying terabytes takes hours. Failures after the first are warnings. */
static void count(Tally *tally, Err err, const char *path, const char *digest) {
    if (!err) {
        Builder line = {0};
        escape_line(&line, path);
        printf("%s  %s\n", digest, line.data ? line.data : "");
        fflush(stdout);
        builder_free(&line);
        tally->verified++;
        return;
    }
    if (tally->failed++ == 0) {
        tally->first = err;
        snprintf(tally->message, sizeof tally->message, "%s", err_message());
    } else {
        log_warn("%s", err_message());
    }
}

/* A shard carries its digest, as the manifest of its dataset does. */
static Err verify_shard(const char *path, char digest[DIGEST_SIZE]) {
    char *written = NULL;
    TRY(shard_digest(path, digest));
    TRY(h5_root_text(&written, path, "digest"));
    bool same = written && text_equal(written, digest);
    Err err = same ? ERR_NONE
                   : RAISE(ERR_INPUT, "%s: its contents have digest %s, the file says %s", path, digest,
                           written ? written : "none");
    free(written);
    return err;
}

static bool carries_digest(const PathEntry *thing) {
    return text_equal(thing->schema, "synvid.shard") || text_equal(thing->schema, "synvid.pool") ||
           text_equal(thing->schema, "synvid.checkpoint") || text_equal(thing->schema, "synvid.features");
}

static Err verify_one(const PathEntry *thing, char digest[DIGEST_SIZE]) {
    if (thing->kind == PATH_DATASET) return dataset_verify(thing->path, digest);
    if (text_equal(thing->schema, "synvid.shard")) return verify_shard(thing->path, digest);
    if (text_equal(thing->schema, "synvid.pool")) return pool_verify(thing->path, digest);
    if (text_equal(thing->schema, "synvid.checkpoint")) return checkpoint_file_verify(thing->path, digest);
    if (text_equal(thing->schema, "synvid.features")) return featurecache_verify(thing->path, digest);
    return RAISE(ERR_INPUT, "%s: carries no digest; datasets, shards, pools, checkpoints and kept features do",
                 thing->path);
}

/* A file inside a dataset is part of that dataset's verification. */
static bool inside_dataset(const char *folder, const char *relative) {
    char path[PATH_SIZE], parent[PATH_SIZE], manifest[PATH_SIZE];
    return !path_join(path, sizeof path, folder, relative) && !path_parent(parent, sizeof parent, path) &&
           !path_join(manifest, sizeof manifest, parent, "dataset.json") && file_exists(manifest);
}

/* Goes on after a failure: who verifies an archive wants to know of all that is damaged. */
static Err verify_folder(Tally *tally, const char *folder) {
    FileList list;
    TRY(walk_files(&list, folder));
    for (size_t i = 0; i < list.count; i++) {
        const char *relative = list.paths[i];
        char path[PATH_SIZE], digest[DIGEST_SIZE] = "";
        PathEntry thing;
        bool manifest = text_equal(path_base(relative), "dataset.json");
        /* files of other programs carry no digest of ours */
        if (!manifest && (!text_ends(relative, ".h5") || inside_dataset(folder, relative))) continue;
        Err err = path_join(path, sizeof path, folder, relative);
        if (!err) err = path_entry_of(&thing, path);
        if (!err && !manifest && !carries_digest(&thing)) continue;
        if (!err) err = verify_one(&thing, digest);
        count(tally, err, err ? path : thing.path, digest);
    }
    file_list_free(&list);
    return ERR_NONE;
}

static void verify_path(Tally *tally, const char *path) {
    PathEntry thing;
    char digest[DIGEST_SIZE] = "";
    int before = tally->verified + tally->failed; /* a folder in which nothing was checked must not look verified */
    Err err = path_entry_of(&thing, path);
    if (!err && (thing.kind == PATH_FOLDER || thing.kind == PATH_RUN)) {
        err = verify_folder(tally, thing.path);
        if (!err && tally->verified + tally->failed == before)
            err = RAISE(ERR_INPUT, "%s: nothing in this folder carries a digest", path);
        if (err) count(tally, err, path, digest);
        return;
    }
    if (!err) err = verify_one(&thing, digest);
    count(tally, err, thing.path, digest);
}

static Err verify_main(int argc, char *const *argv) {
    VerifyArgs args = {0};
    ArgList rest = {0};
    TRY(args_begin(&args, &rest, &verify_help, argc, argv));
    if (args.help) return ERR_NONE;
    TRY(args_expect(&verify_help, &rest, 1, ARGS_LIST_MAX));
    Tally tally = {0};
    for (int i = 0; i < rest.count; i++) verify_path(&tally, rest.items[i]);
    if (tally.failed > 1)
        return RAISE(tally.first, "%d of %d failed; the first: %s", tally.failed, tally.failed + tally.verified,
                     tally.message);
    return tally.failed ? RAISE(tally.first, "%s", tally.message) : ERR_NONE;
}

const Command cmd_verify = {.help = &verify_help, .group = COMMAND_LOOKING, .run = verify_main};
