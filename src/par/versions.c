#include "par/versions.h"

#include "base/system/versions.h"

#include <mpi.h>

void par_versions(Builder *out) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(text, &length); /* may be called before MPI_Init */
    versions_add(out, "MPI", "%.*s", (int)strcspn(text, ",\n"), text);
}
