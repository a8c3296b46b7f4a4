/* gen/dataset/rerender - latent datasets: no pixels on disk, the frames are rendered on reading, equal to the byte to
 * those a raw dataset of the same settings holds. Needs the pool it was made with, which is found where it was and
 * checked. */
#pragma once

#include "store/data/dataset.h"

/* Installs the renderer in store. Called once at start, by the program and by tests. */
void rerender_install(void);
