/* Runs a planned network (models/convnet_plan.c): layers in the order of the table, each from its volume into its slots
 * of another. Concatenation costs nothing, since the branches of a module write side by side into one volume. A
 * volume's border is cleared by the first layer that writes it, because the memory belonged to another volume before.
 */
#include "base/system/arena.h"
#include "nn/models/internal/convnet_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ConvnetScratch {
    const Convnet *net;
    Arena arena;
    float *floats;
};

Err convnet_new(Convnet **net, const ConvnetPlan *plan) {
    Convnet *made = *net = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "network: no memory");
    made->plan = *plan;
    Err err = convnet_plan(made);
    if (err) convnet_free(net);
    return err;
}

void convnet_free(Convnet **net) {
    if (!*net) return;
    convnet_plan_free(*net);
    free(*net);
    *net = NULL;
}

int convnet_dims(const Convnet *net) {
    return net->volumes[net->last].channels;
}

int convnet_layers(const Convnet *net) {
    return net->n_layers;
}

/* What its weights must be; count 0: it has none. */
LayerShape convnet_layer(const Convnet *net, int index) {
    const Layer *layer = &net->plan.layers[index];
    const NetLayer *made = &net->layers[index];
    LayerShape shape = {layer, net->volumes[made->from].channels, made->channels, 0};
    if (made->conv.panels)
        shape.count = extent_places(layer->window.kernel) * (size_t)shape.in_channels * (size_t)shape.out_channels;
    return shape;
}

/* Weights come by channel; the layer's input lies in slots, of which some are padding. */
void convnet_set(Convnet *net, int index, const float *weights, const float *bias) {
    NetLayer *layer = &net->layers[index];
    const NetVolume *from = &net->volumes[layer->from];
    conv_set(&layer->conv, weights, bias, from->channel_of, from->channels);
}

size_t convnet_weight_bytes(const Convnet *net) {
    size_t floats = 0;
    for (int i = 0; i < net->n_layers; i++) {
        const ConvJob *job = &net->layers[i].conv.job;
        floats += ((size_t)job->depth + 1) * (size_t)job->out_slots;
    }
    return floats * sizeof(float);
}

/* Multiply-adds of one pass, of layers with weights. */
double convnet_products(const Convnet *net) {
    double sum = 0;
    for (int i = 0; i < net->n_layers; i++)
        if (net->layers[i].conv.panels)
            sum += conv_products(&net->layers[i].conv.shape, net->volumes[net->layers[i].from].channels);
    return sum;
}

size_t convnet_scratch_bytes(const Convnet *net) {
    return net->floats * sizeof(float);
}

Err convnet_scratch_new(ConvnetScratch **scratch, const Convnet *net) {
    ConvnetScratch *made = *scratch = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "network scratch: no memory");
    made->net = net;
    Err err = arena_alloc(&made->arena, convnet_scratch_bytes(net), "activations of a convolutional network");
    if (err)
        convnet_scratch_free(scratch);
    else
        made->floats = arena_floats(&made->arena, net->floats);
    return err;
}

void convnet_scratch_free(ConvnetScratch **scratch) {
    if (!*scratch) return;
    arena_free(&(*scratch)->arena);
    free(*scratch);
    *scratch = NULL;
}

static float *volume_data(const ConvnetScratch *scratch, int index) {
    return scratch->floats + scratch->net->volumes[index].begin;
}

float *convnet_input(ConvnetScratch *scratch, Volume *volume) {
    *volume = scratch->net->volumes[0].volume;
    volume_clear_border(volume_data(scratch, 0), volume);
    return volume_data(scratch, 0);
}

/* Linear layers are convolutions over one place. */
static void run_layer(ConvnetScratch *scratch, int index) {
    const Convnet *net = scratch->net;
    const NetLayer *layer = &net->layers[index];
    const NetVolume *to = &net->volumes[layer->to];
    float *out = volume_data(scratch, layer->to);
    const float *in = volume_data(scratch, layer->from);
    if (to->first_writer == index) volume_clear_border(out, &to->volume);
    switch (net->plan.layers[index].kind) {
    case LAYER_CONV:
    case LAYER_LINEAR: conv_forward(&layer->conv, out, in); break;
    case LAYER_MAX: pool_max(&layer->pool, out, in); break;
    case LAYER_MEAN: pool_mean(&layer->pool, out, in); break;
    }
}

/* features[channel] = mean over rows, columns and `frames` frames from first_frame on. */
static void mean_places(float *features, const NetVolume *from, const float *data, int first_frame, int frames) {
    Extent size = from->volume.size;
    /* channels are found by slot: padding slots have none */
    double scale = 1.0 / ((double)size.y * size.x * frames);
    for (int s = 0; s < from->volume.slots; s++) {
        double sum = 0;
        for (int t = first_frame; t < first_frame + frames; t++)
            for (int y = 0; y < size.y; y++)
                for (int x = 0; x < size.x; x++) sum += (double)data[volume_at(&from->volume, t, y, x) + (size_t)s];
        if (from->channel_of[s] >= 0) features[from->channel_of[s]] = (float)(sum * scale);
    }
}

/* One vector a frame, or one for all of them. */
static void write_features(const ConvnetScratch *scratch, float *features) {
    const Convnet *net = scratch->net;
    const NetVolume *from = &net->volumes[net->last];
    const float *data = volume_data(scratch, net->last);
    int frames = from->volume.size.t;
    if (!net->plan.by_frame) mean_places(features, from, data, 0, frames);
    for (int t = 0; net->plan.by_frame && t < frames; t++)
        mean_places(features + (size_t)t * (size_t)from->channels, from, data, t, 1);
}

void convnet_forward(ConvnetScratch *scratch, float *features) {
    for (int i = 0; i < scratch->net->n_layers; i++) run_layer(scratch, i);
    write_features(scratch, features);
}

/* ---- looking inside ---- */

/* values (places, channels) of slots [first, first + slots), which hold channels from first_channel on. */
static void gather(float *values, const NetVolume *from, const float *data, int first, int slots, int first_channel,
                   int channels) {
    Extent size = from->volume.size;
    for (int t = 0; t < size.t; t++)
        for (int y = 0; y < size.y; y++)
            for (int x = 0; x < size.x; x++, values += channels) {
                const float *place = data + volume_at(&from->volume, t, y, x);
                for (int s = first; s < first + slots; s++)
                    if (from->channel_of[s] >= 0) values[from->channel_of[s] - first_channel] = place[s];
            }
}

Err convnet_forward_seen(ConvnetScratch *scratch, float *features, ConvnetSee see, void *context) {
    const Convnet *net = scratch->net;
    float *values = malloc(net->floats * sizeof *values);
    if (!values) return RAISE(ERR_MEMORY, "network: no memory to show its layers");
    for (int i = 0; i < net->n_layers; i++) {
        const NetLayer *layer = &net->layers[i];
        const NetVolume *to = &net->volumes[layer->to];
        const float *data = volume_data(scratch, layer->to);
        run_layer(scratch, i);
        gather(values, to, data, layer->first_slot, layer->slots, layer->first_channel, layer->channels);
        see(context, net->plan.layers[i].name, values, to->volume.size, layer->channels);
        /* a module is whole when its last branch has written */
        if (to->writer != i || !net->plan.layers[i].into[0]) continue;
        gather(values, to, data, 0, to->volume.slots, 0, to->channels);
        see(context, to->name, values, to->volume.size, to->channels);
    }
    free(values);
    write_features(scratch, features);
    return ERR_NONE;
}

/* ---- calibration ---- */

/* Two passes over the places, mean and then squared deviations about it, in double: no cancellation. Layer after layer,
 * since a layer's statistics depend on how the layers before it were scaled. */
enum { CHANNELS_MAX = 1024 }; /* of one layer */

/* Sums over places, a channel each. */
typedef struct {
    int channels;
    double mean[CHANNELS_MAX], squares[CHANNELS_MAX]; /* squares: of deviations from mean */
    float scale[CHANNELS_MAX], shift[CHANNELS_MAX];
} Calibration;

typedef void (*PlaceVisit)(Calibration *calibration, float *place);

static void add_value(Calibration *c, float *place) {
    for (int i = 0; i < c->channels; i++) c->mean[i] += (double)place[i];
}

static void add_square(Calibration *c, float *place) {
    for (int i = 0; i < c->channels; i++) {
        double distance = (double)place[i] - c->mean[i];
        c->squares[i] += distance * distance;
    }
}

/* Scale, shift, ReLU: what the layer will do by itself once its weights are rescaled. */
static void apply_place(Calibration *c, float *place) {
    for (int i = 0; i < c->channels; i++) {
        float value = place[i] * c->scale[i] + c->shift[i];
        place[i] = value <= 0 ? 0 : value; /* a NaN stays one */
    }
}

/* The layer's channels at every place of every input. */
static void visit_places(Calibration *calibration, ConvnetScratch *const *scratches, int n, const NetLayer *layer,
                         PlaceVisit visit) {
    for (int i = 0; i < n; i++) {
        const Volume *volume = &scratches[i]->net->volumes[layer->to].volume;
        float *data = volume_data(scratches[i], layer->to) + layer->first_slot;
        for (int t = 0; t < volume->size.t; t++)
            for (int y = 0; y < volume->size.y; y++)
                for (int x = 0; x < volume->size.x; x++) visit(calibration, data + volume_at(volume, t, y, x));
    }
}

static void calibrate_layer(Convnet *net, ConvnetScratch *const *scratches, int n, int index, double eps) {
    NetLayer *layer = &net->layers[index];
    Calibration c = {.channels = layer->channels};
    double count = n * (double)extent_places(net->volumes[layer->to].volume.size);
    ASSERT(layer->channels <= CHANNELS_MAX);
    /* 1. the layer without its ReLU; 2. and 3. mean and variance; 4. scaled in place, so that the next layer sees what
     * it will see from now on; 5. the weights, for good */
    layer->conv.job.relu = false;
    for (int i = 0; i < n; i++) run_layer(scratches[i], index);
    layer->conv.job.relu = true;
    visit_places(&c, scratches, n, layer, add_value);
    for (int i = 0; i < c.channels; i++) c.mean[i] /= count;
    visit_places(&c, scratches, n, layer, add_square);
    for (int i = 0; i < c.channels; i++) {
        double deviation = sqrt(c.squares[i] / count + eps);
        c.scale[i] = (float)(1 / deviation);
        c.shift[i] = (float)(-c.mean[i] / deviation);
    }
    visit_places(&c, scratches, n, layer, apply_place);
    conv_rescale(&layer->conv, c.scale, c.shift);
}

/* Layer by layer over all inputs at once, which is why all of them are in memory. */
void convnet_calibrate(Convnet *net, ConvnetScratch *const *scratches, int n, double eps) {
    for (int index = 0; index < net->n_layers; index++) {
        if (net->plan.layers[index].kind == LAYER_CONV)
            calibrate_layer(net, scratches, n, index, eps);
        else
            for (int i = 0; i < n; i++) run_layer(scratches[i], index);
    }
}
