/* store/foreign/hf_names - what the tensors of a VideoMAE are called: by the official code and by the transformers
 * library.
 *
 * One table gives both directions. Official names are ours. Of a block, transformers keeps query, key and value apart
 * where the official code has one qkv; version 4 has q_bias and v_bias as the official code does, version 5 query.bias
 * and value.bias: both are read, those of version 4 are written. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* Parts of a joined tensor, by rows. */
enum { NAME_WHOLE = -1, NAME_QUERY, NAME_KEY, NAME_VALUE, NAME_PARTS };

/* The transformers name of an official tensor, ERR_INPUT when unknown. For attn.qkv.weight the name of `part`. */
CHECKED Err hf_name(char *out, size_t size, const char *official, int part);
/* The official name behind a transformers name, of a classifier or a pre-training model; *part is NAME_WHOLE or says
 * which third of it. Query and value biases give q_bias and v_bias, a key bias attn.k_bias, which no model has: it
 * shifts all scores of a query alike. False: no such tensor. */
bool hf_official(char *out, size_t size, int *part, const char *hf, bool classifier);
