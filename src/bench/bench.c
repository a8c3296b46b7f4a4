/* The topics in the order in which the help tells them. */
#include "bench/bench.h"

#include "bench/internal/topics.h"

const BenchTopic bench_topics[] = {
    {"generate", false, bench_generate_all},
    {"textures", false, bench_textures_all},
    {"shards", true, bench_shards_all},
    {"kernels", false, bench_kernels_all},
    {"step", true, bench_step_all},
    {"exchange", true, bench_exchange_all},
    {"memory", false, bench_memory_all},
    {"features", false, bench_features_all},
    {"distances", false, bench_distances_all},
};
const int bench_n_topics = sizeof bench_topics / sizeof bench_topics[0];
