/* The networks of one analysis. The paper's own come first (Inception for frames, I3D for clips), then the VideoMAE
 * encoder, then random networks. Random ones are calibrated on the reference, on 16 of its frames and 4 of its clips
 * (fewer where it has fewer), drawn by the analysis' seed: the same for every dataset that is compared with it. */
#include "analysis/measure/internal/metric_inputs.h"

#include "base/system/log.h"
#include "base/text/text.h"
#include "video/transform/crop.h"

/* The encoder goes first, since its clips' length is that of all networks of clips. */
static Err open_all(FeatureSet *set, FeatureNet **encoder, const FeatureFiles *files) {
    if (files->encoder[0]) TRY(feature_encoder_open(encoder, files->encoder));
    if (*encoder) set->clip_frames = (*encoder)->clip_frames;
    if (files->inception[0]) TRY(feature_inception_open(&set->nets[set->n], files->inception));
    if (files->inception[0]) set->n++;
    if (!files->i3d[0]) return ERR_NONE;
    TRY(feature_i3d_open(&set->nets[set->n], files->i3d, files->i3d_eps, set->clip_frames, false));
    set->n++;
    if (!files->i3d_pooled) return ERR_NONE;
    TRY(feature_i3d_open(&set->nets[set->n], files->i3d, files->i3d_eps, set->clip_frames, true));
    set->n++;
    return ERR_NONE;
}

Err feature_set_open(FeatureSet *set, const FeatureFiles *files) {
    FeatureNet *encoder = NULL;
    *set = (FeatureSet){.clip_frames = CLIP_FRAMES};
    Err err = open_all(set, &encoder, files);
    if (encoder) set->nets[set->n++] = encoder;
    if (err) feature_set_close(set);
    return err;
}

void feature_set_close(FeatureSet *set) {
    for (int n = 0; n < set->n; n++) feature_net_close(&set->nets[n]);
    set->n = 0;
}

/* FrameSampling [first, first + count) become the first batch of a scratch. */
static Err load_draws(FeatureScratch *scratch, const FeatureNet *net, const ClipSource *source,
                      const FrameSampling *draws, int64_t first, int count, Frames *frames) {
    for (int i = 0; i < count; i++) {
        int64_t draw = first + i;
        TRY(clip_source_read(source, 0, draws->videos[draw], draws->frames + draw * draws->per_draw, draws->per_draw,
                             frames));
        Box box = crop_square(frames->height, frames->width);
        TRY(feature_load(scratch, i, frames, &box, 0, net->clips ? net->clip_frames : 1));
    }
    return ERR_NONE;
}

/* A random network's norms get the statistics of these draws, so that its features do not vanish or explode with depth.
 */
static Err calibrate(FeatureNet *net, const ClipSource *source, const FrameSampling *draws, uint64_t seed) {
    Err err = ERR_NONE;
    char data[DIGEST_SIZE + 32];
    Frames frames = {0};
    FeatureScratch *scratches[CALIBRATION_BATCHES] = {NULL};
    int size = net->clips ? 1 : FEATURE_BATCH, batches = (int)(draws->count / size);
    ASSERT(batches >= 1 && batches <= CALIBRATION_BATCHES);
    for (int b = 0; b < batches; b++) {
        TRY_OR(done, feature_scratch_new(&scratches[b], net, NULL));
        TRY_OR(done, load_draws(scratches[b], net, source, draws, (int64_t)b * size, size, &frames));
    }
    TRY_OR(done, text_format(data, sizeof data, "%s %llu", source->digest, (unsigned long long)seed));
    TRY_OR(done, feature_random_calibrate(net, scratches, batches, data));
done:
    for (int b = 0; b < batches; b++) feature_scratch_free(&scratches[b]);
    frames_free(&frames);
    return err;
}

static int64_t at_most(int64_t wanted, int64_t there) {
    return wanted < there ? wanted : there;
}

/* `count` Inceptions, then `count` I3Ds, of seeds 1, 2, ... */
Err feature_set_add_random(FeatureSet *set, int count) {
    ASSERT(count <= RANDOM_NETWORKS_MAX && set->n + 2 * count <= FEATURE_NETS);
    for (int i = 0; i < 2 * count; i++) {
        TRY(feature_random_open(&set->nets[set->n], i >= count, 1 + (uint64_t)(i % count), set->clip_frames));
        set->n++;
    }
    return ERR_NONE;
}

/* Seeds count from 1; a network with weights from a file has none. */
static bool is_random(const FeatureNet *net) {
    return net->seed > 0;
}

/* On the same draws for all networks of a kind, so that they differ by their weights alone. */
Err feature_set_calibrate(FeatureSet *set, const ClipSource *reference, const SourceExtent *extent, uint64_t seed) {
    Err err = ERR_NONE;
    FrameSampling draws[2] = {{0}, {0}};
    if (extent->frames < FEATURE_BATCH)
        return RAISE(ERR_INPUT, "%s: %lld frames; random networks are calibrated on %d", reference->name,
                     (long long)extent->frames, FEATURE_BATCH);
    int64_t frames = at_most(CALIBRATION_BATCHES * FEATURE_BATCH, extent->frames);
    int64_t clips = at_most(CALIBRATION_BATCHES, extent->videos);
    log_info("calibrating random Inception and I3D on %lld frames and %lld clips of %s", (long long)frames,
             (long long)clips, reference->name);
    TRY_OR(done, frame_sampling_frames(&draws[0], reference, extent, frames, seed));
    TRY_OR(done, frame_sampling_clips(&draws[1], reference, clips, set->clip_frames, 1, seed));
    for (int n = 0; n < set->n; n++)
        if (is_random(set->nets[n]))
            TRY_OR(done, calibrate(set->nets[n], reference, &draws[set->nets[n]->clips], seed));
done:
    frame_sampling_free(&draws[0]);
    frame_sampling_free(&draws[1]);
    return err;
}

/* Whether any network looks at clips, or at single frames. */
bool feature_set_takes(const FeatureSet *set, bool clips) {
    for (int n = 0; n < set->n; n++)
        if (clips ? set->nets[n]->clips : set->nets[n]->frames) return true;
    return false;
}

/* Files by name, random networks by their number. */
Err feature_set_describe(char *out, size_t size, const FeatureSet *set) {
    Builder text = {0};
    int random = 0;
    for (int n = 0; n < set->n; n++) {
        random += is_random(set->nets[n]) && set->nets[n]->frames;
        bool same_file = n > 0 && text_starts(set->nets[n]->name, set->nets[n - 1]->name); /* I3D's pooled values */
        if (!is_random(set->nets[n]) && !same_file)
            builder_add(&text, "%s%s", text.length ? " + " : "", set->nets[n]->name);
    }
    if (random) builder_add(&text, "%s%d random of each", text.length ? " + " : "", random);
    if (!text.length) builder_add_text(&text, "no features");
    Err err = builder_check(&text, "networks");
    if (!err) err = text_copy(out, size, text.data);
    builder_free(&text);
    return err;
}

/* The first network of a kind is the one that stands for the kind; "" when it is the paper's. */
const char *feature_set_substitute(const FeatureSet *set, bool clips) {
    for (int n = 0; n < set->n; n++)
        if (clips ? set->nets[n]->clips : set->nets[n]->frames) return set->nets[n]->of_paper ? "" : set->nets[n]->name;
    return "";
}
