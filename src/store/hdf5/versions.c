#include "store/hdf5/versions.h"

#include "base/system/versions.h"

#include <hdf5.h>
#include <zip.h>

void store_versions(Builder *out) {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    versions_add(out, "HDF5", "%u.%u.%u, parallel", major, minor, release);
    versions_add(out, "libzip", "%s", zip_libzip_version());
}
