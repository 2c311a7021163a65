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
# Members that a test started by itself: start_coordd.
started_pids=()

finish() {
  local code=$?
  local cluster pid
  for pid in "${started_pids[@]}"; do
    kill -KILL "${pid}" 2> /dev/null || true
  done
  for cluster in "${SCRATCH}"/*/cluster.json; do
    [[ -e "${cluster}" ]] || continue
    if ((code != 0)); then
      tail --lines=20 "${cluster%/*}"/{member,broker}-*/log >&2 || true
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

# await CODE TEXT ARGUMENT...: the same, asked again until it holds, for two
# minutes at most.
await() {
  local code=$1 text=$2 found=0 output="" end=$((SECONDS + 120))
  shift 2
  while ((SECONDS < end)); do
    found=0
    output=$(quorate "$@" 2>&1 < /dev/null) || found=$?
    if ((found == code)) && [[ "${output}" == *${text}* ]]; then return; fi
    sleep 0.1
  done
  fail "quorate $*: never exit code ${code} and \"${text}\": ${output}"
}

# await_line FILE TEXT: a line of the file has TEXT, sooner or later.
await_line() {
  local end=$((SECONDS + 120))
  while ((SECONDS < end)); do
    if grep --quiet --fixed-strings -- "$2" "$1"; then return; fi
    sleep 0.1
  done
  fail "$1 never had a line with \"$2\": $(tail --lines=5 "$1")"
}

# await_end PID FILE: the process is over, sooner or later.
await_end() {
  local end=$((SECONDS + 120))
  while runs "$1"; do
    if ((SECONDS >= end)); then
      fail "process $1 does not end: $(tail --lines=5 "$2")"
      return
    fi
    sleep 0.1
  done
}

# Sets `address` to one that is free.
free_address() {
  address="127.0.0.1:$(python3 -c '
import socket
held = socket.socket()
held.bind(("127.0.0.1", 0))
print(held.getsockname()[1])')"
}

# start_coordd NAME FLAG...: a member of its own, outside of any cluster, with
# its data in SCRATCH/NAME unless a flag says otherwise. Sets `log`; it is
# ended with the test.
start_coordd() {
  log="${SCRATCH}/$1.log"
  local name=$1
  shift
  [[ "$*" == *--dir* ]] || set -- --dir "${SCRATCH}/${name}" "$@"
  "${QUORATE_COORDD}" --segment-bytes=4194304 "$@" 2> "${log}" &
  started_pids+=($!)
}

# Of a member of a cluster: its address, its process, what it has logged.
address_of() {
  quorate cluster status --json |
    sed -n "s/.*\"id\":$1,.*\"address\":\"\([^\"]*\)\".*/\1/p"
}
pid_of() {
  quorate cluster status --json |
    sed -n "s/.*\"id\":$1,.*\"pid\":\([0-9]*\),.*/\1/p"
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

# json_field NAME: the value of a field in a line of JSON on standard input.
json_field() {
  sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# The id of the ensemble of the first endpoint that answers.
ensemble_id() {
  quorate status --json | json_field ensemble_id | head --lines=1
}

# address_in CLUSTER ID: where a member listens, also one that is retired.
address_in() {
  grep --after-context=2 "\"id\": $2," "$1/cluster.json" |
    sed -n 's/.*"address": "\([^"]*\)".*/\1/p'
}

# await_text FILE TEXT: waits until TEXT stands in FILE.
await_text() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    if grep --quiet --fixed-strings -- "$2" "$1" 2> /dev/null; then return; fi
    sleep 0.1
  done
  fail "expected \"$2\" in $1: $(tail --lines=20 "$1" 2>&1)"
}

# await_exit PID: waits for a process of this shell, and sets exit_code. Kills it
# after a minute.
await_exit() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    if ! kill -0 "$1" 2> /dev/null; then break; fi
    sleep 0.1
  done
  kill -KILL "$1" 2> /dev/null || true
  exit_code=0
  wait "$1" || exit_code=$?
}

# At the end of a test.
report() {
  if ((failures != 0)); then
    echo "${failures} checks failed" >&2
    exit 1
  fi
}
