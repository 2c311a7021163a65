#!/bin/bash
# Runs the commands of the README that call programs of out/bin/, as they stand,
# in one shell, as a reader does who copies them.
# Usage: readme_test.sh README PROGRAM...

set -euo pipefail
readme=$1
shift

# Where tools/build would put them.
mkdir -p out/bin
for program in "$@"; do
  ln -sf "${PWD}/${program}" out/bin/
done
export QUORATE_HISTORY="${PWD}/history"

# The backticks are Markdown's.
# shellcheck disable=SC2016
commands=$(sed -n '/^```sh$/,/^```$/p' -- "${readme}" |
  grep --extended-regexp '^(out/bin/|export )')
if (($(wc -l <<< "${commands}") < 10)); then
  echo "${readme}: found only these commands: ${commands}" >&2
  exit 1
fi

finish() {
  out/bin/quorate cluster down --dir demo > /dev/null 2>&1 || true
}
trap finish EXIT
bash -exc "set -o pipefail; trap '' PIPE; ${commands}"
