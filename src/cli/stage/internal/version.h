/* cli/stage/version - what this program is made of: version, compiler, libraries. Starts nothing. */
#pragma once

/* To stdout. */
void version_print(void);
