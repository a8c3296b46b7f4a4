#include "cli/stage/internal/version.h"

#include "base/system/versions.h"
#include "base/text/text.h"
#include "math/versions.h"
#include "nn/kernels/kernels.h"
#include "par/versions.h"
#include "store/hdf5/versions.h"
#include "video/media/versions.h"

#include <stdlib.h>

#if defined __clang__
static const char compiler[] = __VERSION__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

/* What -march gave the compiler. */
static const char *vector_width(void) {
#if defined __AVX512F__
    return "AVX-512";
#elif defined __AVX2__
    return "AVX2";
#elif defined __AVX__
    return "AVX";
#elif defined __ARM_NEON
    return "NEON";
#else
    return "the base instruction set";
#endif
}

void version_print(void) {
    Builder out = {0};
    builder_add(&out, "synvid %s\n", SYNVID_VERSION);
    versions_add(&out, "compiler", "%s", compiler);
    versions_add(&out, "build", "%s, compiled for %s", SYNVID_BUILD, vector_width());
    const char *kernels = kernels_best()->name, *asked = getenv("SYNVID_KERNELS");
    versions_add(&out, "kernels", "%s, %s", kernels,
                 asked && text_equal(asked, kernels) ? "as SYNVID_KERNELS asks" : "the widest this processor has");
    par_versions(&out);
    store_versions(&out);
    video_versions(&out);
    math_versions(&out);
    base_versions(&out);
    if (out.data) fputs(out.data, stdout);
    builder_free(&out);
}
