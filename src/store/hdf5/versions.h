/* store/hdf5/versions - HDF5 and libzip; see base/system/versions.h. */
#pragma once

#include "base/text/text.h"

void store_versions(Builder *out);
