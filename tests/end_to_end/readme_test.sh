#!/bin/bash
# Runs the commands of the README that call a program of out/bin/, as they stand.
# Usage: readme_test.sh README PROGRAM...

set -euo pipefail
readme=$1
shift

# Where tools/build would put them.
mkdir -p out/bin
for program in "$@"; do
  ln -sf "${PWD}/${program}" out/bin/
done

# The backticks are Markdown's.
# shellcheck disable=SC2016
mapfile -t commands < <(
  sed -n '/^```sh$/,/^```$/p' -- "${readme}" | grep '^out/bin/'
)
if ((${#commands[@]} < 3)); then
  echo "${readme}: found only ${#commands[@]} commands" >&2
  exit 1
fi
for command in "${commands[@]}"; do
  echo "== ${command}"
  bash -c "${command}"
done
