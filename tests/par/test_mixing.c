/* eval/finetune/sample, by what fine-tuning loads: whom a sample is mixed with and how, over 4,096 samples of the
 * paper's own batch (256 clips, two copies, mixup 0.8, cutmix 1.0). Every video is a class and a color of its own, so
 * that targets and pixels tell the partner, the share and the box. The law is held to the official one (VideoMAE:
 * mixup.py): a batch of 8 clips turned round, one draw of lambda a batch, and it is the same for any micro-batch and
 * any number of ranks; so are the weights that come of it. */
#include "train_fixture.h"

#include "base/system/log.h"
#include "eval/finetune/finetune.h"
#include "eval/finetune/sample.h"
#include "par/share.h"
#include "par_check.h"
#include "train/batch.h"

#include <math.h>

enum { VIDEOS = 1024, CLASSES = 101, BATCH = 256, REPEAT = 2, STEPS = 8, SAMPLES = BATCH * REPEAT * STEPS, SEED = 7 };

/* ---- videos of one color ---- */

static uint8_t channel_of(int64_t index, int channel) {
    static const int shifts[] = {0, 4, 8}; /* 16 levels a channel */
    return (uint8_t)(((index >> shifts[channel]) & 15) * 16 + 4);
}

static Err flat_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)source, (void)epoch;
    *info = (VideoInfo){FIXTURE_FRAMES, FIXTURE_SIDE, FIXTURE_SIDE, (int)index};
    return ERR_NONE;
}

static Err flat_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n_frames,
                     Frames *out) {
    (void)source, (void)epoch, (void)numbers;
    TRY(frames_shape(out, n_frames, FIXTURE_SIDE, FIXTURE_SIDE));
    for (size_t i = 0; i < frames_frame_bytes(out) * (size_t)n_frames; i++)
        out->data[i] = channel_of(index, (int)(i % 3));
    return ERR_NONE;
}

static const ClipSourceOps flat_ops = {.kind = "flat", .info = flat_info, .read = flat_read};

static FinetuneConfig make_config(int micro_batch) {
    FinetuneConfig config;
    memset(&config, 0, sizeof config);
    fields_default(&config, finetune_fields);
    config.model = fixture_model();
    config.train.batch = BATCH;
    config.train.micro_batch = micro_batch;
    config.data.repeat = REPEAT;
    config.data.crop = CLASSIFY_CROP_CENTER;
    config.data.flip = false;
    config.data.rand_augment_ops = 0;
    config.data.erasing = config.data.label_smoothing = 0;
    return config;
}

/* ---- what is seen of a sample ---- */

typedef struct {
    double own, partner; /* videos */
    double lambda;       /* from the target */
    double kind;         /* 0 mixup, 1 cutmix, 2 not mixed */
    double pasted;       /* cutmix: pixels of a frame that are the partner's */
    double input;        /* of the network's input, in 48 bits */
} Seen;

static double fold(const float *input, size_t count) {
    char text[DIGEST_SIZE];
    digest_of(text, input, count * sizeof *input);
    text[12] = '\0';
    return (double)strtoull(text, NULL, 16);
}

/* The color of a plane's pixel against the video's: 0 equal. */
static bool is_color(const float *input, size_t plane, size_t pixel, int64_t video) {
    static const double means[3] = {0.485, 0.456, 0.406}, deviations[3] = {0.229, 0.224, 0.225};
    for (int c = 0; c < 3; c++) {
        double value = (input[(size_t)c * plane + pixel] * deviations[c] + means[c]) * 255;
        if (fabs(value - channel_of(video, c)) > 5e-4) return false;
    }
    return true;
}

static Seen look(const SampleBatch *batch, const FinetuneConfig *config, size_t i) {
    const float *target = batch->targets + i * VIDEOS, *input = batch->inputs + i * input_floats(&config->model);
    size_t plane = input_floats(&config->model) / 3, frame = plane / (size_t)config->model.n_frames;
    Seen seen = {.own = batch->labels[i], .partner = batch->labels[i], .kind = 2};
    for (int k = 0; k < VIDEOS; k++)
        if (target[k] > 0 && k != batch->labels[i]) seen.partner = k;
    seen.lambda = target[batch->labels[i]];
    seen.input = fold(input, plane * 3);
    size_t own = 0, other = 0;
    for (size_t p = 0; p < frame; p++) {
        own += is_color(input, plane, p, (int64_t)seen.own);
        other += is_color(input, plane, p, (int64_t)seen.partner);
    }
    if (seen.partner != seen.own) seen.kind = own + other == frame;
    seen.pasted = seen.kind == 1 ? (double)other : 0;
    return seen;
}

/* All samples of the first steps, the leaves of this rank's share by this rank. */
static void observe_all(Seen *seen, int micro_batch, const Par *par) {
    FinetuneConfig config = make_config(micro_batch);
    ClipSource source = {.ops = &flat_ops, .count = VIDEOS, .n_classes = VIDEOS, .name = "flat", .digest = "f"};
    SampleBatch batch;
    BatchPlan plan;
    size_t leaf_samples = (size_t)micro_batch * REPEAT;
    memset(seen, 0, SAMPLES * sizeof *seen);
    CHECK_OK(sample_batch_init(&batch, &config, VIDEOS));
    CHECK_OK(batch_plan_init(&plan, SEED, VIDEOS, BATCH, micro_batch));
    for (int64_t step = 0; step < STEPS; step++) {
        batch_plan_enter(&plan, step);
        for (int64_t l = 0; l < batch_n_leaves(&plan); l++) {
            if (!share_owns(l, par->rank, par->n_ranks)) continue;
            TrainLeaf leaf = batch_leaf(&plan, step, l);
            CHECK_OK(sample_batch_load(&batch, &config, &source, &leaf, SEED));
            for (size_t i = 0; i < leaf_samples; i++)
                seen[(size_t)(step * BATCH * REPEAT) + (size_t)l * leaf_samples + i] = look(&batch, &config, i);
        }
    }
    batch_plan_free(&plan);
    sample_batch_free(&batch);
    CHECK_OK(sum_doubles_all((double *)seen, SAMPLES * sizeof *seen / sizeof(double), par));
}

/* ---- the law ---- */

/* The distribution function of Beta(0.8, 0.8), by the midpoint rule in t = x^0.8, where the density is bounded at 0. */
static double beta_distribution(double x) {
    enum { PIECES = 4000 };
    double half = 0, part = 0, reach = x < 0.5 ? x : 1 - x;
    for (int i = 0; i < PIECES; i++) {
        double t = (i + 0.5) / PIECES;
        half += pow(1 - pow(t * pow(0.5, 0.8), 1.25), -0.2) * pow(0.5, 0.8);
        part += pow(1 - pow(t * pow(reach, 0.8), 1.25), -0.2) * pow(reach, 0.8);
    }
    double share = part / (2 * half);
    return x < 0.5 ? share : 1 - share;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Largest distance between the two distribution functions (Kolmogorov and Smirnov). */
static double distance_from_beta(double *values, int count) {
    double worst = 0;
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    for (int i = 0; i < count; i++) {
        double at = beta_distribution(values[i]);
        worst = fmax(worst, fmax(fabs(at - (double)i / count), fabs(at - (double)(i + 1) / count)));
    }
    return worst;
}

/* Mean share of a frame of S x S that a box covers: sides floor(S sqrt(u)), u uniform, a uniform center, clipped. */
static double expected_box(int S) {
    enum { SIDES = 1000 };
    double sum = 0;
    for (int i = 0; i < SIDES; i++) {
        int side = (int)(S * sqrt((i + 0.5) / SIDES)), covered = 0;
        for (int center = 0; center < S; center++) {
            int first = center - side / 2, last = center + side / 2;
            covered += (last > S ? S : last) - (first < 0 ? 0 : first);
        }
        sum += pow((double)covered / (S * S), 2) / SIDES;
    }
    return sum;
}

typedef struct {
    int n_same, n_two_classes, n_mixup, n_cutmix, n_bad_box, n_not_mirrored, n_draws;
    double own_class, beta_distance, box;
} Law;

static Law law_of(const Seen *seen) {
    static double lambdas[SAMPLES];
    const int group = 8 * REPEAT, frame = 16 * 16;
    Law law = {.n_same = 0};
    for (int i = 0; i < SAMPLES; i++) {
        const Seen *s = &seen[i], *mirror = &seen[i / group * group + group - 1 - i % group];
        bool same_class = (int)s->own % CLASSES == (int)s->partner % CLASSES;
        law.n_same += s->partner == s->own;
        law.n_two_classes += !same_class;
        law.own_class += (same_class ? 1 : s->lambda) / SAMPLES;
        law.n_not_mirrored += s->partner != s->own && (mirror->own != s->partner || mirror->lambda != s->lambda);
        law.n_mixup += s->kind == 0;
        law.n_cutmix += s->kind == 1;
        law.n_bad_box += s->kind == 1 && fabs(1 - s->pasted / frame - s->lambda) > 1e-6;
        if (i % group == 0 && s->kind == 0) lambdas[law.n_draws++] = s->lambda;
        if (s->kind == 1) law.box += s->pasted / frame;
    }
    law.box /= law.n_cutmix;
    law.beta_distance = distance_from_beta(lambdas, law.n_draws);
    return law;
}

static void print_law(const Law *law, int micro_batch, const Par *par) {
    if (par->rank != 0) return;
    printf("micro_batch %d, %d rank(s): same video %.2f %%, two classes %.1f %%, own class %.3f, mixup %d, cutmix %d, "
           "lambda's distance from Beta(0.8) %.3f (1 %%: %.3f), box %.3f (expected %.3f)\n",
           micro_batch, par->n_ranks, 100.0 * law->n_same / SAMPLES, 100.0 * law->n_two_classes / SAMPLES,
           law->own_class, law->n_mixup, law->n_cutmix, law->beta_distance, 1.63 / sqrt(law->n_draws), law->box,
           expected_box(16));
}

static void check_law(const Law *law) {
    CHECK(law->n_same < SAMPLES / 50); /* only where cutmix drew a box without a pixel, or a partner without a share */
    CHECK(law->n_two_classes > SAMPLES * 95 / 100);
    CHECK(law->own_class > 0.53 && law->own_class < 0.61);
    CHECK(law->n_not_mirrored == 0);
    CHECK(law->n_bad_box == 0);
    CHECK(law->n_mixup > SAMPLES * 2 / 5 && law->n_cutmix > SAMPLES * 2 / 5);
    CHECK(law->beta_distance < 1.63 / sqrt(law->n_draws));
    CHECK(fabs(law->box - expected_box(16)) < 0.07);
}

static void test_partners_are_of_the_step_and_follow_the_official_law_all(const Par *par) {
    static const int micro_batches[] = {8, 1, 2};
    static Seen expected[SAMPLES], found[SAMPLES];
    const Par serial = par_serial(1);
    observe_all(expected, 8, &serial);
    for (int i = 0; i < 3; i++) {
        observe_all(found, micro_batches[i], par);
        CHECK(!memcmp(expected, found, sizeof found));
        Law law = law_of(found);
        print_law(&law, micro_batches[i], par);
        check_law(&law);
    }
}

static void test_groups_tile_the_batch_all(const Par *par) {
    (void)par;
    static const struct {
        int batch, clips, n_groups;
    } cases[] = {{256, 8, 32}, {12, 8, 2}, {9, 8, 2}, {4, 8, 1}, {1, 8, 1}, {512, 8, 64}, {7, 3, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int next = 0;
        for (int p = 0; p < cases[i].batch; p++) {
            MixGroup group = mix_group(p, cases[i].batch, cases[i].clips);
            int partner = mix_partner(&group, p);
            if (p == next) next += group.count;
            CHECK(group.n_groups == cases[i].n_groups && group.count <= cases[i].clips);
            CHECK(group.first <= p && p < group.first + group.count && group.first + group.count == next);
            CHECK(partner >= group.first && partner < next && mix_partner(&group, partner) == p);
        }
        CHECK(next == cases[i].batch);
    }
}

/* ---- training with it ---- */

static Err train_all(const Par *par, const char *out) {
    FinetuneConfig config = make_config(1);
    ClipSource train = fixture_source(24, "train"), test = fixture_source(6, "test");
    Run run = {.par = *par, .out = out, .seed = 3, .progress = PROGRESS_NONE, .config_text = "{}", .command = "test"};
    fixture_train(&config.train, 8, 1);
    config.data.frame_stride = 1;
    config.data.test_clips = config.data.test_crops = 1;
    return finetune_run_all(&config, &train, &test, &run);
}

static void test_weights_do_not_depend_on_ranks_though_partners_are_elsewhere_all(const Par *par) {
    char folder[64], alone[80];
    Par serial = par_serial(1), team = *par;
    Result expected = {0}, found = {0};
    team.threads = 2;
    CHECK_OK(fixture_folder_all(folder, par));
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    CHECK_OK(train_all(&serial, alone));
    CHECK_OK(train_all(&team, folder));
    CHECK_OK(fixture_result(&expected, alone, "finetune"));
    CHECK_OK(fixture_result(&found, folder, "finetune"));
    bool bits = text_equal(fixture_weights(&expected), fixture_weights(&found));
    if (par->n_ranks != 3) CHECK(bits); /* three ranks add up in another order */
    fixture_remove_all(folder, par);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    log_setup(par.rank, par.n_ranks, LOG_QUIET);
    test_groups_tile_the_batch_all(&par);
    test_partners_are_of_the_step_and_follow_the_official_law_all(&par);
    test_weights_do_not_depend_on_ranks_though_partners_are_elsewhere_all(&par);
    return par_check_finish_all(&par);
}
