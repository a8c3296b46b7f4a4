/* math/versions - OpenBLAS (with the kernels it chose for this machine) and FFTW; see base/versions.h. */
#pragma once

#include "base/text.h"

void math_versions(Builder *out);
