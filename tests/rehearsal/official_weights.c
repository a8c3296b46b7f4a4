/* Random weights of Inception or I3D in the names and shapes of the files that FID and FVD are computed with.
 *   official_weights inception|i3d FILE */
#include "feature_fixture.h"
#include "features/tables.h"

int main(int argc, char **argv) {
    bool inception = argc == 3 && text_equal(argv[1], "inception");
    if (!inception && !(argc == 3 && text_equal(argv[1], "i3d"))) return 2;
    const ConvnetPlan plan = {.layers = inception ? inception_layers : i3d_layers,
                              .n_layers = inception ? inception_n_layers : i3d_n_layers,
                              .last = inception ? INCEPTION_LAST : I3D_LOGITS,
                              .by_frame = inception,
                              .input = inception ? (Extent){1, INCEPTION_SIZE, INCEPTION_SIZE}
                                                 : (Extent){I3D_FRAMES, I3D_SIZE, I3D_SIZE},
                              .divisor = 1};
    Convnet *net;
    if (convnet_new(&net, &plan)) return 1;
    net_write_weights(argv[2], net, inception ? inception_namings : i3d_namings);
    convnet_free(&net);
    return 0;
}
