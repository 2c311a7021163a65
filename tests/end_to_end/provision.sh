# Sourced by the tests of provisioning, behind cluster.sh.
# shellcheck shell=bash
#
# The test is called with QUORATE COORDD STEADY_WRITER [SEED].

STEADY_WRITER="${PWD}/$3"
RANDOM=${4:-20201009}
echo "seed: ${4:-20201009}"

# Small times, so that a test is over soon, and patience with a busy machine.
fast_cluster_up() {
  local directory=$1 limit
  local -a flags=()
  shift
  for limit in stabilisation_ms=1000 promotion_distance_ms=1000 \
    contact_ms=2000 dead_ms=4000 max_fsync_ms=20000 max_lag_records=100000 \
    max_learners=8; do
    flags+=(--coordd-flag "--limit=${limit}")
  done
  cluster_up "${directory}" "${flags[@]}" "$@"
}

# "HOST:PORT" of a member of the cluster of QUORATE_DIR.
address_of() {
  quorate cluster status --json |
    sed -n "s/.*\"id\":$1,.*\"address\":\"\\([^\"]*\\)\".*/\\1/p"
}

# Writes a declaration of these voters to standard output.
declare_voters() {
  local id separator=""
  echo '{"format": 1, "members": ['
  for id in "$@"; do
    echo "${separator}{\"id\": ${id}, \"address\": \"$(address_of "${id}")\","
    echo '  "role": "voter"}'
    separator=","
  done
  echo ']}'
}

# The voters of the configuration, such as "{1 2 3}".
voters() {
  quorate member list --json --timeout 60s |
    sed 's/.*"configuration":"v[0-9]* \({[^}]*}\).*/\1/'
}

# votes ID: that member votes.
votes() {
  [[ " $(voters | tr --delete '{}') " == *" $1 "* ]]
}

leader_id() {
  quorate member list --json --timeout 60s |
    sed 's/.*"leader_id":\([0-9]*\),.*/\1/'
}

# A client that writes to these members until stop_writer.
start_writer() {
  "${STEADY_WRITER}" "$1" "${SCRATCH}/stop" > "${SCRATCH}/written" &
  writer=$!
}

# Every write was acknowledged, and everything acknowledged is there.
stop_writer() {
  local code=0
  touch "${SCRATCH}/stop"
  wait "${writer}" || code=$?
  equal 0 "${code}" "exit code of the writer"
  echo "$1: $(cat "${SCRATCH}/written")"
  rm "${SCRATCH}/stop"
}

# killed ARGUMENT...: runs `quorate ARGUMENT...` and kills it after a moment,
# again and again, a little later each time; then lets it end.
killed() {
  local pid i pause
  for ((i = 1; i <= 6; ++i)); do
    "${QUORATE}" "$@" > /dev/null 2>&1 &
    pid=$!
    pause=$((RANDOM % (400 * i)))
    sleep "$((pause / 1000)).$(printf '%03d' $((pause % 1000)))"
    kill -KILL "${pid}" 2> /dev/null || true
    wait "${pid}" 2> /dev/null || true
  done
  quorate "$@"
}
