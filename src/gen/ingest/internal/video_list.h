/* gen/ingest/internal/video_list - the official lists of labelled videos: which files, which class each has, in the
 * order of the list.
 *
 *   ucf101    trainlist0N.txt, testlist0N.txt: "<Class>/<file>.avi [id]". Classes and their order from classInd.txt
 *             ("<id> <Class>", ids from 1), beside the list unless named; class number = id - 1. That order is not the
 *             bytewise one (Hammering before HammerThrow).
 *   hmdb51    a folder of <class>_test_split<N>.txt: "<file>.avi <code>", code 1 train, 2 test, 0 not in this split.
 *             Classes in bytewise order; files are <class>/<file>.
 *   kinetics  "label,youtube_id,time_start,time_end[,split[,...]]" with that header. Classes in bytewise order of all
 *             labels, whatever the part. The file is found anywhere below the input folder by its name
 *             <youtube_id>_<start, 6 digits>_<end, 6 digits>.<anything>, so the folders' own names do not matter.
 *   videomae  "<path> <label>" without a header, split at the last blank; labels from 0.
 *
 * Lines may end in CRLF and in blanks; empty lines and a byte order mark are passed over. What is wrong is ERR_INPUT
 * naming file and line. Nothing here asks whether the videos exist. One rank reads. */
#pragma once

#include "base/failure/err.h"
#include "base/system/digest.h"
#include "base/text/text.h"

#include <stddef.h>

/* The classes of a dataset: a class is numbered by its place. Start from {0}. */
typedef struct {
    char **names;
    int count;
} ClassNames;

/* Appends a copy of the first `length` bytes. */
CHECKED Err class_names_add(ClassNames *classes, const char *name, size_t length);
/* Its number, or -1. Looks at the newest first: lists are mostly grouped by class. */
int class_names_find(const ClassNames *classes, const char *name, size_t length);
/* Bytewise order. */
void class_names_sort(ClassNames *classes);
void class_names_free(ClassNames *classes);

typedef enum {
    VIDEO_LIST_AUTO,
    VIDEO_LIST_UCF101,
    VIDEO_LIST_HMDB51,
    VIDEO_LIST_KINETICS,
    VIDEO_LIST_VIDEOMAE
} ListFormat;
#define LIST_FORMAT_NAMES "auto|ucf101|hmdb51|kinetics|videomae"
typedef enum { LIST_PART_AUTO, LIST_PART_TRAIN, LIST_PART_TEST, LIST_PART_VAL } ListPart;
#define LIST_PART_NAMES "auto|train|test|val"

/* Borrowed. */
typedef struct {
    const char *path;    /* the list, or for HMDB51 the folder of lists */
    const char *classes; /* file of class names in order; "": as the format says */
    const char *videos;  /* folder the names are relative to; Kinetics looks into it */
    int format;          /* ListFormat */
    int part;            /* ListPart: HMDB51, Kinetics */
    int split;           /* HMDB51: 1 to 3 */
} ListRequest;

typedef struct {
    char *path; /* relative to the videos, or absolute */
    int label;  /* -1: none */
    int line;   /* for messages */
} ListedVideo;

typedef struct {
    int format;               /* never AUTO */
    int part;                 /* LIST_PART_AUTO: the list does not say */
    int split;                /* 0: the list does not say */
    char name[32];            /* of the dataset: "ucf101", "ucf101-split2", "hmdb51", "kinetics400"; "": not known */
    char digest[DIGEST_SIZE]; /* of all that was read */
    ListedVideo *videos;
    int64_t count, n_unused; /* unused: of another part, or in no part of this split */
    ClassNames classes;
} VideoList;

/* A file of class names has one a line; lines that all begin with their own number, from 0 or from 1, and a blank have
 * it taken off. Without one, VideoMAE's classes are the numbers 0 to the largest label. */
CHECKED Err video_list_read(VideoList *list, const ListRequest *request);
void video_list_free(VideoList *list);
const char *list_format_name(int format);
const char *list_part_name(int part);
