#!/bin/bash
# The shell, fed from standard input: one session for all lines, and it stops at
# the first error with its exit code.
# Usage: shell_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 1 > /dev/null
export QUORATE_DIR="${dir}"

# An ephemeral znode lives as long as the session does: from line to line.
output=$(
  quorate << 'END'
# A comment, and an empty line.

create /eph "with blanks" --ephemeral
get /eph
create '/quo"ted' "a\tb\x21"
get '/quo"ted'
session info
session info
END
)
equal $'/eph\nwith blanks\n/quo"ted\na\tb!' "$(head --lines=4 <<< "${output}")" \
  "the shell's output"
equal 1 "$(grep '^session ' <<< "${output}" | sort --unique | wc --lines)" \
  "sessions"
expect 1 "NoNode" get /eph

# script CODE TEXT LINE...: the lines end with this exit code and print TEXT.
script() {
  local code=$1 text=$2
  shift 2
  INPUT="${SCRATCH}/script"
  printf '%s\n' "$@" > "${INPUT}"
  expect "${code}" "${text}"
  INPUT=
}

script 0 "/a" "create /a 1" "exit" "get /none"
script 1 "line 2: get /none" "get /a" "get /none" "set /a 2"
equal 1 "$(quorate get /a)" "what stands behind an error"
script 2 "unknown verb" "gett /a"
script 2 "not closed" "get \"/a"
script 2 "unknown escape" "set /a \"\\q\""
script 2 "unknown option --endpoints" "get /a --endpoints 127.0.0.1:1"
script 0 '"data":"1"' "get /a --json"
script 0 "Usage:" "help" "help get"
script 0 "watching /" "watch / --for 1ms"
script 2 "the shell's" "set /a -"
report
