/* gen/ingest/ingest_list - which files, in which order, with which labels. */
#include "gen/ingest/ingest_list.h"

#include "support/unit.h"

#include <sys/stat.h>

static char folder[PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    scratch_make(folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void add(const char *name) {
    char path[PATH_SIZE];
    scratch_write(path, folder, name, name);
}

static IngestConfig settings(void) {
    IngestConfig config;
    fields_default(&config, ingest_fields);
    assert_ok(text_copy(config.input, sizeof config.input, folder));
    return config;
}

static IngestList list_with(const IngestConfig *config, uint64_t seed) {
    IngestList list;
    const Par par = par_serial(1);
    assert_ok(ingest_list_all(&list, config, seed, &par));
    return list;
}

static void test_files_come_in_bytewise_order_of_their_paths(void **state) {
    (void)state;
    static const char *const expected[] = {"B.avi", "a.avi", "a/z.avi", "b.avi"};
    add("b.avi");
    add("a.avi");
    add("B.avi");
    add("a/z.avi");
    const IngestConfig config = settings();
    IngestList list = list_with(&config, 1);
    assert_int_equal(list.count, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(list.names[i], expected[i]); /* '.' sorts before '/' */
    assert_int_equal(list.bytes[2], strlen("a/z.avi"));
    assert_int_equal(list.labels[0], -1);
    ingest_list_free(&list);
}

static void test_names_say_what_is_left_out(void **state) {
    (void)state;
    static const char *const names[] = {"a.avi",     "b.MP4",   "c.unheard-of", "d.jpg",       "e.PNG",
                                        "notes.txt", "LICENSE", "sound.mp3",    ".hidden.avi", "list.csv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) add(names[i]);
    IngestConfig config = settings();
    IngestList list = list_with(&config, 1);
    assert_int_equal(list.count, 3); /* the two videos and the unknown one */
    assert_int_equal(list.n_left_out, 6);
    ingest_list_free(&list);
    config.as = INGEST_IMAGES;
    list = list_with(&config, 1);
    assert_int_equal(list.count, 3); /* the two pictures and the unknown one */
    ingest_list_free(&list);
}

static void test_classes_are_numbered_in_bytewise_order_of_folders(void **state) {
    (void)state;
    static const char *const files[] = {"walk/a.avi", "walk back/b.avi", "Run/sub/c.avi", "jump/d.avi"};
    for (size_t i = 0; i < 4; i++) add(files[i]);
    IngestConfig config = settings();
    config.label_from = INGEST_LABEL_FOLDER;
    IngestList list = list_with(&config, 1);
    static const char *const classes[] = {"Run", "jump", "walk", "walk back"};
    assert_int_equal(list.classes.count, 4);
    for (int k = 0; k < 4; k++) assert_string_equal(list.classes.names[k], classes[k]);
    for (int64_t i = 0; i < list.count; i++) {
        const char *name = list.classes.names[list.labels[i]];
        assert_true(text_starts(list.names[i], name) && list.names[i][strlen(name)] == '/');
    }
    ingest_list_free(&list);
}

static void test_a_file_in_no_folder_has_no_class(void **state) {
    (void)state;
    IngestList list;
    const Par par = par_serial(1);
    add("walk/a.avi");
    add("stray.avi");
    IngestConfig config = settings();
    config.label_from = INGEST_LABEL_FOLDER;
    assert_fails(ingest_list_all(&list, &config, 1, &par), ERR_INPUT, "stray.avi");
}

static void link_to(const char *target, const char *name) {
    char path[PATH_SIZE], parent[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, folder, name));
    assert_ok(path_parent(parent, sizeof parent, path));
    assert_ok(folder_make(parent));
    assert_int_equal(symlink(target, path), 0);
}

static const char *reason_of(const IngestList *list, PassedKind kind, const char *name) {
    for (int64_t i = 0; i < list->n_passed; i++)
        if (list->passed[i].kind == kind && text_equal(list->passed[i].name, name)) return list->passed[i].reason;
    fail_msg("%s is not among what was passed over", name);
    return "";
}

static void test_linked_folders_are_classes_and_losses_keep_theirs(void **state) {
    (void)state;
    add("store/.here");
    add("data/jump/a.avi");
    add("data/walk/b.avi");
    add("store/run/c.avi");
    link_to("../store/run", "data/run");                 /* a folder */
    link_to("../../store/run/c.avi", "data/walk/c.avi"); /* a file */
    link_to("/nowhere/hop", "data/hop");                 /* broken: a class with nothing in it */
    link_to("/nowhere/d.avi", "data/walk/d.avi");
    link_to("/nowhere/notes.txt", "data/walk/notes.txt");
    link_to("..", "data/walk/up"); /* back to data */
    IngestConfig config = settings();
    config.label_from = INGEST_LABEL_FOLDER;
    assert_ok(path_join(config.input, sizeof config.input, folder, "data"));
    char pipe[PATH_SIZE];
    assert_ok(path_join(pipe, sizeof pipe, config.input, "jump/pipe.avi"));
    assert_int_equal(mkfifo(pipe, 0600), 0);
    IngestList list = list_with(&config, 1);
    static const char *const classes[] = {"hop", "jump", "run", "walk"};
    static const char *const files[] = {"jump/a.avi", "run/c.avi", "walk/b.avi", "walk/c.avi"};
    assert_int_equal(list.count, 4);
    assert_int_equal(list.classes.count, 4);
    for (int k = 0; k < 4; k++) assert_string_equal(list.classes.names[k], classes[k]);
    for (int i = 0; i < 4; i++) assert_string_equal(list.names[i], files[i]);
    assert_int_equal(list.labels[1], 2);
    assert_int_equal(list.n_lost, 3);
    assert_non_null(strstr(reason_of(&list, PASSED_LOST, "walk/d.avi"), "a link to what is not there: /nowhere/d.avi"));
    assert_non_null(strstr(reason_of(&list, PASSED_LOST, "hop"), "a link to what is not there"));
    assert_non_null(strstr(reason_of(&list, PASSED_LOST, "jump/pipe.avi"), "a pipe"));
    reason_of(&list, PASSED_NAME, "walk/notes.txt");
    reason_of(&list, PASSED_LOOP, "walk/up");
    ingest_list_free(&list);
}

static void test_media_without_a_telling_name_are_bad_files(void **state) {
    (void)state;
    add("a.avi");
    add("LICENSE");
    char *bytes, path[PATH_SIZE];
    size_t length;
    assert_ok(file_read(&bytes, &length, SYNVID_TEST_DATA "/images/gray.png", 1 << 20));
    static const char *const names[] = {"frame", "frame.part"};
    for (int i = 0; i < 2; i++) {
        assert_ok(path_join(path, sizeof path, folder, names[i]));
        assert_ok(file_write_whole(path, bytes, length));
    }
    free(bytes);
    IngestConfig config = settings();
    IngestList list = list_with(&config, 1);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.n_left_out, 1);
    assert_int_equal(list.n_lost, 2);
    assert_non_null(strstr(reason_of(&list, PASSED_LOST, "frame"), "rename it"));
    ingest_list_free(&list);
}

static void test_a_subset_repeats_and_keeps_all_classes(void **state) {
    (void)state;
    for (int i = 0; i < 30; i++) {
        char name[NAME_SIZE];
        assert_ok(text_format(name, sizeof name, "class-%d/%02d.avi", i % 10, i));
        add(name);
    }
    IngestConfig config = settings();
    config.label_from = INGEST_LABEL_FOLDER;
    config.limit = 5;
    IngestList first = list_with(&config, 3), again = list_with(&config, 3), other = list_with(&config, 4);
    assert_int_equal(first.count, 5);
    assert_int_equal(first.n_found, 30);
    assert_int_equal(first.classes.count, 10);
    for (int i = 0; i < 5; i++) assert_string_equal(first.names[i], again.names[i]);
    for (int i = 1; i < 5; i++) assert_true(strcmp(first.names[i - 1], first.names[i]) < 0);
    assert_string_equal(first.digest, again.digest);
    assert_string_not_equal(first.digest, other.digest);
    ingest_list_free(&first);
    ingest_list_free(&again);
    ingest_list_free(&other);
}

static void test_the_digest_follows_files_and_settings(void **state) {
    (void)state;
    add("a.avi");
    IngestConfig config = settings();
    IngestList before = list_with(&config, 1), other_seed = list_with(&config, 2);
    assert_string_equal(before.digest, other_seed.digest); /* without a limit the seed decides nothing */
    config.size = 64;
    IngestList other_size = list_with(&config, 1);
    assert_string_not_equal(before.digest, other_size.digest);
    config.size = settings().size;
    add("b.avi");
    IngestList more = list_with(&config, 1);
    assert_string_not_equal(before.digest, more.digest);
    ingest_list_free(&before);
    ingest_list_free(&other_seed);
    ingest_list_free(&other_size);
    ingest_list_free(&more);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_come_in_bytewise_order_of_their_paths, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_names_say_what_is_left_out, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_classes_are_numbered_in_bytewise_order_of_folders, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_a_file_in_no_folder_has_no_class, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_linked_folders_are_classes_and_losses_keep_theirs, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_media_without_a_telling_name_are_bad_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_a_subset_repeats_and_keeps_all_classes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_the_digest_follows_files_and_settings, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
