/* base/failure/banned - functions we do not use, as compile errors. Bounded versions: base/text/text.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat strtok sprintf vsprintf gets atoi atol atof rand srand
