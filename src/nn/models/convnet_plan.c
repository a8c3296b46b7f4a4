/* From a table of layers to volumes, borders, memory and operators, once for a network and input size:
 *   1. each layer finds the volume it reads and the one it writes, and appends its channels there as slots;
 *   2. a volume's border becomes as wide as the widest window that reads it reaches over its edge;
 *   3. volumes get places in one block of memory, which those that never live at the same time share;
 *   4. convolutions and pools are made, now that every offset is known.
 * A volume lives from its first writer to its last reader, counted in layers. */
#include "nn/models/internal/convnet_plan.h"

#include "base/system/minmax.h"
#include "base/text/text.h"

static int find_volume(const Convnet *net, const char *name) {
    for (int v = 0; v < net->n_volumes; v++)
        if (text_equal(net->volumes[v].name, name)) return v;
    return -1;
}

/* Appends `slots` slots to a volume; their channels are those of `like`, or counted on. */
static Err append_slots(NetVolume *volume, int slots, int channels, const int *like) {
    int before = volume->volume.slots;
    int *grown = realloc(volume->channel_of, (size_t)(before + slots) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "network: no memory for %d slots", before + slots);
    for (int s = 0; s < slots; s++) {
        int channel = like ? like[s] : s < channels ? s : -1;
        grown[before + s] = channel < 0 ? -1 : volume->channels + channel;
    }
    volume->channel_of = grown;
    volume->volume.slots += slots;
    volume->channels += channels;
    return ERR_NONE;
}

static bool is_conv(const Layer *layer) {
    return layer->kind == LAYER_CONV || layer->kind == LAYER_LINEAR;
}

static bool same_extent(Extent a, Extent b) {
    return a.t == b.t && a.y == b.y && a.x == b.x;
}

/* What layer `index` reads and writes, and how far its window reaches. A new name makes a new volume. */
static Err connect_layer(Convnet *net, int index) {
    const Layer *layer = &net->plan.layers[index];
    NetLayer *made = &net->layers[index];
    made->from = find_volume(net, layer->from);
    ASSERT(made->from >= 0);
    NetVolume *from = &net->volumes[made->from];
    made->fit = window_fit(&layer->window, from->volume.size);
    const Extent *size = &made->fit.size;
    if (size->t < 1 || size->y < 1 || size->x < 1)
        return RAISE(ERR_USAGE, "input of %d x %d x %d (frames, rows, columns): %s finds %d x %d x %d, too little",
                     net->plan.input.t, net->plan.input.y, net->plan.input.x, layer->name, from->volume.size.t,
                     from->volume.size.y, from->volume.size.x);
    const char *name = layer->into[0] ? layer->into : layer->name;
    made->to = find_volume(net, name);
    if (made->to < 0) {
        made->to = net->n_volumes++;
        net->volumes[made->to] = (NetVolume){.name = name, .volume.size = *size, .first_writer = index};
    }
    NetVolume *to = &net->volumes[made->to];
    ASSERT(same_extent(to->volume.size, *size));
    from->reader = index;
    to->writer = to->reader = index;
    made->channels = is_conv(layer) ? (layer->channels + net->plan.divisor - 1) / net->plan.divisor : from->channels;
    made->slots = is_conv(layer) ? channel_slots(made->channels) : from->volume.slots;
    made->first_slot = to->volume.slots;
    made->first_channel = to->channels;
    return append_slots(to, made->slots, made->channels, is_conv(layer) ? NULL : from->channel_of);
}

static void widen(int *before, int *after, int fit_before, int fit_after) {
    *before = max_int(*before, fit_before);
    *after = max_int(*after, fit_after);
}

static void widen_border(Volume *volume, const WindowFit *fit) {
    widen(&volume->before.t, &volume->after.t, fit->before.t, fit->after.t);
    widen(&volume->before.y, &volume->after.y, fit->before.y, fit->after.y);
    widen(&volume->before.x, &volume->after.x, fit->before.x, fit->after.x);
}

/* Both alive at some layer; a layer that reads one and writes the other counts. */
static bool together(const NetVolume *a, const NetVolume *b) {
    return a->first_writer <= b->reader && b->first_writer <= a->reader;
}

/* First fit, in the order of the table: the lowest place that is free while the volume is alive. */
static void place_volume(Convnet *net, int index) {
    NetVolume *own = &net->volumes[index];
    own->floats = (volume_floats(&own->volume) + 15) / 16 * 16;
    /* each conflict moves it up past one volume, until nothing alive is in the way */
    for (bool moved = true; moved;) {
        moved = false;
        for (int v = 0; v < index; v++) {
            const NetVolume *other = &net->volumes[v];
            bool apart = own->begin >= other->begin + other->floats || other->begin >= own->begin + own->floats;
            if (apart || !together(own, other)) continue;
            own->begin = other->begin + other->floats;
            moved = true;
        }
    }
    if (own->begin + own->floats > net->floats) net->floats = own->begin + own->floats;
}

/* The convolution or pool of a layer, with the final volumes. */
static Err make_operator(Convnet *net, int index) {
    const Layer *layer = &net->plan.layers[index];
    NetLayer *made = &net->layers[index];
    const Volume *in = &net->volumes[made->from].volume, *out = &net->volumes[made->to].volume;
    const Window *window = &layer->window;
    if (!is_conv(layer)) {
        made->pool = (PoolShape){*in, *out, window->kernel, window->stride, made->fit.before, made->first_slot};
        return ERR_NONE;
    }
    const ConvShape shape = {.in = *in,
                             .out = *out,
                             .kernel = window->kernel,
                             .stride = window->stride,
                             .before = made->fit.before,
                             .out_first = made->first_slot,
                             .out_channels = made->channels,
                             .relu = layer->kind == LAYER_CONV};
    return conv_new(&made->conv, &shape, net->plan.kernels ? net->plan.kernels : kernels_best());
}

/* The layers up to the one that completes plan.last. */
static int layers_needed(const ConvnetPlan *plan) {
    int needed = 0;
    for (int i = 0; i < plan->n_layers; i++)
        if (text_equal(plan->layers[i].name, plan->last) || text_equal(plan->layers[i].into, plan->last))
            needed = i + 1;
    return needed;
}

Err convnet_plan(Convnet *net) {
    net->n_layers = layers_needed(&net->plan);
    ASSERT(net->n_layers > 0 && net->plan.divisor >= 1);
    net->layers = calloc((size_t)net->n_layers, sizeof *net->layers);
    net->volumes = calloc((size_t)net->n_layers + 1, sizeof *net->volumes);
    if (!net->layers || !net->volumes) return RAISE(ERR_MEMORY, "network: no memory");
    net->volumes[net->n_volumes++] =
        (NetVolume){.name = "", .volume.size = net->plan.input, .first_writer = -1, .reader = -1};
    TRY(append_slots(&net->volumes[0], CONVNET_INPUT_CHANNELS, CONVNET_INPUT_CHANNELS, NULL));
    for (int i = 0; i < net->n_layers; i++) TRY(connect_layer(net, i));
    for (int i = 0; i < net->n_layers; i++)
        widen_border(&net->volumes[net->layers[i].from].volume, &net->layers[i].fit);
    for (int v = 0; v < net->n_volumes; v++) place_volume(net, v);
    for (int i = 0; i < net->n_layers; i++) TRY(make_operator(net, i));
    net->last = net->layers[net->n_layers - 1].to;
    return ERR_NONE;
}

void convnet_plan_free(Convnet *net) {
    for (int i = 0; i < net->n_layers && net->layers; i++) conv_free(&net->layers[i].conv);
    for (int v = 0; v < net->n_volumes && net->volumes; v++) free(net->volumes[v].channel_of);
    free(net->layers);
    free(net->volumes);
}
