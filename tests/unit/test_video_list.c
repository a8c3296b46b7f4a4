/* gen/ingest/internal/video_list - official lists as their datasets ship them, and everything that can be wrong with
 * one. */
#include "gen/ingest/internal/video_list.h"

#include "support/unit.h"

static char folder[PATH_SIZE];
static char list_path[PATH_SIZE], classes_path[PATH_SIZE];

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

static ListRequest request_of(const char *name, const char *text) {
    scratch_write(list_path, folder, name, text);
    return (ListRequest){.path = list_path, .classes = "", .videos = folder, .split = 1};
}

static VideoList read_ok(const ListRequest *request) {
    VideoList list;
    assert_ok(video_list_read(&list, request));
    return list;
}

static void refuses(const ListRequest *request, Err code, const char *piece) {
    VideoList list;
    assert_fails(video_list_read(&list, request), code, piece);
}

static void holds(const VideoList *list, int64_t at, const char *path, const char *class_name) {
    assert_true(at < list->count);
    assert_string_equal(list->videos[at].path, path);
    assert_string_equal(list->classes.names[list->videos[at].label], class_name);
}

/* ---- UCF101 ---- */

static void write_class_index(void) {
    /* The official order around the two traps: not the bytewise one. */
    scratch_write(classes_path, folder, "classInd.txt",
                  "1 ApplyEyeMakeup\r\n2 Hammering\r\n3 HammerThrow\r\n4 HandstandPushups\r\n\r\n");
}

static void test_ucf101_takes_its_classes_from_the_index(void **state) {
    (void)state;
    write_class_index();
    ListRequest request = request_of("trainlist02.txt", "HammerThrow/v_HammerThrow_g08_c01.avi 3\r\n"
                                                        "Hammering/v_Hammering_g08_c01.avi 2 \r\n"
                                                        "\r\n"
                                                        "HandstandPushups/v_HandStandPushups_g08_c01.avi 4\n");
    VideoList list = read_ok(&request);
    assert_int_equal(list.format, VIDEO_LIST_UCF101);
    assert_int_equal(list.part, LIST_PART_TRAIN);
    assert_int_equal(list.split, 2);
    assert_string_equal(list.name, "ucf101-split2");
    assert_int_equal(list.count, 3);
    assert_int_equal(list.classes.count, 4);
    holds(&list, 0, "HammerThrow/v_HammerThrow_g08_c01.avi", "HammerThrow");
    assert_int_equal(list.videos[0].label, 2); /* one below its id */
    assert_int_equal(list.videos[1].label, 1);
    holds(&list, 2, "HandstandPushups/v_HandStandPushups_g08_c01.avi", "HandstandPushups");
    video_list_free(&list);
}

static void test_ucf101_test_lists_have_no_numbers(void **state) {
    (void)state;
    write_class_index();
    ListRequest request =
        request_of("testlist01.txt", "Hammering/v_Hammering_g01_c01.avi\nHammerThrow/v_HammerThrow_g01_c01.avi\n");
    VideoList list = read_ok(&request);
    assert_int_equal(list.part, LIST_PART_TEST);
    assert_string_equal(list.name, "ucf101");
    assert_int_equal(list.videos[0].label, 1);
    assert_int_equal(list.videos[1].label, 2);
    video_list_free(&list);
}

static void test_ucf101_refuses_what_contradicts_the_index(void **state) {
    (void)state;
    ListRequest request = request_of("trainlist01.txt", "Hammering/a.avi 2\n");
    refuses(&request, ERR_INPUT, "classInd.txt");
    write_class_index();
    request = request_of("trainlist01.txt", "Hammering/a.avi 2\nHammerThrow/b.avi 2\n");
    refuses(&request, ERR_INPUT, "trainlist01.txt:2: HammerThrow has number 2 here, but 3 among the classes");
    request = request_of("trainlist01.txt", "Hammering/a.avi 2\nJuggling/b.avi 3\n");
    refuses(&request, ERR_INPUT, ":2: Juggling is none of the 4 classes");
    request = request_of("trainlist01.txt", "Hammering/a.avi 102x\n");
    refuses(&request, ERR_INPUT, "\"102x\" is no class number");
    request = request_of("trainlist01.txt", "a.avi 2\n");
    refuses(&request, ERR_INPUT, "expected <Class>/<file>.avi");
    request = request_of("trainlist01.txt", "\n \n");
    refuses(&request, ERR_INPUT, "names no videos");
}

/* ---- HMDB51 ---- */

static ListRequest hmdb51_request(int part, int split) {
    char path[PATH_SIZE];
    scratch_write(path, folder, "splits/brush_hair_test_split1.txt",
                  "April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1 \n(HD)_[x]&#1;'@+!.a.b_goo_2.avi 2 \nnobody.avi 0 \n");
    scratch_write(path, folder, "splits/brush_test_split1.txt", "one.avi 2\n");
    scratch_write(path, folder, "splits/wave_test_split1.txt", "w1.avi 1\nw2.avi 1\n");
    scratch_write(path, folder, "splits/wave_test_split2.txt", "w1.avi 2\nw2.avi 0\n");
    assert_ok(path_join(list_path, sizeof list_path, folder, "splits"));
    return (ListRequest){.path = list_path, .classes = "", .videos = folder, .part = part, .split = split};
}

static void test_hmdb51_codes_say_train_test_or_neither(void **state) {
    (void)state;
    ListRequest request = hmdb51_request(LIST_PART_TRAIN, 1);
    VideoList list = read_ok(&request);
    assert_int_equal(list.format, VIDEO_LIST_HMDB51);
    assert_string_equal(list.name, "hmdb51");
    assert_int_equal(list.classes.count, 3);
    assert_string_equal(list.classes.names[0], "brush"); /* although its file sorts behind brush_hair's */
    assert_int_equal(list.count, 3);
    assert_int_equal(list.n_unused, 3);
    holds(&list, 0, "brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi", "brush_hair");
    holds(&list, 2, "wave/w2.avi", "wave");
    video_list_free(&list);
    request.part = LIST_PART_TEST;
    list = read_ok(&request);
    assert_int_equal(list.count, 2);
    holds(&list, 1, "brush_hair/(HD)_[x]&#1;'@+!.a.b_goo_2.avi", "brush_hair");
    video_list_free(&list);
}

static void test_hmdb51_splits_are_told_apart(void **state) {
    (void)state;
    ListRequest request = hmdb51_request(LIST_PART_TEST, 2);
    VideoList list = read_ok(&request);
    assert_string_equal(list.name, "hmdb51-split2");
    assert_int_equal(list.classes.count, 1);
    assert_int_equal(list.count, 1);
    video_list_free(&list);
    request.split = 3;
    refuses(&request, ERR_INPUT, "holds no <class>_test_split3.txt");
}

static void test_hmdb51_refuses_other_codes_and_no_part(void **state) {
    (void)state;
    ListRequest request = hmdb51_request(LIST_PART_AUTO, 1);
    refuses(&request, ERR_USAGE, "--part train");
    char path[PATH_SIZE];
    scratch_write(path, folder, "splits/wave_test_split1.txt", "w1.avi 1\nw2.avi 3\n");
    request.part = LIST_PART_TRAIN;
    refuses(&request, ERR_INPUT,
            "wave_test_split1.txt:2: expected a file name and 0, 1 (train) or 2 (test), found \"3\"");
}

/* ---- Kinetics ---- */

static const char kinetics[] = "label,youtube_id,time_start,time_end,split,is_cc\n"
                               "shooting goal (soccer),aB-_cdefghi,4,14,train,0\n"
                               "\"air drumming\",-1234567890,100,110,validate,0\n"
                               "\"a \"\"quoted\"\", label\",zzzzzzzzzzz,0,10,train,1\n";

static void test_kinetics_finds_files_by_name_wherever_they_are(void **state) {
    (void)state;
    char path[PATH_SIZE];
    /* Folders as they are seen in practice: blanks kept, blanks as underscores, none at all. */
    scratch_write(path, folder, "train/shooting_goal_(soccer)/aB-_cdefghi_000004_000014.mp4", "x");
    scratch_write(path, folder, "val/air drumming/-1234567890_000100_000110.mkv", "x");
    scratch_write(path, folder, "zzzzzzzzzzz_000000_000011.mp4", "x"); /* other times: another clip */
    ListRequest request = request_of("k400.csv", kinetics);
    VideoList list = read_ok(&request);
    assert_int_equal(list.format, VIDEO_LIST_KINETICS);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.name, "kinetics3");
    assert_string_equal(list.classes.names[0], "a \"quoted\", label");
    assert_string_equal(list.classes.names[1], "air drumming");
    holds(&list, 0, "train/shooting_goal_(soccer)/aB-_cdefghi_000004_000014.mp4", "shooting goal (soccer)");
    holds(&list, 1, "val/air drumming/-1234567890_000100_000110.mkv", "air drumming");
    holds(&list, 2, "a \"quoted\", label/zzzzzzzzzzz_000000_000010.mp4", "a \"quoted\", label"); /* not there */
    video_list_free(&list);
}

static void test_kinetics_parts_keep_the_numbers_of_all_classes(void **state) {
    (void)state;
    ListRequest request = request_of("k400.csv", kinetics);
    request.part = LIST_PART_VAL;
    VideoList list = read_ok(&request);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.n_unused, 2);
    assert_int_equal(list.classes.count, 3);
    assert_int_equal(list.videos[0].label, 1);
    video_list_free(&list);
    request.part = LIST_PART_TEST;
    refuses(&request, ERR_INPUT, "names no videos of part test (3 lines are of others)");
}

static void test_kinetics_refuses_broken_rows(void **state) {
    (void)state;
    ListRequest request = request_of("k.csv", "youtube_id,time_start,time_end,split\na,1,2,test\n");
    refuses(&request, ERR_INPUT, "k.csv:1: the header lacks one of label, ");
    request = request_of("k.csv", "label,youtube_id,time_start,time_end\nrun,abc,1\n");
    refuses(&request, ERR_INPUT, "k.csv:2: has 3 fields");
    request = request_of("k.csv", "label,youtube_id,time_start,time_end\nrun,abc,1,x\n");
    refuses(&request, ERR_INPUT, "times 1 and x");
    request = request_of("k.csv", "label,youtube_id,time_start,time_end\nrun,abc,1,2\nfly,abd,1,2\n");
    scratch_write(classes_path, folder, "names.txt", "run\nwalk\n");
    request.classes = classes_path;
    refuses(&request, ERR_INPUT, "k.csv:3: fly is none of the 2 classes");
}

/* ---- VideoMAE ---- */

static void test_videomae_rows_are_split_at_the_last_blank(void **state) {
    (void)state;
    ListRequest request = request_of("train.csv", "/data/air drumming/a.mp4 1\nb.mp4\t0\nc d.mp4   3\n");
    VideoList list = read_ok(&request);
    assert_int_equal(list.format, VIDEO_LIST_VIDEOMAE);
    assert_int_equal(list.part, LIST_PART_TRAIN);
    assert_string_equal(list.name, "");
    assert_int_equal(list.classes.count, 4);
    holds(&list, 0, "/data/air drumming/a.mp4", "1");
    holds(&list, 1, "b.mp4", "0");
    holds(&list, 2, "c d.mp4", "3");
    video_list_free(&list);
}

static void test_class_files_may_be_numbered(void **state) {
    (void)state;
    static const char *const files[] = {"0 run\n1 walk far\n2 jump\n", "1 run\r\n2 walk far\r\n3 jump",
                                        "run\nwalk far\njump\n"};
    ListRequest request = request_of("val.csv", "a.mp4 0\nb.mp4 1\n");
    for (int i = 0; i < 3; i++) {
        scratch_write(classes_path, folder, "names.txt", files[i]);
        request.classes = classes_path;
        VideoList list = read_ok(&request);
        assert_int_equal(list.classes.count, 3); /* also those that no video has */
        assert_string_equal(list.classes.names[1], "walk far");
        video_list_free(&list);
    }
}

static void test_videomae_refuses_labels_out_of_range(void **state) {
    (void)state;
    scratch_write(classes_path, folder, "names.txt", "run\nwalk\n");
    ListRequest request = request_of("train.csv", "a.mp4 1\nb.mp4 2\n");
    request.classes = classes_path;
    refuses(&request, ERR_INPUT, "train.csv:2: label 2, but ");
    request = request_of("train.csv", "a.mp4 1\nb.mp4 -1\n");
    refuses(&request, ERR_INPUT, "train.csv:2: expected a path, a blank and a label from 0, found \"-1\"");
    request.format = VIDEO_LIST_VIDEOMAE;
    scratch_write(list_path, folder, "train.csv", "a.mp4,1\n");
    refuses(&request, ERR_INPUT, "train.csv:1: expected a path, a blank and a label");
}

static void test_videomae_paths_may_be_quoted_as_pandas_does(void **state) {
    (void)state;
    ListRequest request = request_of("train.csv", "\xEF\xBB\xBF\"Fire Domino.avi\" 0\r\n"
                                                  "\"a \"\"quoted\"\" name.avi\" \"3\" \r\n"
                                                  "\r\n"
                                                  "\"two\nlines.avi\"\t1\n"
                                                  "in\"side.avi 2.0\r"
                                                  "#not a comment.avi 1");
    VideoList list = read_ok(&request);
    assert_int_equal(list.count, 5);
    holds(&list, 0, "Fire Domino.avi", "0");
    holds(&list, 1, "a \"quoted\" name.avi", "3");
    holds(&list, 2, "two\nlines.avi", "1");
    holds(&list, 3, "in\"side.avi", "2");
    holds(&list, 4, "#not a comment.avi", "1");
    assert_int_equal(list.videos[3].line, 6); /* a quoted end of line counts */
    video_list_free(&list);
}

static void test_videomae_headers_are_passed_over(void **state) {
    (void)state;
    ListRequest request = request_of("val.csv", "path label\na.mp4 1\n");
    VideoList list = read_ok(&request);
    assert_int_equal(list.format, VIDEO_LIST_VIDEOMAE);
    assert_int_equal(list.count, 1);
    video_list_free(&list);
    request = request_of("val.csv", "a.mp4 1\npath label\n");
    refuses(&request, ERR_INPUT, "val.csv:2: expected a path, a blank and a label from 0, found \"label\"");
}

static void test_what_is_not_understood_is_named_with_its_line(void **state) {
    (void)state;
    ListRequest request = request_of("val.csv", "a.mp4 1\n\"b c.mp4 2\nd.mp4 0\n");
    request.format = VIDEO_LIST_VIDEOMAE;
    refuses(&request, ERR_INPUT, "val.csv:2: a quotation mark opens here and none closes it");
    request = request_of("val.csv", "a.mp4 1\n\"\" 2\n");
    refuses(&request, ERR_INPUT, "val.csv:2: expected a path");
    request = request_of("val.csv", "a.mp4 1\nb.mp4 70000\n");
    refuses(&request, ERR_INPUT, "val.csv:2: label 70000; at most 65536 classes are read");
    request = request_of("val.csv", "\xFF\xFE"
                                    "a");
    assert_ok(file_write_whole(list_path,
                               "\xFF\xFE"
                               "a\0",
                               4));
    refuses(&request, ERR_INPUT, "is text in UTF-16; save it as UTF-8");
    char text[3 * PATH_SIZE];
    memset(text, 'x', sizeof text);
    (void)snprintf(text + 2 * PATH_SIZE, PATH_SIZE, ".avi 1\n");
    request = request_of("val.csv", text);
    refuses(&request, ERR_INPUT, "val.csv:1: a path of ");
}

/* ---- quotes, blanks and tabs in the others ---- */

static void test_ucf101_lines_may_hold_quotes_and_tabs(void **state) {
    (void)state;
    scratch_write(classes_path, folder, "classInd.txt",
                  "\xEF\xBB\xBF"
                  "1\tApplyEyeMakeup\r\n2  Hammering \r\n3 \"Hammer Throw\"\r\n");
    ListRequest request = request_of("trainlist01.txt", "\"Hammer Throw/v a.avi\"\t3 \r\n"
                                                        "  Hammering/v_Hammering_g08_c01.avi\t2\r\n");
    VideoList list = read_ok(&request);
    holds(&list, 0, "Hammer Throw/v a.avi", "Hammer Throw");
    holds(&list, 1, "Hammering/v_Hammering_g08_c01.avi", "Hammering");
    video_list_free(&list);
}

static void test_hmdb51_lines_may_hold_quotes_and_tabs(void **state) {
    (void)state;
    ListRequest request = hmdb51_request(LIST_PART_TRAIN, 2);
    char path[PATH_SIZE];
    scratch_write(path, folder, "splits/wave_test_split2.txt",
                  "\xEF\xBB\xBF"
                  "\"w 1.avi\" 1\r\n\r\nw2.avi\t\t1 \r\n");
    VideoList list = read_ok(&request);
    assert_int_equal(list.count, 2);
    holds(&list, 0, "wave/w 1.avi", "wave");
    holds(&list, 1, "wave/w2.avi", "wave");
    video_list_free(&list);
}

static void test_kinetics_columns_in_any_order_and_dress(void **state) {
    (void)state;
    /* in parentheses: two literals that are one text, not a lost comma */
    static const char *const texts[] = {
        ("\xEF\xBB\xBF\"youtube_id\",\"label\",\"time_end\",\"time_start\"\r\nabcdefghijk,\"run, "
         "\"\"fast\"\"\",14,4\r\n"),
        "label\tyoutube_id\ttime_start\ttime_end\n\"run, \"\"fast\"\"\"\tabcdefghijk\t4.0\t14.0\n",
        ",video-id,start-time,end-time,label-name\r0, abcdefghijk ,4,14,\"run, \"\"fast\"\"\"\r"};
    for (int i = 0; i < 3; i++) {
        ListRequest request = request_of("k.csv", texts[i]);
        VideoList list = read_ok(&request);
        assert_int_equal(list.format, VIDEO_LIST_KINETICS);
        assert_int_equal(list.count, 1);
        holds(&list, 0, "run, \"fast\"/abcdefghijk_000004_000014.mp4", "run, \"fast\"");
        video_list_free(&list);
    }
}

static void test_names_of_classes_may_hold_commas(void **state) {
    (void)state;
    scratch_write(classes_path, folder, "names.txt", "\"tench, Tinca tinca\"\r\ncock\n\"the \"\"great\"\" shark\"\n");
    ListRequest request = request_of("val.csv", "a.mp4 0\nb.mp4 2\n");
    request.classes = classes_path;
    VideoList list = read_ok(&request);
    assert_string_equal(list.classes.names[0], "tench, Tinca tinca");
    assert_string_equal(list.classes.names[2], "the \"great\" shark");
    video_list_free(&list);
}

/* ---- any ---- */

static void test_a_video_named_twice_is_refused(void **state) {
    (void)state;
    ListRequest request = request_of("train.csv", "b.mp4 1\na.mp4 0\nb.mp4 1\n");
    refuses(&request, ERR_INPUT, "train.csv: names b.mp4 twice, in lines 1 and 3");
}

static void test_unknown_kinds_and_missing_lists_say_what_to_do(void **state) {
    (void)state;
    ListRequest request = request_of("videos.lst", "a.mp4\nb.mp4\n");
    refuses(&request, ERR_INPUT, "--list-format");
    request.path = "/nowhere/list.txt";
    refuses(&request, ERR_INPUT, "list: /nowhere/list.txt: cannot open");
}

static void test_the_digest_follows_what_was_read(void **state) {
    (void)state;
    ListRequest request = request_of("train.csv", "a.mp4 0\nb.mp4 1\n");
    VideoList first = read_ok(&request), second = read_ok(&request);
    assert_string_equal(first.digest, second.digest);
    request = request_of("train.csv", "a.mp4 1\nb.mp4 0\n");
    VideoList other = read_ok(&request);
    assert_string_not_equal(first.digest, other.digest);
    video_list_free(&first);
    video_list_free(&second);
    video_list_free(&other);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_ucf101_takes_its_classes_from_the_index),
        IN_FOLDER(test_ucf101_test_lists_have_no_numbers),
        IN_FOLDER(test_ucf101_refuses_what_contradicts_the_index),
        IN_FOLDER(test_hmdb51_codes_say_train_test_or_neither),
        IN_FOLDER(test_hmdb51_splits_are_told_apart),
        IN_FOLDER(test_hmdb51_refuses_other_codes_and_no_part),
        IN_FOLDER(test_kinetics_finds_files_by_name_wherever_they_are),
        IN_FOLDER(test_kinetics_parts_keep_the_numbers_of_all_classes),
        IN_FOLDER(test_kinetics_refuses_broken_rows),
        IN_FOLDER(test_videomae_rows_are_split_at_the_last_blank),
        IN_FOLDER(test_class_files_may_be_numbered),
        IN_FOLDER(test_videomae_refuses_labels_out_of_range),
        IN_FOLDER(test_videomae_paths_may_be_quoted_as_pandas_does),
        IN_FOLDER(test_videomae_headers_are_passed_over),
        IN_FOLDER(test_what_is_not_understood_is_named_with_its_line),
        IN_FOLDER(test_ucf101_lines_may_hold_quotes_and_tabs),
        IN_FOLDER(test_hmdb51_lines_may_hold_quotes_and_tabs),
        IN_FOLDER(test_kinetics_columns_in_any_order_and_dress),
        IN_FOLDER(test_names_of_classes_may_hold_commas),
        IN_FOLDER(test_a_video_named_twice_is_refused),
        IN_FOLDER(test_unknown_kinds_and_missing_lists_say_what_to_do),
        IN_FOLDER(test_the_digest_follows_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
