#include "base/config/field.h"
#include "base/config/json.h"
#include "base/text/text.h"

#include "support/unit.h"

#include <cjson/cJSON.h>
#include <math.h>

typedef struct {
    int width;
    double rate;
} Model;

typedef struct {
    bool flip;
    int epochs, storage, threads;
    int64_t videos;
    float mask_ratio;
    double base_lr;
    char name[16];
    Range speed;
    TextList pools;
    Model model;
} Config;

static const Field model_fields[] = {
    FIELD_INT(Model, width, "channels", 64, 1, 4096),
    FIELD_DOUBLE(Model, rate, "no limits", 0.5, 0, 0),
    FIELD_END,
};

static const Field fields[] = {
    FIELD_BOOL(Config, flip, "mirror half of the clips", true),
    FIELD_INT(Config, epochs, "passes over the dataset", 3200, 1, 1e6),
    FIELD_ENUM(Config, storage, "how frames are kept", 1, "raw|deflate|mpeg4"),
    FIELD_INT(Config, threads, "threads a rank", 0, 0, 64, .flags = FIELD_COSMETIC),
    FIELD_INT64(Config, videos, "how many", 500, 0, 9007199254740992.0),
    FIELD_FLOAT(Config, mask_ratio, "share of tubes hidden", 0.1, 0, 0.95),
    FIELD_DOUBLE(Config, base_lr, "learning rate", 3e-4, 0, 1),
    FIELD_TEXT(Config, name, "what to call it", "plain"),
    FIELD_RANGE(Config, speed, "pixels a frame", 1.2, 3.0, 0, 100),
    FIELD_TEXTS(Config, pools, "where images come from"),
    FIELD_GROUP(Config, model, "the network", model_fields),
    FIELD_END,
};

static Err read_text(Config *config, const char *text) {
    cJSON *tree = NULL;
    Err err = json_parse(&tree, text, strlen(text), "test", ERR_USAGE);
    if (!err) err = fields_read(config, fields, tree, "pretrain");
    cJSON_Delete(tree);
    return err;
}

static void expect_message(const char *text, const char *message) {
    Config config;
    fields_default(&config, fields);
    assert_int_equal(read_text(&config, text), ERR_USAGE);
    assert_string_equal(err_message(), message);
}

static void defaults_are_those_of_the_table(void **state) {
    (void)state;
    Config config;
    memset(&config, 0xff, sizeof config);
    fields_default(&config, fields);
    assert_true(config.flip);
    assert_int_equal(config.epochs, 3200);
    assert_int_equal(config.storage, 1);
    assert_int_equal(config.videos, 500);
    assert_true(config.mask_ratio == 0.1f);
    assert_true(config.base_lr == 3e-4);
    assert_string_equal(config.name, "plain");
    assert_true(config.speed.low == 1.2 && config.speed.high == 3.0);
    assert_int_equal(config.pools.count, 0);
    assert_int_equal(config.model.width, 64);
}

static void every_type_is_read(void **state) {
    (void)state;
    Config config;
    fields_default(&config, fields);
    assert_ok(read_text(&config,
                        "{\"flip\": false, \"epochs\": 2, \"storage\": \"mpeg4\", \"videos\": 9007199254740991, "
                        "\"mask_ratio\": 0.75, \"base_lr\": 1e-3, \"name\": \"x\", \"speed\": [0, 2.5], "
                        "\"pools\": [\"a\", \"b\"], \"model\": {\"width\": 8}}"));
    assert_false(config.flip);
    assert_int_equal(config.epochs, 2);
    assert_int_equal(config.storage, 2);
    assert_true(config.videos == 9007199254740991);
    assert_true(config.mask_ratio == 0.75f);
    assert_true(config.base_lr == 1e-3);
    assert_string_equal(config.name, "x");
    assert_true(config.speed.low == 0 && config.speed.high == 2.5);
    assert_int_equal(config.pools.count, 2);
    assert_string_equal(config.pools.items[1], "b");
    assert_int_equal(config.model.width, 8);
    assert_true(config.model.rate == 0.5);
}

static void a_number_out_of_range_is_refused_with_its_key_path(void **state) {
    (void)state;
    expect_message("{\"mask_ratio\": 1.5}", "pretrain.mask_ratio: 1.5 is outside [0, 0.95]");
    expect_message("{\"model\": {\"width\": 0}}", "pretrain.model.width: 0 is outside [1, 4096]");
    expect_message("{\"epochs\": -1}", "pretrain.epochs: -1 is outside [1, 1000000]");
    expect_message("{\"speed\": [1, 101]}", "pretrain.speed: 101 is outside [0, 100]");
    expect_message("{\"speed\": [3, 1]}", "pretrain.speed: the low end 3 is above the high end 1");
}

static void whole_numbers_are_whole(void **state) {
    (void)state;
    expect_message("{\"epochs\": 1.5}", "pretrain.epochs: 1.5 is not a whole number");
    expect_message("{\"videos\": 9007199254740993e3}",
                   "pretrain.videos: 9.007199254740993e+18 is outside [0, 9007199254740992]");
    expect_message("{\"epochs\": \"ten\"}", "pretrain.epochs: expected a whole number, found the text \"ten\"");
}

static void a_wrong_type_says_what_was_found(void **state) {
    (void)state;
    expect_message("{\"flip\": 1}", "pretrain.flip: expected true or false, found 1");
    expect_message("{\"base_lr\": null}", "pretrain.base_lr: expected a number, found null");
    expect_message("{\"name\": [1, 2]}", "pretrain.name: expected a text, found a list of 2");
    expect_message("{\"speed\": 3}", "pretrain.speed: expected [low, high], two numbers, found 3");
    expect_message("{\"pools\": [\"a\", true]}", "pretrain.pools: expected a list of texts, found true");
    expect_message("{\"model\": 5}", "pretrain.model: expected an object {...}, found 5");
    expect_message("[]", "pretrain: expected an object {...}, found a list of 0");
}

static void an_unknown_key_gets_the_nearest_name(void **state) {
    (void)state;
    expect_message("{\"mask_ration\": 0.5}",
                   "unknown key \"mask_ration\" in \"pretrain\"; did you mean \"mask_ratio\"?");
    expect_message("{\"model\": {\"widht\": 5}}",
                   "unknown key \"widht\" in \"pretrain.model\"; did you mean \"width\"?");
    expect_message("{\"zebra\": 0}", "unknown key \"zebra\" in \"pretrain\"");
    expect_message("{\"storage\": \"mpeg\"}",
                   "pretrain.storage: \"mpeg\" is none of raw | deflate | mpeg4; did you mean \"mpeg4\"?");
}

static void a_text_that_does_not_fit_is_refused(void **state) {
    (void)state;
    expect_message("{\"name\": \"0123456789abcdef\"}", "pretrain.name: a text of 16 bytes, at most 15 fit");
    Config config;
    assert_ok(read_text(&config, "{\"name\": \"0123456789abcde\"}"));
    assert_string_equal(config.name, "0123456789abcde");
}

static void a_list_that_does_not_fit_is_refused(void **state) {
    (void)state;
    Builder text = {0};
    builder_add_text(&text, "{\"pools\": [\"a\"");
    for (int i = 0; i < TEXT_LIST_MAX; i++) builder_add_text(&text, ", \"a\"");
    builder_add_text(&text, "]}");
    expect_message(text.data, "pretrain.pools: a list of 65, at most 64 fit");
    builder_free(&text);
}

static void what_is_dumped_reads_back_to_the_same_values(void **state) {
    (void)state;
    Config config, again;
    memset(&config, 0, sizeof config);
    memset(&again, 0, sizeof again);
    fields_default(&config, fields);
    config.mask_ratio = 0.3f;
    config.base_lr = 1.0 / 3;
    config.pools.count = 1;
    memcpy(config.pools.items[0], "pool", 5);
    cJSON *dump = fields_dump(&config, fields, false);
    fields_default(&again, fields);
    assert_ok(fields_read(&again, fields, dump, ""));
    assert_memory_equal(&config, &again, sizeof config);
    cJSON_Delete(dump);
}

static void floats_are_dumped_in_their_shortest_form(void **state) {
    (void)state;
    Config config;
    fields_default(&config, fields);
    cJSON *dump = fields_dump(&config, fields, false);
    char *text = NULL;
    assert_ok(json_print(&text, dump));
    assert_non_null(strstr(text, "\"mask_ratio\": 0.1,"));
    assert_non_null(strstr(text, "\"base_lr\": 0.0003,"));
    assert_non_null(strstr(text, "\"speed\": [1.2, 3],"));
    free(text);
    cJSON_Delete(dump);
}

static void cosmetic_fields_are_no_part_of_the_identity(void **state) {
    (void)state;
    Config config;
    fields_default(&config, fields);
    cJSON *all = fields_dump(&config, fields, false), *identity = fields_dump(&config, fields, true);
    assert_non_null(cJSON_GetObjectItem(all, "threads"));
    assert_null(cJSON_GetObjectItem(identity, "threads"));
    assert_non_null(cJSON_GetObjectItem(identity, "epochs"));
    cJSON_Delete(all);
    cJSON_Delete(identity);
}

static void fields_are_found_by_key_path(void **state) {
    (void)state;
    const char *nearest = NULL;
    assert_string_equal(fields_find(fields, "model.width", &nearest)->help, "channels");
    assert_string_equal(fields_find(fields, "model", &nearest)->help, "the network");
    assert_null(fields_find(fields, "model.with", &nearest));
    assert_string_equal(nearest, "width");
    assert_null(fields_find(fields, "epochs.width", NULL));
    assert_null(fields_find(fields, "", NULL));
}

static void required_fields_are_asked_for(void **state) {
    (void)state;
    static const Field inner[] = {
        FIELD_TEXT(Config, name, "what to call it", "", .flags = FIELD_REQUIRED),
        FIELD_END,
    };
    static const Field outer[] = {
        FIELD_GROUP(Config, model, "the network", inner),
        FIELD_END,
    };
    cJSON *empty = cJSON_CreateObject();
    assert_int_equal(fields_require(outer, empty, ""), ERR_USAGE);
    assert_string_equal(err_message(), "model.name is not given (what to call it); add it to the configuration or say "
                                       "--set model.name=...");
    cJSON_Delete(empty);
}

static void kinds_and_defaults_are_told_in_words(void **state) {
    (void)state;
    char text[256];
    assert_string_equal(field_kind_text(text, sizeof text, fields_find(fields, "epochs", NULL)),
                        "whole number from 1 to 1000000");
    assert_string_equal(field_kind_text(text, sizeof text, fields_find(fields, "storage", NULL)),
                        "raw | deflate | mpeg4");
    assert_string_equal(field_kind_text(text, sizeof text, fields_find(fields, "model.rate", NULL)), "number");
    assert_string_equal(field_default_text(text, sizeof text, fields_find(fields, "storage", NULL)), "deflate");
    assert_string_equal(field_default_text(text, sizeof text, fields_find(fields, "speed", NULL)), "[1.2, 3]");
    assert_string_equal(field_default_text(text, sizeof text, fields_find(fields, "flip", NULL)), "true");
}

static void the_schema_carries_types_limits_and_help(void **state) {
    (void)state;
    cJSON *schema = fields_schema(fields);
    const cJSON *properties = cJSON_GetObjectItem(schema, "properties");
    const cJSON *epochs = cJSON_GetObjectItem(properties, "epochs");
    assert_string_equal(cJSON_GetObjectItem(epochs, "type")->valuestring, "integer");
    assert_true(cJSON_GetObjectItem(epochs, "maximum")->valuedouble == 1e6);
    assert_string_equal(cJSON_GetObjectItem(epochs, "description")->valuestring, "passes over the dataset");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(properties, "storage"), "enum")), 3);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(schema, "additionalProperties")));
    cJSON_Delete(schema);
}

/* A group that came later: whoever does not use it keeps the names and the files of before it. */
static void a_quiet_group_is_no_part_of_anything_while_all_of_it_is_the_default(void **state) {
    (void)state;
    static const Field quiet[] = {
        FIELD_INT(Config, epochs, "passes over the dataset", 3200, 1, 1e6),
        FIELD_GROUP(Config, model, "architecture", model_fields, .flags = FIELD_QUIET),
        FIELD_END,
    };
    Config config = {0};
    fields_default(&config, quiet);
    for (int changed = 0; changed < 2; changed++) {
        config.model.rate = changed ? 0.25 : 0.5;
        cJSON *all = fields_dump(&config, quiet, false), *identity = fields_identity(&config, quiet);
        assert_int_equal(cJSON_HasObjectItem(all, "model"), changed);
        assert_int_equal(cJSON_HasObjectItem(identity, "model"), changed);
        assert_true(cJSON_HasObjectItem(identity, "epochs"));
        cJSON_Delete(all), cJSON_Delete(identity);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(a_number_out_of_range_is_refused_with_its_key_path),
        cmocka_unit_test(whole_numbers_are_whole),
        cmocka_unit_test(a_wrong_type_says_what_was_found),
        cmocka_unit_test(an_unknown_key_gets_the_nearest_name),
        cmocka_unit_test(a_text_that_does_not_fit_is_refused),
        cmocka_unit_test(a_list_that_does_not_fit_is_refused),
        cmocka_unit_test(what_is_dumped_reads_back_to_the_same_values),
        cmocka_unit_test(floats_are_dumped_in_their_shortest_form),
        cmocka_unit_test(a_quiet_group_is_no_part_of_anything_while_all_of_it_is_the_default),
        cmocka_unit_test(cosmetic_fields_are_no_part_of_the_identity),
        cmocka_unit_test(fields_are_found_by_key_path),
        cmocka_unit_test(required_fields_are_asked_for),
        cmocka_unit_test(kinds_and_defaults_are_told_in_words),
        cmocka_unit_test(the_schema_carries_types_limits_and_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
