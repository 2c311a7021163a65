#!/bin/bash
# A local cluster from its first start to its last: crashes, pauses, restarts;
# what was acknowledged is there afterwards, and nothing is left running.
# Usage: cluster_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3
mapfile -t first_pids < <(running_pids "${dir}")
equal 3 "${#first_pids[@]}" "members that run"
expect 5 "already running" cluster up --dir "${dir}"
export QUORATE_DIR="${dir}"

# write FIRST LAST: creates /data/N with the data vN, in one session.
write() {
  local i
  for ((i = $1; i <= $2; ++i)); do echo "create /data/${i} v${i}"; done |
    quorate > /dev/null
}

# Everything that was acknowledged so far is read.
check_all() {
  local last=$1 i
  equal "${last}" "$(quorate ls /data | wc -l)" "znodes"
  for ((i = 1; i <= last; i += 7)); do
    equal "v${i}" "$(quorate get "/data/${i}")" "/data/${i}"
  done
}

quorate create /data > /dev/null
write 1 50

# A crash of the leader.
quorate cluster kill leader
check_all 50
write 51 80
expect 0 "stopped" cluster status
expect 0 "serving at" cluster up
check_all 80
# A leader whose clock stands still, which then finds that others went on.
quorate cluster pause leader
expect 0 "paused" cluster status
quorate --timeout 60s set /data/1 v1 > /dev/null
write 81 100
for id in 1 2 3; do
  quorate cluster resume "${id}" > /dev/null 2>&1 || true
done
check_all 100

# A restart of each.
for id in 1 2 3; do quorate cluster restart "${id}" > /dev/null; done
check_all 100

# Down with one paused, and nothing is left.
quorate cluster pause 2 > /dev/null
mapfile -t pids < <(running_pids "${dir}")
quorate cluster down
for pid in "${first_pids[@]}" "${pids[@]}"; do
  if runs "${pid}"; then fail "process ${pid} still runs"; fi
done
expect 0 "no member was running" cluster down
expect 3 "no endpoint answered" get /data/1 --timeout 2s
for id in 1 2 3; do
  expect 0 "ok" wal verify "${dir}/member-${id}/data"
done

# Again, with its data.
quorate cluster up > /dev/null
check_all 100
expect 0 "member 4 runs" cluster add
# Heard of for too short a time, or not yet at all.
expect 4 "rule 1[23]" member plan --promote 4
expect 0 "{1 2 3 4}" member promote 4 --retry-for 60s
quorate cluster kill 1 > /dev/null
check_all 100
quorate cluster down > /dev/null
report
