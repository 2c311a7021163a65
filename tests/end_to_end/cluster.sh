# Sourced by the tests of this folder: a local cluster of their own, and checks.
# shellcheck shell=bash
#
# The test is called with QUORATE COORDD. Whatever happens, no member is left
# running at the end.

set -euo pipefail

QUORATE="${PWD}/$1"
QUORATE_COORDD="${PWD}/$2"
SCRATCH="$(mktemp -d "${TEST_TMPDIR:-/tmp}/quorate.XXXXXX")"
QUORATE_HISTORY="${SCRATCH}/history"
export QUORATE_COORDD QUORATE_HISTORY
unset QUORATE_DIR QUORATE_ENDPOINTS

failures=0

finish() {
  local code=$?
  local cluster
  for cluster in "${SCRATCH}"/*/cluster.json; do
    [[ -e "${cluster}" ]] || continue
    if ((code != 0)); then
      tail --lines=20 "${cluster%/*}"/member-*/log >&2 || true
    fi
    "${QUORATE}" cluster down --dir "${cluster%/*}" > /dev/null || true
  done
  rm -rf -- "${SCRATCH}"
  exit "${code}"
}
trap finish EXIT

quorate() {
  "${QUORATE}" "$@"
}

# Small segments: the default ones need 128 MiB a member.
cluster_up() {
  local directory=$1
  shift
  quorate cluster up --dir "${directory}" \
    --coordd-flag --segment-bytes=4194304 "$@"
}

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# expect CODE TEXT ARGUMENT...: `quorate ARGUMENT...` ends with this exit code
# and prints TEXT (a bash pattern, anywhere) to standard output or error.
expect() {
  local code=$1 text=$2 found=0 output
  shift 2
  output=$(quorate "$@" 2>&1 < "${INPUT:-/dev/null}") || found=$?
  if ((found != code)); then
    fail "quorate $*: exit code ${found}, expected ${code}: ${output}"
  elif [[ "${output}" != *${text}* ]]; then
    fail "quorate $*: expected \"${text}\" in: ${output}"
  fi
}

# equal EXPECTED FOUND WHAT
equal() {
  if [[ "$1" != "$2" ]]; then fail "$3: expected \"$1\", found \"$2\""; fi
}

# runs PID: it is a member, and no other process that got its pid later.
runs() {
  [[ "$(readlink "/proc/$1/exe" 2> /dev/null)" == */coordd* ]]
}

# Pids of the members of a cluster that still run; none if all is over.
running_pids() {
  local pid
  sed -n 's/.*"pid": \([0-9]*\),/\1/p' "$1/cluster.json" |
    while read -r pid; do
      if runs "${pid}"; then echo "${pid}"; fi
    done
}

# At the end of a test.
report() {
  if ((failures != 0)); then
    echo "${failures} checks failed" >&2
    exit 1
  fi
}
