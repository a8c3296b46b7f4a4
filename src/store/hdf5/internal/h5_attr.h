/* store/hdf5/h5_attr - attributes and lists of texts of a file of store/hdf5/h5. */
#pragma once

#include "store/hdf5/internal/h5_library.h"

/* Attributes of the root (object NULL) or of an object. Text is stored as UTF-8 of variable length. */
CHECKED Err h5_put_text(const H5File *file, const char *object, const char *name, const char *text);
CHECKED Err h5_put_texts(const H5File *file, const char *object, const char *name, const char *const *texts, int count);
CHECKED Err h5_put_int(const H5File *file, const char *object, const char *name, int64_t value);
/* *text is malloc'd. */
CHECKED Err h5_get_text(char **text, const H5File *file, const char *object, const char *name);
CHECKED Err h5_get_int(int64_t *value, const H5File *file, const char *object, const char *name);

/* A list of texts as a one-dimensional array of variable-length strings. */
CHECKED Err h5_texts_put(const H5File *file, const char *name, const char *const *texts, int count, const char *label,
                         const char *description);
/* *texts: `count` malloc'd texts in a malloc'd list; `count` must be what the file has. */
CHECKED Err h5_texts_get(char ***texts, int count, const H5File *file, const char *name);
void h5_texts_free(char ***texts, int count);
