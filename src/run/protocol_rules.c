/* The official protocols as data. Defaults of the stages' tables are the paper's settings, so a rule lists only what
 * differs: for a dataset, for ViT-L, or in the released scripts. Rules of one protocol are ordered from the general to
 * the special. */
#include "run/protocol.h"

#include "base/text/text.h"
#include "run/result.h"
#include "video/frames/source.h"

/* ViT-L as VideoMAE has it; the decoder of the released scripts, which have depth 4 for every model. */
#define VIT_L                                                                                                          \
    "model.width=1024", "model.depth=24", "model.heads=16", "model.decoder_width=512", "model.decoder_depth=4",        \
        "model.decoder_heads=8"
/* HMDB51's script samples every second frame; the paper tests it on 10 clips. */
#define HMDB51 "data.frame_stride=2", "data.test_clips=10"
/* run_class_finetuning.py's own defaults where the scripts say nothing. */
#define SCRIPT_AUGMENTATION "data.rand_augment_magnitude=7", "head_dropout=0.5"
/* Table 6 for the network; a process of the released probe normalizes the features of 8 clips (micro_batch). */
#define PROBE "data.augment=true", "train.micro_batch=8"

#define FROM_PAPER    PROTOCOL_PAPER " " PROTOCOL_VIDEOMAE
#define FROM_RELEASED PROTOCOL_RELEASED " " PROTOCOL_VIDEOMAE

static const ProtocolRule rules[] = {
    {PROTOCOL_PAPER, "pretrain", NULL, 0, "", SOURCE_PAPER, {0}},
    {PROTOCOL_PAPER, "pretrain", NULL, 'L', "", SOURCE_PAPER, {VIT_L, "train.batch=128"}},
    {PROTOCOL_RELEASED, "pretrain", NULL, 'B', "", SOURCE_RELEASED, {"train.epochs=3201", "train.batch=192"}},
    {PROTOCOL_VIDEOMAE_K400,
     "pretrain",
     "kinetics400",
     'B',
     "",
     SOURCE_PAPER,
     {"mask_ratio=0.9", "train.epochs=800", "train.batch=2048", "train.base_lr=1.5e-4"}},

    {PROTOCOL_PAPER, "finetune", "ucf101", 0, FROM_PAPER, SOURCE_PAPER, {0}},
    {PROTOCOL_PAPER, "finetune", "ucf101", 'L', FROM_PAPER, SOURCE_PAPER, {VIT_L, "train.batch=128"}},
    {PROTOCOL_PAPER, "finetune", "hmdb51", 0, FROM_PAPER, SOURCE_PAPER, {HMDB51}},
    {PROTOCOL_PAPER, "finetune", "hmdb51", 'L', FROM_PAPER, SOURCE_PAPER, {HMDB51, VIT_L, "train.batch=128"}},
    {PROTOCOL_PAPER, "finetune", NULL, 0, FROM_PAPER, SOURCE_PAPER, {0}},
    {PROTOCOL_RELEASED, "finetune", "ucf101", 'B', FROM_RELEASED, SOURCE_RELEASED, {SCRIPT_AUGMENTATION}},
    {PROTOCOL_RELEASED, "finetune", "hmdb51", 'B', FROM_RELEASED, SOURCE_RELEASED, {SCRIPT_AUGMENTATION, HMDB51}},
    {PROTOCOL_VIDEOMAE_K400,
     "finetune",
     "kinetics400",
     0,
     FROM_PAPER " " PROTOCOL_VIDEOMAE_K400,
     SOURCE_PAPER,
     {"train.batch=512", "train.min_lr=1e-6", "train.layer_decay=0.75", "data.repeat=1",
      "data.rand_augment_magnitude=7", "drop_path=0.1"}},

    {PROTOCOL_PAPER, "probe", NULL, 0, FROM_PAPER, SOURCE_PAPER, {PROBE}},
    {PROTOCOL_PAPER, "probe", "ucf101", 0, FROM_PAPER, SOURCE_PAPER, {PROBE}},
    {PROTOCOL_PAPER, "probe", "hmdb51", 0, FROM_PAPER, SOURCE_PAPER, {PROBE, HMDB51}},
    {PROTOCOL_RELEASED,
     "probe",
     "ucf101",
     'B',
     FROM_RELEASED,
     SOURCE_RELEASED,
     {PROBE, SCRIPT_AUGMENTATION, "train.base_lr=0.1"}},

    {PROTOCOL_PAPER, "robust", NULL, 0, PROTOCOL_PAPER, SOURCE_PAPER, {0}},
    {PROTOCOL_RELEASED, "robust", NULL, 0, PROTOCOL_RELEASED, SOURCE_RELEASED, {0}},
    {PROTOCOL_UCF101P_STORED, "robust", NULL, 0, PROTOCOL_PAPER, SOURCE_PAPER, {"generator=stored"}},
};
enum { N_RULES = sizeof rules / sizeof rules[0] };

/* Whether some rule of the task is for this dataset alone. */
static bool is_named(const char *task, const char *dataset) {
    for (int i = 0; i < N_RULES; i++)
        if (text_equal(rules[i].task, task) && rules[i].dataset && text_equal(rules[i].dataset, dataset)) return true;
    return false;
}

/* A dataset that any rule of the task names has rules of its own; the others share those without a name. */
static bool matches(const ProtocolRule *rule, const char *task, const char *dataset, bool named, char model) {
    if (!text_equal(rule->task, task)) return false;
    if (named ? !rule->dataset || !text_equal(rule->dataset, dataset) : rule->dataset != NULL) return false;
    return !rule->model || rule->model == model;
}

int protocol_rules(const ProtocolRule *out[PROTOCOL_CANDIDATES], const char *task, const char *dataset, char model) {
    bool named = is_named(task, dataset);
    int n = 0;
    for (int i = 0; i < N_RULES; i++) {
        if (!matches(&rules[i], task, dataset, named, model)) continue;
        int at = 0;
        while (at < n && !text_equal(out[at]->name, rules[i].name)) at++;
        ASSERT(at < PROTOCOL_CANDIDATES);
        if (at == n) n++;
        out[at] = &rules[i]; /* the more special one of a protocol stands below */
    }
    return n;
}

/* `made_of` is a list of names with blanks between. */
bool protocol_rule_accepts(const ProtocolRule *rule, const char *name) {
    size_t length = strlen(name);
    for (const char *at = rule->made_of; *at;) {
        size_t word = strcspn(at, " ");
        if (word == length && !strncmp(at, name, word)) return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}
