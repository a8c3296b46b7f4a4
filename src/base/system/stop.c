/* Reasons to end early, all of them only asked for at the end of a step: signals, a time budget, a file named "stop" in
 * the run's folder. The first reason found stays. A signal's handler only notes its number, all that is safe in one. */
#include "base/system/stop.h"

#include "base/system/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t caught_signal = 0;
static char requested_reason[64];
static const char *watched_folder = NULL;
static double deadline_s = 0;
static double last_look_s = 0;

static void on_signal(int number) {
    caught_signal = number;
}

void stop_install_handlers(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART; /* reads and writes begin again by themselves */
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

void stop_watch_folder(const char *folder) {
    watched_folder = folder;
}

void stop_set_budget(double seconds) {
    deadline_s = seconds > 0 ? clock_wall_s() + seconds : 0;
}

void stop_request(const char *reason) {
    snprintf(requested_reason, sizeof requested_reason, "%s", reason);
}

void stop_clear(void) {
    caught_signal = 0;
    requested_reason[0] = 0;
    deadline_s = 0;
}

static bool stop_file_present(void) {
    char path[1100];
    int length = snprintf(path, sizeof path, "%s/stop", watched_folder);
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

bool stop_requested(void) {
    if (requested_reason[0]) return true;
    if (caught_signal) {
        const char *name = sigabbrev_np(caught_signal);
        snprintf(requested_reason, sizeof requested_reason, "SIG%s", name ? name : "?");
        return true;
    }
    double now = clock_wall_s();
    if (deadline_s > 0 && now >= deadline_s) {
        stop_request("time budget");
        return true;
    }
    if (watched_folder && now - last_look_s >= 1) { /* once a second: a network file system answers slowly */
        last_look_s = now;
        if (stop_file_present()) stop_request("stop file");
    }
    return requested_reason[0] != 0;
}

const char *stop_reason(void) {
    return requested_reason;
}
