/* par/versions - the MPI library; see base/versions.h. Starts nothing. */
#pragma once

#include "base/text.h"

void par_versions(Builder *out);
