#!/usr/bin/env bash
# Words that do not belong here: notes to self, British spellings, functions without bounds, ways out of a library.
#   words.sh SYNVID SOURCE_DIR
set -euo pipefail
cd "$2"

bad=0
# refuse WHY PATTERN FILE...: complains about every line that matches
refuse() {
    local why=$1 pattern=$2
    shift 2
    if grep -nHE -e "$pattern" "$@"; then
        echo "^ $why"
        bad=1
    fi
}

mapfile -t code < <(find src tests include -name '*.[ch]' | sort)
mapfile -t texts < <(find src include tests cmake configs docs python examples jobs tools ./*.md ./*.sh -type f \
    \( -name '*.[ch]' -o -name '*.sh' -o -name '*.md' -o -name '*.json' -o -name '*.cmake' -o -name '*.txt' -o -name '*.py' \) \
    ! -path tests/lint/words.sh 2>/dev/null | sort)

refuse 'notes to self: do it or leave it' '\b(TODO|FIXME|XXX|HACK)\b' "${texts[@]}"
refuse 'American spelling, please' \
    '[Cc]olour|\b[Gg]rey|\b[Cc]entre|[Bb]ehaviour|[Nn]eighbour|\b([Aa]nalyse[dr]?|([Oo]ptimise|[Nn]ormalise|[Ii]nitialise|[Rr]ecognise|[Ss]ummarise|[Oo]rganise|[Ss]erialise|[Vv]isualise)[drs]?)\b|[a-z](alis|imis|eris)ation' \
    "${texts[@]}"
refuse 'use base/text/text.h, strtol, strtod, math/rng.h' \
    '\b(strcpy|strcat|strtok|v?sprintf|gets|ato[ifl]|atol|s?rand)\(' "${code[@]}"
refuse 'C99 types and whole words' '\b(uint|ulong|u_char|u_int)\b' "${code[@]}"
refuse 'paths of one machine' '/home/[a-z]|/root/|/work/' "${texts[@]}"

mapfile -t libraries < <(find src -name '*.[ch]' ! -path 'src/cli/*' ! -path src/base/failure/err.c ! -path src/base/failure/err.h | sort)
refuse 'a library returns an Err; only main ends the program' '(^|[^_.a-z])(exit|abort)\(' "${libraries[@]}"

exit "$bad"
