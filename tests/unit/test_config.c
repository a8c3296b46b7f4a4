#include "base/config/config.h"
#include "base/config/json.h"

#include "support/unit.h"

#include <cjson/cJSON.h>

typedef struct {
    int width, depth;
} Model;

typedef struct {
    int epochs, threads;
    double mask_ratio;
    char name[64];
    TextList pools;
    Model model;
} Config;

static const Field model_fields[] = {
    FIELD_INT(Model, width, "channels", 64, 1, 4096),
    FIELD_INT(Model, depth, "blocks", 2, 1, 64),
    FIELD_END,
};

static const Field fields[] = {
    FIELD_INT(Config, epochs, "passes over the dataset", 10, 1, 1e6),
    FIELD_INT(Config, threads, "threads a rank", 0, 0, 64, .flags = FIELD_COSMETIC),
    FIELD_DOUBLE(Config, mask_ratio, "share of tubes hidden", 0.75, 0, 0.95),
    FIELD_TEXT(Config, name, "what to call it", ""),
    FIELD_TEXTS(Config, pools, "where images come from"),
    FIELD_GROUP(Config, model, "the network", model_fields),
    FIELD_END,
};

static char scratch[PATH_SIZE];
static char original_folder[PATH_SIZE];

static int enter_scratch(void **state) {
    (void)state;
    if (!getcwd(original_folder, sizeof original_folder)) return -1;
    scratch_make(scratch);
    return chdir(scratch);
}

static int leave_scratch(void **state) {
    (void)state;
    int left = chdir(original_folder);
    scratch_remove(scratch);
    return left;
}

static Err load(Config *config, const char *path, const char *set) {
    char *text = NULL;
    TRY(config_resolve(&text, fields, path, &set, set ? 1 : 0));
    Err err = config_parse(config, fields, text, path ? path : "command line");
    free(text);
    return err;
}

static void write_file(const char *name, const char *text) {
    char path[PATH_SIZE];
    scratch_write(path, scratch, name, text);
}

static void without_a_file_the_defaults_hold(void **state) {
    (void)state;
    Config config;
    assert_ok(load(&config, NULL, NULL));
    assert_int_equal(config.epochs, 10);
    assert_int_equal(config.model.width, 64);
}

static void the_order_of_precedence_is_defaults_extends_file_set(void **state) {
    (void)state;
    write_file("base/root.json", "{\"epochs\": 1, \"name\": \"root\", \"model\": {\"width\": 1, \"depth\": 1}}");
    write_file("middle.json", "{\"extends\": \"base/root\", \"name\": \"middle\", \"model\": {\"width\": 2}}");
    write_file("top.json", "{\"extends\": \"middle.json\", \"mask_ratio\": 0.5}");
    Config config;
    assert_ok(load(&config, "top.json", "model.depth=9"));
    assert_int_equal(config.epochs, 1);
    assert_string_equal(config.name, "middle");
    assert_int_equal(config.model.width, 2);
    assert_int_equal(config.model.depth, 9);
    assert_true(config.mask_ratio == 0.5);
}

static void a_group_may_come_from_its_own_file(void **state) {
    (void)state;
    write_file("configs/models/small.json", "{\"width\": 8, \"depth\": 3}");
    write_file("plain.json", "{\"model\": \"models/small\"}");
    write_file("changed.json", "{\"model\": {\"extends\": \"models/small\", \"depth\": 4}}");
    Config config;
    assert_ok(load(&config, "plain.json", NULL));
    assert_int_equal(config.model.width, 8);
    assert_int_equal(config.model.depth, 3);
    assert_ok(load(&config, "changed.json", NULL));
    assert_int_equal(config.model.width, 8);
    assert_int_equal(config.model.depth, 4);
    assert_ok(load(&config, NULL, "model=models/small"));
    assert_int_equal(config.model.depth, 3);
}

static void a_circle_of_extends_is_refused(void **state) {
    (void)state;
    Config config;
    write_file("self.json", "{\"extends\": \"self\"}");
    assert_fails(load(&config, "self.json", NULL), ERR_USAGE, "runs in a circle");
    write_file("a.json", "{\"extends\": \"b\"}");
    write_file("b.json", "{\"extends\": \"./a.json\"}");
    assert_fails(load(&config, "a.json", NULL), ERR_USAGE, "\"extends\" runs in a circle");
    write_file("no-text.json", "{\"extends\": 3}");
    assert_fails(load(&config, "no-text.json", NULL), ERR_USAGE, "must be a text");
    write_file("missing.json", "{\"extends\": \"nowhere\"}");
    assert_fails(load(&config, "missing.json", NULL), ERR_USAGE, "missing.json: no configuration \"nowhere\"");
}

static void the_same_file_may_be_extended_twice_side_by_side(void **state) {
    (void)state;
    write_file("configs/models/small.json", "{\"width\": 8}");
    write_file("one.json", "{\"model\": \"models/small\"}");
    write_file("two.json", "{\"extends\": \"one\", \"model\": \"models/small\"}");
    Config config;
    assert_ok(load(&config, "two.json", NULL));
    assert_int_equal(config.model.width, 8);
}

static void an_error_names_the_file_it_stands_in(void **state) {
    (void)state;
    Config config;
    write_file("bad.json", "{\"mask_ratio\": 1.5}");
    write_file("good.json", "{\"extends\": \"bad\"}");
    assert_fails(load(&config, "good.json", NULL), ERR_USAGE, "./bad.json: mask_ratio: 1.5 is outside [0, 0.95]");
    write_file("typo.json", "{\"model\": {\"widht\": 1}}");
    assert_fails(load(&config, "typo.json", NULL), ERR_USAGE,
                 "typo.json: unknown key \"widht\" in \"model\"; did you mean \"width\"?");
    assert_fails(load(&config, NULL, "mask_ratio=2"), ERR_USAGE, "command line: mask_ratio: 2 is outside [0, 0.95]");
    assert_fails(load(&config, NULL, "epoch=2"), ERR_USAGE, "did you mean \"epochs\"?");
    assert_fails(load(&config, "absent.json", NULL), ERR_USAGE, "absent.json: no such file");
}

static void broken_json_is_refused_with_its_line(void **state) {
    (void)state;
    Config config;
    write_file("comma.json", "{\n  \"epochs\": 1\n  \"name\": \"x\"\n}\n");
    assert_fails(load(&config, "comma.json", NULL), ERR_USAGE, "comma.json: line 3: not valid JSON at `\"name\"");
    write_file("open.json", "{\n  \"epochs\": 1\n");
    assert_fails(load(&config, "open.json", NULL), ERR_USAGE, "the JSON ends too early");
    write_file("nan.json", "{\"mask_ratio\": NaN}");
    assert_fails(load(&config, "nan.json", NULL), ERR_USAGE, "line 1: not valid JSON at `NaN}`");
    write_file("huge.json", "{\"mask_ratio\": 1e999}");
    assert_fails(load(&config, "huge.json", NULL), ERR_USAGE, "too large");
    write_file("twice.json", "{\"epochs\": 1, \"epochs\": 2}");
    assert_fails(load(&config, "twice.json", NULL), ERR_USAGE, "\"epochs\" stands twice");
    write_file("behind.json", "{} {}");
    assert_fails(load(&config, "behind.json", NULL), ERR_USAGE, "not valid JSON at `{}`");
    write_file("empty.json", "");
    assert_fails(load(&config, "empty.json", NULL), ERR_USAGE, "ends too early");
    write_file("list.json", "[1]");
    assert_fails(load(&config, "list.json", NULL), ERR_USAGE, "expected an object");
}

static void deep_nesting_and_huge_files_are_refused(void **state) {
    (void)state;
    Config config;
    Builder text = {0};
    for (int i = 0; i < 10000; i++) builder_add_text(&text, "[");
    write_file("deep.json", text.data);
    assert_fails(load(&config, "deep.json", NULL), ERR_USAGE, "nested deeper than");
    for (int i = 0; i < 20; i++) builder_add(&text, "%*s", 100000, "");
    write_file("large.json", text.data);
    assert_fails(load(&config, "large.json", NULL), ERR_INPUT, "large.json: larger than");
    builder_free(&text);
}

static void values_of_set_are_json_or_text(void **state) {
    (void)state;
    Config config;
    assert_ok(load(&config, NULL, "name=12"));
    assert_string_equal(config.name, "12");
    assert_ok(load(&config, NULL, "name=\"quoted\""));
    assert_string_equal(config.name, "quoted");
    assert_ok(load(&config, NULL, "name=a=b"));
    assert_string_equal(config.name, "a=b");
    assert_ok(load(&config, NULL, "pools=x,y/z"));
    assert_int_equal(config.pools.count, 2);
    assert_string_equal(config.pools.items[1], "y/z");
    assert_ok(load(&config, NULL, "pools=a=[1,2],b=3"));
    assert_int_equal(config.pools.count, 2);
    assert_string_equal(config.pools.items[0], "a=[1,2]");
    char longest[300] = "pools=x,";
    memset(longest + 8, 'y', 255);
    assert_ok(load(&config, NULL, longest));
    assert_int_equal(strlen(config.pools.items[1]), 255);
    longest[8 + 255] = 'y';
    assert_fails(load(&config, NULL, longest), ERR_USAGE, "pools: a text of 256 bytes, at most 255 fit");
    assert_ok(load(&config, NULL, "pools=[\"one\"]"));
    assert_int_equal(config.pools.count, 1);
    assert_fails(load(&config, NULL, "epochs=ten"), ERR_USAGE, "expected a whole number, found the text \"ten\"");
    assert_fails(load(&config, NULL, "epochs"), ERR_USAGE, "expected KEY=VALUE");
    assert_fails(load(&config, NULL, "=1"), ERR_USAGE, "expected KEY=VALUE");
    assert_fails(load(&config, NULL, "model..width=1"), ERR_USAGE, "unknown key \"\"");
    assert_fails(load(&config, NULL, "model.width.x=1"), ERR_USAGE,
                 "model.width: expected a whole number, found an obj");
}

static void the_resolved_text_is_complete_and_resolves_to_itself(void **state) {
    (void)state;
    char *text = NULL, *again = NULL;
    const char *sets[] = {"epochs=3", "epochs=4", "name=x"};
    assert_ok(config_resolve(&text, fields, NULL, sets, 3));
    assert_string_equal(text, "{\n  \"epochs\": 4,\n  \"threads\": 0,\n  \"mask_ratio\": 0.75,\n  \"name\": \"x\",\n"
                              "  \"pools\": [],\n  \"model\": {\n    \"width\": 64,\n    \"depth\": 2\n  }\n}\n");
    write_file("resolved.json", text);
    assert_ok(config_resolve(&again, fields, "resolved.json", NULL, 0));
    assert_string_equal(text, again);
    free(text);
    free(again);
}

static void the_digest_sees_what_matters_only(void **state) {
    (void)state;
    Config config;
    char plain[DIGEST_SIZE], cosmetic[DIGEST_SIZE], changed[DIGEST_SIZE];
    assert_ok(load(&config, NULL, NULL));
    assert_ok(config_digest(plain, &config, fields));
    assert_ok(load(&config, NULL, "threads=7"));
    assert_ok(config_digest(cosmetic, &config, fields));
    assert_ok(load(&config, NULL, "model.depth=3"));
    assert_ok(config_digest(changed, &config, fields));
    assert_string_equal(plain, cosmetic);
    assert_string_not_equal(plain, changed);
}

static void names_are_found_in_the_folder_of_configurations(void **state) {
    (void)state;
    char path[PATH_SIZE], root[PATH_SIZE];
    write_file("configs/variants/moving-circles.json", "{}");
    write_file("beside.json", "{}");
    assert_ok(config_find(path, sizeof path, "variants", "moving-circles"));
    assert_string_equal(path, "configs/variants/moving-circles.json");
    assert_ok(config_find(path, sizeof path, NULL, "variants/moving-circles.json"));
    assert_string_equal(path, "configs/variants/moving-circles.json");
    assert_ok(config_find(path, sizeof path, "variants", "beside"));
    assert_string_equal(path, "beside.json");
    assert_fails(config_find(path, sizeof path, "variants", "moving-circels"), ERR_USAGE,
                 "did you mean \"moving-circles\"?");
    assert_fails(config_find(path, sizeof path, NULL, "moving-circles"), ERR_USAGE,
                 "did you mean \"variants/moving-circles\"?"); /* not the very word that was not found */
    assert_fails(config_find(path, sizeof path, "variants", ""), ERR_USAGE, "empty");
    assert_ok(config_root(root, sizeof root));
    assert_string_equal(root, "configs");
}

static void numbers_are_written_in_the_fewest_digits(void **state) {
    (void)state;
    char out[32];
    assert_string_equal(json_number(out, sizeof out, 0.1), "0.1");
    assert_string_equal(json_number(out, sizeof out, 1000000), "1000000");
    assert_string_equal(json_number(out, sizeof out, -0.0), "0");
    assert_string_equal(json_number(out, sizeof out, 1e300), "1e+300");
    assert_string_equal(json_number(out, sizeof out, 1.0 / 3), "0.3333333333333333");
    assert_true(strtod(json_number(out, sizeof out, 4.9e-324), NULL) == 4.9e-324);
}

int main(void) {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(without_a_file_the_defaults_hold),
        IN_SCRATCH(the_order_of_precedence_is_defaults_extends_file_set),
        IN_SCRATCH(a_group_may_come_from_its_own_file),
        IN_SCRATCH(a_circle_of_extends_is_refused),
        IN_SCRATCH(the_same_file_may_be_extended_twice_side_by_side),
        IN_SCRATCH(an_error_names_the_file_it_stands_in),
        IN_SCRATCH(broken_json_is_refused_with_its_line),
        IN_SCRATCH(deep_nesting_and_huge_files_are_refused),
        IN_SCRATCH(values_of_set_are_json_or_text),
        IN_SCRATCH(the_resolved_text_is_complete_and_resolves_to_itself),
        IN_SCRATCH(the_digest_sees_what_matters_only),
        IN_SCRATCH(names_are_found_in_the_folder_of_configurations),
        IN_SCRATCH(numbers_are_written_in_the_fewest_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
