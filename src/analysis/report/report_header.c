#include "analysis/compare/accuracy_tables.h"
#include "analysis/compare/statistics.h"
#include "analysis/report/internal/report_parts.h"
#include "base/text/escape.h"

/* A figure and what it is. */
static void add_card(Page *page, const char *figure, const char *what) {
    builder_add_text(&page->html, "<div><dt>");
    escape_html(&page->html, what);
    builder_add_text(&page->html, "</dt><dd>");
    escape_html(&page->html, figure);
    builder_add_text(&page->html, "</dd></div>\n");
}

/* The paper's largest step in the primary experiment, or in the first fine-tuning that has it. */
static void add_headline_cards(Report *report) {
    static const char *const slugs[] = {"random", "static-circles", "moving-circles", "accelerating-images"};
    const Grid *board = report->board;
    int column = grid_primary(board);
    for (int c = 0; c < board->n_columns && column < 0; c++)
        if (text_equal(board->columns[c].task, "finetune") && grid_find(board, c, "moving-circles")) column = c;
    for (int s = 0; column >= 0 && s < 4; s++) {
        const Estimate *estimate = grid_find(board, column, slugs[s]);
        char figure[32], what[256], title[128];
        if (!estimate) continue;
        snprintf(figure, sizeof figure, "%.1f %%", estimate->value);
        snprintf(what, sizeof what, "%s: %s", paper_label(&report->paper, slugs[s]),
                 grid_column_title(title, sizeof title, &board->columns[column]));
        add_card(&report->page, figure, what);
    }
}

/* Does the order agree? Of the primary experiment, or of the first. */
static Err add_agreement_card(Report *report) {
    const PaperExperiment *experiments[PAPER_COLUMNS];
    char figure[64], what[256], title[128];
    Agreement agreement;
    bool defined;
    if (report->board->n_columns == 0 || report->rehearsal) return ERR_NONE;
    if (paper_columns(experiments, &report->paper, report->board->columns[0].task) == 0) return ERR_NONE;
    TRY(agreement_of(&agreement, &defined, report->board, 0, experiments[0], AGREEMENT_ALL));
    if (!defined) return ERR_NONE;
    snprintf(figure, sizeof figure, "%.2f", agreement.found.rho);
    snprintf(what, sizeof what, "[%.2f, %.2f] Spearman's rho of %s with the paper's %s, over %s", agreement.rho.low,
             agreement.rho.high, grid_column_title(title, sizeof title, &report->board->columns[0]),
             experiments[0]->label, agreement.rows);
    add_card(&report->page, figure, what);
    return ERR_NONE;
}

/* Four figures that say most: the progression, the agreement, the statements, how many runs. */
static Err add_cards(Report *report) {
    char figure[64];
    builder_add_text(&report->page.html, "<dl class=\"cards\">\n");
    add_headline_cards(report);
    TRY(add_agreement_card(report));
    snprintf(figure, sizeof figure, "%d / %d / %d", report->verdicts[VERDICT_TRUE], report->verdicts[VERDICT_UNDECIDED],
             report->verdicts[VERDICT_FALSE]);
    add_card(&report->page, figure, "of the paper's statements true / undecided / false in these runs");
    snprintf(figure, sizeof figure, "%d + %d", report_count_runs(report, "pretrain"),
             report_count_runs(report, "finetune") + report_count_runs(report, "probe"));
    add_card(&report->page, figure, "pre-trainings, and fine-tunings and probes of them");
    builder_add_text(&report->page.html, "</dl>\n");
    return ERR_NONE;
}

/* "fine-tuning on standin-motion" of the option's "finetune:standin-motion". */
static void add_primary(Report *report) {
    const char *primary = report->config->primary, *dataset = strchr(primary, ':');
    if (!dataset) return;
    page_paragraph(&report->page,
                   "Primary read-out: %s on %s, named by the option --primary. It decides; the other "
                   "experiments are there to compare.%s",
                   text_starts(primary, "finetune") ? "fine-tuning" : "the probe", dataset + 1,
                   grid_primary(report->board) < 0 ? " None of its runs has finished." : "");
}

/* Sections in the order of the page. */
static void add_navigation(Page *page) {
    static const char *const parts[][2] = {
        {"accuracy", "Accuracy"},     {"statements", "Statements"}, {"datasets", "Datasets"},
        {"statistics", "Statistics"}, {"training", "Training"},     {"provenance", "Provenance"},
    };
    builder_add_text(&page->html, "<nav aria-label=\"Parts of the report\"><ul>");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        builder_add(&page->html, "<li><a href=\"#%s\">%s</a></li>", parts[i][0], parts[i][1]);
    builder_add_text(&page->html, "</ul></nav>\n");
}

/* Whether runs are reduced comes before any figure: no reader should take them for the paper's. */
Err report_header(Report *report) {
    Page *page = &report->page;
    builder_add_text(&page->html, "<header>\n");
    if (report->outcomes.count > 0)
        builder_add_text(&page->html, report->rehearsal ? "<span class=\"pill\">REHEARSAL</span>\n"
                                      : report->reduced ? "<span class=\"pill\">REDUCED SCALE</span>\n"
                                                        : "<span class=\"pill full\">PAPER PROTOCOL</span>\n");
    builder_add_text(&page->html, "<h1>");
    escape_html(&page->html, report->config->title);
    builder_add_text(&page->html, "</h1>\n<p class=\"lead\">Models are pre-trained on synthetic videos of growing "
                                  "complexity, from static circles to moving image crops, "
                                  "then fine-tuned and probed on labelled video. Each section shows what was run, what "
                                  "came out, and how sure that is.</p>\n");
    if (report->rehearsal)
        page_remark(
            page, "warning",
            "A rehearsal: the paper's experiment with a network, videos and epochs too few to say anything. Its "
            "figures show that every part can be filled, and stand beside none of the paper's.");
    else if (report->reduced)
        page_remark(page, "warning",
                    "Everything here was computed at reduced scale: small models, few clips, short schedules, and "
                    "stand-in test sets where UCF101 is not at "
                    "hand. Figures show whether an effect appears at this scale. They are not results on UCF101 and "
                    "must not be read as such; the paper's "
                    "own figures stand in columns of their own.");
    add_primary(report);
    TRY(add_cards(report));
    add_navigation(page);
    builder_add_text(&page->html, "</header>\n<main>\n");
    return ERR_NONE;
}
