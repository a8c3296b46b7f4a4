/* One life for all stages: options, configuration, ranks, announcement, task, exit. The configuration is resolved on
 * rank 0 alone and travels as text, so that a file that only one node sees differently cannot make ranks differ. */
#include "cli/stage/stage.h"

#include "api/open_source.h"
#include "base/config/config.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "base/text/escape.h"
#include "cli/stage/cmd.h"
#include "cli/sweep/sweep.h"
#include "par/agree.h"
#include "par/spread.h"

#include <unistd.h>

/* ---- the configuration, the same text on every rank ---- */

Err stage_settings(char **text, const StageArgs *args, const Stage *stage) {
    char path[PATH_SIZE];
    char **sets = NULL;
    int n_sets = 0;
    if (args->config) TRY(err_within(config_find(path, sizeof path, stage->config_kind, args->config), "--config: "));
    TRY(stage_args_sets(&sets, &n_sets, args, stage));
    Err err = config_resolve(text, stage->fields, args->config ? path : NULL, (const char *const *)sets, n_sets);
    stage_args_sets_free(sets, n_sets);
    return err;
}

/* *original: what a rehearsal made smaller; left alone otherwise. */
static Err resolve(char **text, char **original, const StageArgs *args, const Stage *stage) {
    TRY(stage_settings(text, args, stage));
    if (!args->rehearsal) return ERR_NONE;
    return err_within(rehearse(text, original, args->rehearsal, stage->help->name, stage->fields), "--rehearsal: ");
}

/* Only rank 0 looks at files, so only its message counts, and it needs no rank in front. */
static Err resolve_all(char **text, char **original, const StageArgs *args, const Stage *stage, const Par *par) {
    Err err = par->rank == 0 ? resolve(text, original, args, stage) : ERR_NONE;
    /* the code travels, the message stays on rank 0, which prints it */
    err = (Err)agree_rank0_all(err, par, "the configuration");
    if (!err) err = spread_text_all(text, par);
    return err || !args->rehearsal ? err : spread_text_all(original, par);
}

static Err parse_all(void **config, const char *text, const Stage *stage, const Par *par) {
    *config = calloc(1, stage->config_size);
    Err err = *config ? config_parse(*config, stage->fields, text, "resolved configuration")
                      : RAISE(ERR_MEMORY, "no memory for the configuration");
    return err_agree_all(err, par, "reading the configuration");
}

/* ---- what a run says first ---- */

Err command_text(char **text, const char *name, int argc, char *const *argv) {
    Builder out = {0};
    builder_add(&out, "synvid %s", name);
    for (int i = 0; i < argc; i++) {
        builder_add_text(&out, " ");
        escape_shell(&out, argv[i]);
    }
    Err err = builder_check(&out, "the command line");
    if (err) builder_free(&out);
    *text = out.data;
    return err;
}

enum { HOST_SIZE = 64 };

/* "node1, node2 and 6 more": each host once, in the order of ranks. */
static void hosts_text(Builder *out, const char *hosts, int n_ranks) {
    enum { SHOWN = 4 };
    int distinct = 0;
    for (int rank = 0; rank < n_ranks; rank++) {
        bool seen = false;
        for (int other = 0; other < rank && !seen; other++)
            seen = text_equal(hosts + (size_t)rank * HOST_SIZE, hosts + (size_t)other * HOST_SIZE);
        if (seen) continue;
        if (distinct < SHOWN) builder_add(out, "%s%s", distinct ? ", " : "", hosts + (size_t)rank * HOST_SIZE);
        distinct++;
    }
    if (distinct > SHOWN) builder_add(out, " and %d more", distinct - SHOWN);
}

static Err announce_all(const Run *run) {
    char mine[HOST_SIZE] = "";
    void *hosts = NULL;
    size_t bytes = 0;
    (void)gethostname(mine, sizeof mine - 1);
    TRY(gather_bytes_all(&hosts, &bytes, mine, sizeof mine, &run->par));
    Builder where = {0};
    hosts_text(&where, hosts, run->par.n_ranks);
    log_info("synvid %s: %s", SYNVID_VERSION, run->command);
    log_info("%d %s x %d %s on %s, seed %llu%s%s", run->par.n_ranks, run->par.n_ranks == 1 ? "rank" : "ranks",
             run->par.threads, run->par.threads == 1 ? "thread" : "threads", where.data ? where.data : "?",
             (unsigned long long)run->seed, run->out ? ", output in " : "", run->out ? run->out : "");
    builder_free(&where);
    free(hosts);
    return ERR_NONE;
}

/* Lists are put together from the configuration and the command line: what came out is told. */
static void tell_lists(const void *config, const Field *fields, const char *path) {
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        char key[128];
        const void *at = (const char *)config + field->offset;
        field_path(key, sizeof key, path, field->key);
        if (field->type == FIELD_TYPE_GROUP) tell_lists(at, field->fields, key);
        if (field->type == FIELD_TYPE_TEXT && field->flags & FIELD_COMMAS && *(const char *)at)
            log_info("%s: %s", key, (const char *)at);
        if (field->type != FIELD_TYPE_TEXTS) continue;
        const TextList *list = at;
        Builder items = {0};
        for (int i = 0; i < list->count; i++) builder_add(&items, "%s%s", i ? ", " : "", list->items[i]);
        if (items.data && !items.failed) log_info("%s: %s", key, items.data);
        builder_free(&items);
    }
}

/* ---- and last ---- */

static void suggest_next(const Stage *stage, const Run *run) {
    static const char mark[] = "{out}";
    if (!stage->next || !run->out || run->dry_run) return;
    Builder line = {0};
    const char *at = stage->next;
    /* every {out} is the folder, quoted for a shell */
    for (const char *here; (here = strstr(at, mark)); at = here + sizeof mark - 1) {
        builder_add(&line, "%.*s", (int)(here - at), at);
        escape_shell_path(&line, run->out);
    }
    builder_add_text(&line, at);
    if (!line.failed) log_info("next: %s", line.data);
    builder_free(&line);
}

/* ---- the run ---- */

static Err fill_run(Run *run, const StageArgs *args) {
    run->out = args->out;
    run->seed = (uint64_t)args->seed;
    run->dry_run = args->dry_run;
    run->force = args->force;
    if (args->hang_timeout) TRY(text_parse_duration(&run->par.hang_timeout_s, args->hang_timeout));
    if (args->time_budget) TRY(text_parse_duration(&run->time_budget_s, args->time_budget));
    return stage_args_progress(&run->progress, args);
}

static Err run_stage_all(const Stage *stage, const StageArgs *args, Run *run) {
    Err err = ERR_NONE;
    char *text = NULL, *original = NULL;
    void *config = NULL;
    TRY_OR(done, fill_run(run, args));             /* checked before: the same on all ranks */
    if (!stage->one_rank) stop_install_handlers(); /* the others take seconds and keep nothing: a signal ends them */
    stop_set_budget(run->time_budget_s);
    TRY_OR(done, resolve_all(&text, &original, args, stage, &run->par));
    TRY_OR(done, parse_all(&config, text, stage, &run->par));
    run->config_text = text;
    run->rehearsed = original;
    TRY_OR(done, announce_all(run));
    tell_lists(config, stage->fields, "");
    err = stage->run_all(config, run);
    if (!err) suggest_next(stage, run);
    /* no rank ends before all have done their part */
    if (!err) err = err_agree_all(ERR_NONE, &run->par, "the end of the run");
    if (!err && stage->out_is_result && run->par.rank == 0 && !run->dry_run) printf("%s\n", run->out);
    if (!err) err = err_agree_all(run->par.rank == 0 ? output_check() : ERR_NONE, &run->par, "what is printed");
done:
    free(config);
    free(text);
    free(original);
    return err;
}

static Err start_all(Par *par, const Stage *stage, const StageArgs *args) {
    /* dry runs and stages of one rank never touch MPI */
    if (!stage->one_rank && !args->dry_run) return par_start_all(par, (int)args->threads);
    *par = par_serial((int)args->threads);
    return ERR_NONE;
}

static void show_help(const Stage *stage) {
    StageHelp *storage = calloc(1, sizeof *storage);
    if (storage) args_help(stage_help(storage, stage));
    free(storage);
}

Err stage_main(const Stage *stage, int argc, char *const *argv) {
    StageArgs args;
    TRY(stage_args_parse(&args, stage, argc, argv));
    /* what one process does, under a launcher the first does alone */
    bool alone = args.help || args.dry_run || stage->one_rank;
    if (alone && par_launcher_rank() > 0) return ERR_NONE;
    if (args.help) {
        show_help(stage);
        return ERR_NONE;
    }
    log_setup(0, 1, args.quiet ? LOG_QUIET : args.verbose ? LOG_VERBOSE : LOG_NORMAL);
    char *command = NULL;
    TRY(command_text(&command, stage->help->name, argc, argv));
    Run run = {.command = command};
    Err err = start_all(&run.par, stage, &args);
    if (!err) err = run_stage_all(stage, &args, &run);
    /* before MPI ends: a launcher may end rank 0 as soon as another has left */
    if (run.par.mpi_started && run.par.rank == 0) output_complain(err, stage->help->name);
    par_finish_all(&run.par);
    free(command);
    return err;
}

/* ---- finetune and probe ---- */

CHECKED Err classify_run_all(ClassifyRun *run_all, const FinetuneConfig *config, const Run *run) {
    OpenSource train = {0}, test = {0};
    Err err = open_dataset_all(&train, "data.train", config->data.train, &run->par);
    if (!err) err = open_dataset_all(&test, "data.test", config->data.test, &run->par);
    if (!err) err = run_all(config, train.clips, test.clips, run);
    open_source_close(&test);
    open_source_close(&train);
    return err;
}
