#!/bin/bash
# Runs every command of the operator's guide as it stands, in one shell, as a
# reader does who copies them; and asks for the help of each verb that its text
# mentions.
# Usage: operations_test.sh GUIDE PROGRAM...

set -euo pipefail
guide=$1
shift

mkdir -p out/bin
for program in "$@"; do
  ln -sf "${PWD}/${program}" out/bin/
done
export QUORATE_HISTORY="${PWD}/history"

finish() {
  local code=$? cluster
  for cluster in */cluster.json; do
    if ((code != 0)); then
      tail --lines=20 "${cluster%/*}"/member-*/log >&2 || true
    fi
    out/bin/quorate cluster down --dir "${cluster%/*}" > /dev/null 2>&1 || true
  done
}
trap finish EXIT

# The backticks are Markdown's.
# shellcheck disable=SC2016
commands=$(sed -n '/^ *```sh$/,/^ *```$/{/```/d;p}' -- "${guide}")
if (($(grep --count 'out/bin/quorate' <<< "${commands}") < 30)); then
  echo "${guide}: found only these commands: ${commands}" >&2
  exit 1
fi
bash -exc "set -o pipefail; ${commands}"

# shellcheck disable=SC2016
grep --only-matching '`quorate [a-z][^`]*`' -- "${guide}" | tr -d '`' |
  sort --unique | while read -r _ verb; do
  # The words before the first argument.
  # shellcheck disable=SC2001
  words=$(sed 's/ [^a-z].*//' <<< "${verb}")
  # shellcheck disable=SC2086
  out/bin/quorate ${words} --help > /dev/null || {
    echo "${guide}: there is no quorate ${words}" >&2
    exit 1
  }
done
