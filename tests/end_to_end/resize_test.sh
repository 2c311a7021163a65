#!/bin/bash
# cluster grow, shrink and replace under load, also by a tool that is killed
# again and again; and a rolling restart and upgrade that loses nothing.
# Usage: resize_test.sh QUORATE COORDD STEADY_WRITER [SEED]

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"
# shellcheck source=tests/end_to_end/provision.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/provision.sh"

dir="${SCRATCH}/ensemble"
fast_cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"
start_writer "$(for id in 1 2 3; do address_of "${id}"; done | paste -sd,)"

# The processes that run are those that belong, and no others.
check_processes() {
  equal "$1" "$(running_pids "${dir}" | wc --lines)" "processes"
  equal "$1" "$(voters | wc --words)" "voters"
}

expect 2 "shrink 1" cluster grow 1
expect 2 "grow 5" cluster shrink 5
expect 2 "no member 9 belongs" cluster replace 9
expect 0 "as declared" cluster grow 5
check_processes 5
expect 0 "as declared" cluster grow 5
killed cluster grow 7
check_processes 7
# Nobody was started in vain: each that was made is used.
equal 7 "$(grep --count '"id":' "${dir}/cluster.json")" "members that were made"
killed cluster shrink 5
check_processes 5
expect 0 "as declared" cluster shrink 4
check_processes 4
expect 0 "removed for ever: " cluster status

# A replacement, of the dead and of the living, by a tool that is killed.
leader=$(leader_id)
for id in 1 2 3 4 5 6 7; do
  if ((id != leader)) && votes "${id}"; then victim=${id}; fi
done
quorate cluster kill "${victim}" > /dev/null
expect 0 "as declared" cluster replace "${victim}"
expect 0 "as declared" cluster replace "${victim}"
check_processes 4
killed cluster replace "${leader}"
check_processes 4
if votes "${leader}"; then fail "${leader} was not replaced: $(voters)"; fi
stop_writer "grow, shrink, replace"

# A rolling restart, and an upgrade to another program.
start_writer "$(quorate cluster export |
  sed -n 's/.*"address": "\([^"]*\)".*/\1/p' | paste -sd,)"
mapfile -t before < <(running_pids "${dir}")
expect 0 "restarted " cluster rolling-restart
for pid in "${before[@]}"; do
  if runs "${pid}"; then fail "process ${pid} was not restarted"; fi
done
check_processes 4
mkdir "${SCRATCH}/new"
cp --dereference "${QUORATE_COORDD}" "${SCRATCH}/new/coordd"
expect 0 '"outcome":"restarted"' cluster rolling-restart --json \
  --coordd "${SCRATCH}/new/coordd"
check_processes 4
for pid in $(running_pids "${dir}"); do
  equal "${SCRATCH}/new/coordd" "$(readlink "/proc/${pid}/exe")" "a program"
done
stop_writer "rolling restarts"

# With one down it brings that one back first; two of three would be none.
quorate cluster shrink 3 > /dev/null
down=$(voters | tr -d '{}' | tr ' ' '\n' | grep --invert-match --max-count=1 \
  --line-regexp "$(leader_id)")
quorate cluster kill "${down}" > /dev/null
expect 0 "restarted ${down}, " cluster rolling-restart
check_processes 3
# Two voters cannot spare one: nobody is stopped.
quorate cluster shrink 2 > /dev/null
mapfile -t before < <(running_pids "${dir}")
expect 4 "restarted: none" cluster rolling-restart --wait 1s
mapfile -t after < <(running_pids "${dir}")
equal "${before[*]}" "${after[*]}" "processes"
report
