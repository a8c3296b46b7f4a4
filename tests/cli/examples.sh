#!/usr/bin/env bash
# What we tell people to type exists: every command line in --help and in the documents names a command, options,
# variants and configurations that are there.
. "$2/tests/support/cli.sh"
cd "$source"

"$synvid" --help | awk '/^[A-Z].*:$/ { list = !/^Start/ } list && /^  [a-z]/ { print $1 }' >"$scratch/commands"

# Command lines, continued lines joined, comments dropped.
join_lines() { sed -e ':a' -e '/\\$/N; s/ *\\\n */ /; ta' -e 's/  *#.*//'; }
{
    "$synvid" --help | join_lines
    while read -r command; do "$synvid" "$command" --help | sed -n '/^Examples:/,$p' | join_lines; done <"$scratch/commands"
    cat ./*.md docs/*.md 2>/dev/null | join_lines
} | grep -oE '(^|[^/_a-z-])synvid [a-z]+[^`|]*' | sed -E 's/^[^s]*synvid /synvid /; s/   .*//' | sort -u >"$scratch/lines"
[ "$(wc -l <"$scratch/lines")" -ge 20 ] || fail "only $(wc -l <"$scratch/lines") command lines were found"

bad=0
complain() {
    echo "$*"
    bad=1
}

check_option() { # check_option LINE COMMAND OPTION
    grep -qE -e "(^|[ ,])$3( |$)" "$scratch/help-$2" || complain "no option $3 of $2: $1"
}

check_value() { # check_value LINE COMMAND OPTION VALUE
    case $4 in
        '' | [A-Z]* | \$* | \<* | \{*) return ;; # a placeholder
    esac
    case $3 in
        --variant) "$synvid" config show --kind variant "variants/$4" >/dev/null 2>&1 || complain "no variant $4: $1" ;;
        --config) "$synvid" config show --kind "$2" "$4" >/dev/null 2>&1 || complain "no configuration $4 of $2: $1" ;;
    esac
}

check_line() { # check_line LINE
    local line=$1 command words word next i
    read -ra words <<<"$line"
    command=${words[1]}
    grep -qx "$command" "$scratch/commands" || { case $line in *' --'*) complain "no command $command: $line" ;; esac; return; }
    [ -e "$scratch/help-$command" ] || "$synvid" "$command" --help >"$scratch/help-$command"
    for ((i = 2; i < ${#words[@]}; i++)); do
        word=${words[i]%%[,.;:)]}
        next=${words[i + 1]-}
        case $word in
            --*=*) check_option "$line" "$command" "${word%%=*}" && check_value "$line" "$command" "${word%%=*}" "${word#*=}" ;;
            --[a-z]*) check_option "$line" "$command" "$word" && check_value "$line" "$command" "$word" "${next%%[,.;:)]}" ;;
        esac
    done
}

while read -r line; do check_line "$line"; done <"$scratch/lines"
exit "$bad"
