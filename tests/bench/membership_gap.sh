#!/bin/bash
# Measures how long a client with a steady load waits at most while its ensemble
# goes from three voters to seven, to five and to three. To be run by hand, on a
# machine that has nothing else to do:
#
#   tools/build && bazel build //tests/end_to_end:steady_writer
#   tests/bench/membership_gap.sh out/bin/quorate out/bin/coordd \
#     out/bazel-bin/tests/end_to_end/steady_writer
#
# A line a phase; exit code 1 if a write failed or was lost, or a phase did.
set -euo pipefail

if (($# != 3)); then
  echo "usage: $0 QUORATE COORDD STEADY_WRITER" >&2
  exit 2
fi
quorate=$(realpath "$1")
QUORATE_COORDD=$(realpath "$2")
writer=$(realpath "$3")
scratch=$(mktemp -d)
failed=0
export QUORATE_COORDD QUORATE_DIR="${scratch}/ensemble"

finish() {
  touch "${scratch}/stop"
  "${quorate}" cluster down > /dev/null || true
  wait
  rm -rf -- "${scratch}"
}
trap finish EXIT

"${quorate}" cluster up --members 3 \
  --coordd-flag --limit=stabilisation_ms=2000 \
  --coordd-flag --limit=promotion_distance_ms=2000 > /dev/null

# phase NAME ARGUMENT...: runs quorate ARGUMENT... with a client beside it.
phase() {
  local name=$1 endpoints
  shift
  rm -f "${scratch}/stop"
  endpoints=$("${quorate}" cluster export |
    sed -n 's/.*"address": "\([^"]*\)".*/\1/p' | paste -sd,)
  "${writer}" "${endpoints}" "${scratch}/stop" > "${scratch}/written" &
  if ! "${quorate}" "$@" > "${scratch}/said" 2>&1; then
    echo "${name}: quorate $* failed: $(< "${scratch}/said")" >&2
    failed=1
  fi
  touch "${scratch}/stop"
  wait $! || failed=1
  printf '%-24s %s\n' "${name}" "$(< "${scratch}/written")"
}

phase "3 to 7" cluster grow 7
phase "7 to 5" cluster shrink 5
phase "5 to 3" cluster shrink 3
leader=$("${quorate}" member list --json |
  sed 's/.*"leader_id":\([0-9]*\),.*/\1/')
phase "the leader replaced" cluster replace "${leader}"
phase "a rolling restart" cluster rolling-restart
((failed == 0))
