/* features/internal/network_kind - what each kind of feature network implements. For features/ only. */
#pragma once

#include "features/network.h"

typedef struct FeatureKind {
    CHECKED Err (*scratch_new)(void **scratch, const FeatureNet *net);
    void (*scratch_free)(void *scratch);
    CHECKED Err (*load)(void *scratch, int slot, const Frames *frames, const Box *box, int first_frame, int n_frames);
    void (*compute)(void *scratch, float *features, int n);
    FeatureCost (*cost)(const FeatureNet *net);
    void (*close)(void *self);
} FeatureKind;

/* A net with `like`'s members on the heap; on failure `self` is closed. */
CHECKED Err feature_net_make(FeatureNet **net, const FeatureNet *like);
/* What its kind made. */
void *feature_scratch_self(FeatureScratch *scratch);
