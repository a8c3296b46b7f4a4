#include "train/identity.h"

#include "base/config/config.h"
#include "base/system/stop.h"
#include "base/text/text.h"

CHECKED Err run_identity(char out[DIGEST_SIZE], const void *config, const Field *fields, uint64_t seed,
                         const char *const *inputs, int n_inputs) {
    char settings[DIGEST_SIZE];
    Digest *digest = NULL;
    TRY(config_digest(settings, config, fields));
    TRY(digest_new(&digest));
    digest_add_text(digest, settings);
    digest_add(digest, &seed, sizeof(seed));
    for (int i = 0; i < n_inputs; i++) digest_add_text(digest, inputs[i]);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

const char *run_exit_reason(char *out, size_t size, Err err) {
    if (err == ERR_NONE) return "finished";
    (void)snprintf(out, size, "%s: %s", err == ERR_STOPPED ? "stopped" : "error",
                   err == ERR_STOPPED ? stop_reason() : err_message());
    return out;
}

static const struct {
    const char *letter;
    int width, depth, heads;
} known_sizes[] = {{"S", 384, 12, 6}, {"B", 768, 12, 12}, {"L", 1024, 24, 16}, {"H", 1280, 32, 16}};

CHECKED Err model_title(char *out, size_t size, const ModelConfig *m) {
    for (size_t i = 0; i < sizeof(known_sizes) / sizeof(known_sizes[0]); i++)
        if (m->width == known_sizes[i].width && m->depth == known_sizes[i].depth && m->heads == known_sizes[i].heads)
            return text_format(out, size, "ViT-%s/%d %dx%d", known_sizes[i].letter, m->patch_size, m->n_frames,
                               m->image_size);
    return text_format(out, size, "ViT-%dx%d/%d %dx%d", m->width, m->depth, m->patch_size, m->n_frames, m->image_size);
}
