/* math/versions - OpenBLAS (with the kernels it chose for this machine) and FFTW; see base/system/versions.h. */
#pragma once

#include "base/text/text.h"

void math_versions(Builder *out);
