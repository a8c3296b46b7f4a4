/* Configurations: the text as a file's content against every table of the generator, its lines as --set. What is
 * accepted must print as text that is accepted again and means the same. */
#include "fuzz/fuzz.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "gen/dataset/generate.h"
#include "gen/ingest/ingest.h"
#include "gen/standin/standin.h"
#include "gen/textures/textures.h"
#include "gen/variant/variant.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 8 };

/* Room for two of the largest config. */
static void parse(const Field *fields, const char *text) {
    void *config = calloc(1, fields_size(fields)), *again = calloc(1, fields_size(fields));
    if (config && again && !config_parse(config, fields, text, "fuzz")) {
        cJSON *dump = fields_dump(config, fields, false);
        char *printed = NULL, before[DIGEST_SIZE], after[DIGEST_SIZE];
        if (dump && !json_print(&printed, dump)) {
            fuzz_promise(!config_parse(again, fields, printed, "printed"), "what is printed is accepted");
            if (!config_digest(before, config, fields) && !config_digest(after, again, fields))
                fuzz_promise(strcmp(before, after) == 0, "what is printed means the same");
        }
        free(printed);
        cJSON_Delete(dump);
    }
    free(config);
    free(again);
}

static void set(const Field *fields, char *lines) {
    const char *sets[SETS_MAX];
    int n_sets = 0;
    for (char *at = lines; at && n_sets < SETS_MAX;) {
        sets[n_sets++] = at;
        at = strchr(at, '\n');
        if (at) *at++ = 0;
    }
    char *text = NULL;
    if (!config_resolve(&text, fields, NULL, sets, n_sets)) parse(fields, text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const Field *const tables[] = {variant_fields, generate_fields, textures_fields, standin_fields, ingest_fields};
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    cJSON *tree = NULL;
    if (!json_parse(&tree, text, size, "fuzz", ERR_USAGE)) cJSON_Delete(tree);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) parse(tables[t], text);
    /* Reading another file is another target's business. */
    if (!strstr(text, "extends")) set(tables[size % (sizeof tables / sizeof *tables)], text);
    free(text);
    return 0;
}
