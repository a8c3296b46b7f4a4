#include "run/rehearsal.h"

#include "base/config/config.h"
#include "base/text/text.h"

static const char *const shrinkable[] = {
    /* the network's width and depth */
    "model.width", "model.depth", "model.heads", "model.decoder_width", "model.decoder_depth", "model.decoder_heads",
    /* how long it is trained, and with how many clips a step; the warm-up is part of the length */
    "train.epochs", "train.batch", "train.micro_batch", "train.warmup_epochs",
    /* how much is made, read and looked at */
    "videos", "images", "limit", "data.clips", "data.test_clips", "test_clips", "frames", "shown", "n_frames",
    "n_videos", "frames_per_video", "groups", NULL};

bool rehearsal_may_shrink(const char *key) {
    for (int i = 0; shrinkable[i]; i++)
        if (text_equal(shrinkable[i], key)) return true;
    return false;
}

CHECKED Err rehearsal_original(void **config, const Run *run, size_t config_size, const Field *fields) {
    *config = NULL;
    if (!run->rehearsed) return ERR_NONE;
    void *made = calloc(1, config_size);
    if (!made) return RAISE(ERR_MEMORY, "rehearsal: no memory for the settings");
    Err err = config_parse(made, fields, run->rehearsed, "settings before the rehearsal");
    if (err)
        free(made);
    else
        *config = made;
    return err;
}
