/* An action is a function from a phase in [0, 1) to joint angles. It moves some of arms, legs and trunk; the rest
 * keeps what it has, which may be a pose of another action. No still frame then tells which action it is. */
#include "gen/standin/internal/figure.h"

#include "base/failure/err.h"
#include "gen/standin/standin.h"

#include <math.h>

static const float two_pi = 6.2831853f, degree = 3.14159265f / 180;

static float smooth(float x) {
    return x * x * (3 - 2 * x);
}

/* 0 at phase 0, 1 at phase 1/2. */
static float swell(float phase) {
    return 0.5f - 0.5f * cosf(two_pi * phase);
}

/* Rises for three quarters of the cycle, falls in the last. */
static float slow_rise(float phase) {
    return phase < 0.75f ? smooth(phase / 0.75f) : 1 - smooth((phase - 0.75f) / 0.25f);
}

static void both_arms(Pose *pose, float shoulder, float elbow) {
    for (int i = 0; i < 2; i++) pose->shoulder[i] = shoulder, pose->elbow[i] = elbow;
}

/* Knees out, feet under the hips. */
static void crouch(Pose *pose, float angle) {
    for (int i = 0; i < 2; i++) pose->hip[i] = angle, pose->knee[i] = 2 * angle;
}

static void march(Pose *pose, float phase, const ActionStyle *style) {
    for (int i = 0; i < 2; i++) {
        float raise = fmaxf(0, sinf(two_pi * (phase + 0.5f * (float)i))) * style->vigor;
        pose->hip[i] = (4 + 62 * raise) * degree;
        pose->knee[i] = (2 + 112 * raise) * degree;
        pose->shoulder[1 - i] = (12 + 55 * raise) * degree;
        pose->elbow[1 - i] = (10 + 60 * raise) * degree;
    }
    pose->lift = 0;
}

static void squat(Pose *pose, float phase, const ActionStyle *style) {
    crouch(pose, (4 + 58 * swell(phase) * style->vigor) * degree);
    pose->lift = 0;
}

/* A dip, then a flight along a parabola. */
static void jump(Pose *pose, float phase, const ActionStyle *style) {
    float dip = phase < 0.4f ? sinf(two_pi * phase / 0.8f) : 0, air = phase < 0.4f ? 0 : (phase - 0.4f) / 0.6f;
    crouch(pose, (4 + 40 * dip * style->vigor) * degree);
    pose->lift = 4 * 0.26f * style->vigor * air * (1 - air);
}

static void jumping_jack(Pose *pose, float phase, const ActionStyle *style) {
    float spread = swell(phase);
    both_arms(pose, (12 + 145 * spread * style->vigor) * degree, 8 * degree);
    for (int i = 0; i < 2; i++) pose->hip[i] = (3 + 27 * spread * style->vigor) * degree, pose->knee[i] = 0;
    pose->lift = 0.03f * fabsf(sinf(two_pi * phase));
}

/* The raised forearm swings twice a cycle. */
static void wave(Pose *pose, int arm, float phase, const ActionStyle *style) {
    pose->shoulder[arm] = 105 * degree;
    pose->elbow[arm] = (50 + 48 * sinf(2 * two_pi * phase) * style->vigor) * degree;
}

static void wave_one(Pose *pose, float phase, const ActionStyle *style) {
    int idle = 1 - style->side;
    pose->shoulder[idle] = 14 * degree, pose->elbow[idle] = style->elbow_bend;
    wave(pose, style->side, phase, style);
}

static void wave_both(Pose *pose, float phase, const ActionStyle *style) {
    wave(pose, 0, phase, style);
    wave(pose, 1, phase, style);
}

static void raise_arms(Pose *pose, float phase, const ActionStyle *style) {
    both_arms(pose, (12 + 143 * slow_rise(phase) * style->vigor) * degree, style->elbow_bend);
}

static void lower_arms(Pose *pose, float phase, const ActionStyle *style) {
    raise_arms(pose, 1 - phase, style);
}

static void windmill_out(Pose *pose, float phase, const ActionStyle *style) {
    both_arms(pose, two_pi * phase, style->elbow_bend * 0.5f);
}

static void windmill_in(Pose *pose, float phase, const ActionStyle *style) {
    windmill_out(pose, 1 - phase, style);
}

static float sign_of(const ActionStyle *style) {
    return style->side ? 1.0f : -1.0f;
}

static void bow(Pose *pose, float phase, const ActionStyle *style) {
    pose->trunk = 72 * swell(phase) * style->vigor * sign_of(style) * degree;
}

static void sway(Pose *pose, float phase, const ActionStyle *style) {
    pose->trunk = 40 * sinf(two_pi * phase) * style->vigor * degree;
}

/* In the order of standin_actions_names. */
static const struct {
    void (*pose)(Pose *pose, float phase, const ActionStyle *style);
    unsigned groups;
} actions[STANDIN_ACTIONS_CLASSES] = {
    {march, POSE_ARMS | POSE_LEGS},
    {squat, POSE_LEGS},
    {jump, POSE_LEGS},
    {jumping_jack, POSE_ARMS | POSE_LEGS},
    {wave_one, POSE_ARMS},
    {wave_both, POSE_ARMS},
    {raise_arms, POSE_ARMS},
    {lower_arms, POSE_ARMS},
    {windmill_out, POSE_ARMS},
    {windmill_in, POSE_ARMS},
    {bow, POSE_TRUNK},
    {sway, POSE_TRUNK},
};

ActionStyle action_style_draw(Rng *rng) {
    ActionStyle style = {.side = (int)rng_below(rng, 2), .vigor = rng_uniform(rng, 0.8f, 1.05f)};
    style.elbow_bend = rng_uniform(rng, 2, 30) * degree;
    return style;
}

unsigned action_groups(int action) {
    return actions[action].groups;
}

void action_pose(Pose *pose, int action, unsigned which, float phase, const ActionStyle *style) {
    ASSERT(action >= 0 && action < STANDIN_ACTIONS_CLASSES);
    Pose whole = *pose;
    actions[action].pose(&whole, phase - floorf(phase), style);
    if (which & POSE_ARMS) {
        memcpy(pose->shoulder, whole.shoulder, sizeof pose->shoulder);
        memcpy(pose->elbow, whole.elbow, sizeof pose->elbow);
    }
    if (which & POSE_LEGS) {
        memcpy(pose->hip, whole.hip, sizeof pose->hip);
        memcpy(pose->knee, whole.knee, sizeof pose->knee);
        pose->lift = whole.lift;
    }
    if (which & POSE_TRUNK) pose->trunk = whole.trunk;
}

Pose action_rest(const ActionStyle *style) {
    Pose pose = {0};
    both_arms(&pose, 14 * degree, style->elbow_bend);
    crouch(&pose, 4 * degree);
    return pose;
}
