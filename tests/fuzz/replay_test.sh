#!/bin/bash
# Whether the driver of the short runs can fail, and what it leaves behind.
# Usage: replay_test.sh PROGRAM, which is broken_example.

set -euo pipefail

program=$1
log=${TEST_TMPDIR}/log
export TEST_UNDECLARED_OUTPUTS_DIR=${TEST_TMPDIR}

fail() {
  echo "FAILED: $1" >&2
  cat -- "${log}" >&2
  exit 1
}

# The seeds alone are harmless.
"${program}" --runs=0 > "${log}" 2>&1 || fail "the seeds were no findings"

if "${program}" --runs=20000 > "${log}" 2>&1; then
  fail "the bug was not found"
fi
grep -q '^FOUND by mutant [0-9]*; the input is kept' "${log}" ||
  fail "it does not say what it has found"
mutant=$(sed -n 's/^FOUND by mutant \([0-9]*\);.*/\1/p' "${log}")

# What was kept, and the mutant by its number, find it again.
found=${TEST_TMPDIR}/found-input
mv -- "${found}" "${found}-1"
if "${program}" --runs=0 "${found}-1" > "${log}" 2>&1; then
  fail "the input that was kept is harmless"
fi
if "${program}" "--only=${mutant}" > "${log}" 2>&1; then
  fail "mutant ${mutant} alone is harmless"
fi
cmp -- "${found}" "${found}-1" || fail "the mutant is another one by itself"

# A mistake of the caller is no finding.
status=0
"${program}" --no-such > "${log}" 2>&1 || status=$?
((status == 2)) || fail "expected exit status 2, got ${status}"
