#!/bin/bash
# The membership rules as an operator meets them: those on who a member is, and
# on its disk. Rules 1, 2, 3, 4, 6, 21, 22; 23 is the test of quorate rescue.
# Usage: member_identity_rules_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

other="${SCRATCH}/other"
cluster_up "${other}" --members 1 > /dev/null
dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"

# --- 22: clients remember ------------------------------------------------------
pin="${SCRATCH}/pin"
expect 0 "/a" create /a --pin-file "${pin}"
expect 0 "" get /a --pin-file "${pin}"
expect 4 '"rule":22' get / --pin-file "${pin}" --dir "${other}" --json

# --- 2: an empty disk waits to be admitted -------------------------------------
found=0
"${QUORATE_COORDD}" --dir "${SCRATCH}/nobody" --id 9 \
  2> "${SCRATCH}/nobody.log" || found=$?
equal 3 "${found}" "exit code without an order"
await_line "${SCRATCH}/nobody.log" "--founders"
free_address
start_coordd lonely --id 9 --listen "${address}" --join 127.0.0.1:1
await 0 "joining" status --endpoints "${address}"
expect 3 "" get / --endpoints "${address}" --timeout 2s
# Before its admission is committed, the leader is nobody to it either.
quorate cluster add > /dev/null # member 4
await_line "${dir}/member-4/log" 'rule=2 name="no self-start"'
await 0 "learners {4}" member list

# --- 3: founders that are not unanimous begin nothing --------------------------
free_address
start_coordd founder --id 9 --listen "${address}" \
  --founders "1=$(address_of 1),9=${address}"
await_line "${dir}/member-1/log" 'rule=3 name="unanimous bootstrap"'
expect 0 "founding" status --endpoints "${address}"
expect 3 "" get / --endpoints "${address}" --timeout 2s

# --- 4: a wiped disk is another member -----------------------------------------
quorate cluster kill 4 > /dev/null
rm -r "${dir}/member-4/data"
start_coordd wiped --dir "${dir}/member-4/data" --id 4 \
  --listen "$(address_of 4)" --join "$(address_of 1),$(address_of 2)"
leader=$(quorate member list --json | sed 's/.*"leader_id":\([0-9]*\).*/\1/')
await_line "${dir}/member-${leader}/log" 'rule=4 name="incarnation"'
await_line "${log}" "rule 4 (incarnation)"
await_end "${started_pids[-1]}" "${log}"
expect 0 "done: v" member remove 4 --retry-for 60s
expect 0 "member 5 runs" cluster add

# --- 6: membership is in the log, whatever a list says -------------------------
quorate cluster kill 3 > /dev/null
found=0
"${QUORATE_COORDD}" --dir "${dir}/member-3/data" --listen "$(address_of 3)" \
  --founders "3=$(address_of 3),7=127.0.0.1:1" 2> "${SCRATCH}/truth.log" ||
  found=$?
equal 3 "${found}" "exit code with another manifest"
await_line "${SCRATCH}/truth.log" "rule 6 (one truth)"
quorate cluster restart 3 > /dev/null
await 0 "safe" member can-stop 2

# --- 1: a member of another ensemble, of the same id, at an address of this one -
quorate cluster kill 1 > /dev/null
quorate cluster down --dir "${other}" > /dev/null
start_coordd stranger --dir "${other}/member-1/data" \
  --listen "$(address_of 1)"
stranger="${started_pids[-1]}"
await_line "${log}" 'rule=1 name="ensemble id"'
await 4 "rule 15 (live quorum)" member can-stop 2 \
  --endpoints "$(address_of 2)"
kill -KILL "${stranger}"
await_end "${stranger}" "${log}"
quorate cluster restart 1 > /dev/null
await 0 "safe" member can-stop 2

# --- 21: damage in what was acknowledged stops the member ----------------------
quorate create /b > /dev/null
quorate cluster kill 3 > /dev/null
segment=$(find "${dir}/member-3/data" -type f -name 'log-*' | sort | head -1)
offset=$(LC_ALL=C grep --byte-offset --only-matching --text \
  --max-count=1 "$(address_of 2)" "${segment}" | head -1 | cut -d: -f1)
cp "${segment}" "${SCRATCH}/segment"
printf 'X' | dd of="${segment}" bs=1 seek="${offset}" conv=notrunc status=none
found=0
"${QUORATE_COORDD}" --dir "${dir}/member-3/data" --listen "$(address_of 3)" \
  2> "${SCRATCH}/damaged.log" || found=$?
equal 3 "${found}" "exit code with a damaged log"
await_line "${SCRATCH}/damaged.log" "${segment##*/}"
cp "${SCRATCH}/segment" "${segment}"
quorate cluster restart 3 > /dev/null
await 0 "safe" member can-stop 2
report
