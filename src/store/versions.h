/* store/versions - HDF5 and libzip; see base/versions.h. */
#pragma once

#include "base/text.h"

void store_versions(Builder *out);
