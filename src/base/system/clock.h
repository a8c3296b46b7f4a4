/* base/system/clock - seconds since some fixed moment. Only differences mean something; it is not the time of day. */
#pragma once

/* By a clock that never goes back and that all threads share. */
double clock_wall_s(void);
/* CPU time of the calling thread, so that neighbors on the machine count as little as possible. */
double clock_thread_s(void);
