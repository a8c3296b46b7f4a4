/* par/versions - the MPI library; see base/system/versions.h. Starts nothing. */
#pragma once

#include "base/text/text.h"

void par_versions(Builder *out);
