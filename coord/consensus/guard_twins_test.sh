#!/bin/bash
# A program with fixed guards and ones that can be switched off does not link.
# Usage: guard_twins_test.sh FILE..., the archives of both guard libraries.

set -euo pipefail

fixed=()
mutable=()
for file in "$@"; do
  case "${file}" in
    *libguard_mutable*.lo | *libguard_mutable*.a) mutable+=("${file}") ;;
    *libguard*.lo | *libguard*.a) fixed+=("${file}") ;;
  esac
done

# link ARCHIVE...: links all that is in the archives into one object.
link() {
  ld --relocatable --whole-archive "$@" -o "${TEST_TMPDIR}/linked.o" 2>&1
}

link "${fixed[0]}" || { echo "the fixed guards do not link alone"; exit 1; }
link "${mutable[0]}" || { echo "the mutable guards do not link alone"; exit 1; }
if message=$(link "${fixed[0]}" "${mutable[0]}"); then
  echo "both kinds of guards link together"
  exit 1
fi
echo "${message}"
grep --quiet 'multiple definition.*quorate_has_one_kind_of_guards' \
  <<< "${message}"
