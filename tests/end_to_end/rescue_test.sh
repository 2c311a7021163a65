#!/bin/bash
# An ensemble whose quorum is lost for good, rescued from what is left of it:
# the data is there, the old members can never come back, newcomers take their
# places.
# Usage: rescue_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
# What is behind a snapshot goes at once, so that newcomers need the snapshot,
# which is older than the rescue.
cluster_up "${dir}" --members 3 --coordd-flag --retained-log-bytes=0 > /dev/null
export QUORATE_DIR="${dir}"
old=$(ensemble_id)
pin="${SCRATCH}/pin"
quorate create /data > /dev/null
for i in 1 2 3 4 5 6 7 8 9; do echo "create /data/${i} v${i}"; done |
  quorate > /dev/null
quorate snapshot take > /dev/null
quorate create /data/10 v10 > /dev/null
expect 0 "v10" get /data/10 --pin-file "${pin}"
# All three have everything.
for id in 1 2 3; do
  expect 0 "v10" get /data/10 --endpoints "$(address_in "${dir}" "${id}")"
done
survivor=$(address_in "${dir}" 3)

# --- Refused as long as it would do harm ---------------------------------------
data="${dir}/member-3/data"
expect 5 "member 1 of" rescue --member 3
expect 5 "the member runs" rescue "${data}" --confirm "${old}"
quorate cluster kill 1 > /dev/null
quorate cluster kill 2 > /dev/null
expect 3 "" get /data/1 --timeout 2s
await 0 "none of them serves*quorate rescue --help" status --timeout 2s
await 0 "no leader answered*quorate rescue --help" member list --timeout 2s
expect 3 "a majority of the voters must run" member remove 1 --timeout 2s
quorate cluster down > /dev/null
expect 2 "which member?" rescue
expect 2 "not both" rescue "${data}" --member 3
expect 2 "there is no member" rescue --member 9
expect 5 "was never used" rescue "${SCRATCH}/none"
mkdir "${SCRATCH}/empty"
expect 5 "was never used" rescue "${SCRATCH}/empty"
cp -r "${data}" "${SCRATCH}/copy"
expect 5 "rescue the original" rescue "${SCRATCH}/copy" --confirm "${old}"
expect 2 "there is no terminal to ask at" rescue "${data}"
expect 2 "first 8 characters or more" rescue "${data}" --confirm "${old:0:7}"
expect 2 "first 8 characters or more" rescue "${data}" --confirm 0123456789abcdef

# --- What there is ---------------------------------------------------------------
expect 0 "v1 {1 2 3}; this member votes" rescue "${data}" --dry-run
expect 0 '"rescued":false' rescue --member 3 --dry-run --json
for id in 1 2 3; do
  last=$(quorate rescue "${dir}/member-${id}/data" --dry-run --json |
    json_field last_zxid)
  [[ "${last}" == *:* ]] || fail "last zxid of member ${id}: ${last}"
done

# --- The rescue ------------------------------------------------------------------
output=$(quorate rescue --member 3 --confirm "${old:0:8}")
for text in "is now the only voter of ensemble" "which names ${old}" \
  "quorate cluster up --dir" "quorate member promote 4"; do
  [[ "${output}" == *"${text}"* ]] || fail "expected ${text} in: ${output}"
done
expect 0 "serving at ${survivor}" cluster up
new=$(ensemble_id)
if [[ "${new}" == "${old}" ]]; then fail "the ensemble id is the same"; fi
expect 0 "\"parent_ensemble_id\":\"${old}\"" status --json
for i in 1 2 3 4 5 6 7 8 9 10; do equal "v${i}" "$(quorate get "/data/${i}")" "/data/${i}"; done
quorate create /after rescue > /dev/null

# A client that remembers the old ensemble is told how to follow.
expect 4 "was rescued or restored" get /data/1 --pin-file "${pin}"
expect 4 "rm ${pin}" get /data/1 --pin-file "${pin}"
rm "${pin}"
expect 0 "v1" get /data/1 --pin-file "${pin}"

# --- The old members come back ------------------------------------------------
# By hand: the cluster does not start them any more.
expect 2 "is retired" cluster restart 1
founders="1=$(address_in "${dir}" 1),2=$(address_in "${dir}" 2),3=${survivor}"
for id in 1 2; do
  "${QUORATE_COORDD}" --dir "${dir}/member-${id}/data" \
    --listen "$(address_in "${dir}" "${id}")" --founders "${founders}" \
    --segment-bytes 4194304 2>> "${SCRATCH}/old" &
  old_pids[id]=$!
done
await_text "${SCRATCH}/old" "a peer refuses this member"
await_text "${SCRATCH}/old" "from which it was rescued"
await_text "${dir}/member-3/log" "refused a message"
await_text "${dir}/member-3/log" "can never come back"
# The new ensemble is untouched, and the old one, which has its majority again,
# is another one.
equal "${new}" "$(ensemble_id)" "the ensemble at member 3"
expect 0 "{3} removed {1 2}" member list
expect 0 "rescue" get /after
expect 1 "NoNode" get /after --endpoints "$(address_in "${dir}" 1)" --timeout 30s
kill "${old_pids[@]}"
wait "${old_pids[@]}" || true

# --- Newcomers take their places -------------------------------------------------
# Whoever is quicker with the second command than the newcomer waits for it.
expect 1 "which is no member" member promote 4
quorate member promote 4 --retry-for 120s > "${SCRATCH}/promoted" 2>&1 &
promoter=$!
await_text "${SCRATCH}/promoted" "waiting until the newcomer has joined"
expect 0 "member 4 runs" cluster add
wait "${promoter}" || fail "member promote: $(< "${SCRATCH}/promoted")"
await_text "${SCRATCH}/promoted" "{3 4}"
expect 0 "member 5 runs" cluster add
expect 0 "{3 4 5}" member promote 5 --retry-for 120s
for id in 4 5; do
  address=$(address_in "${dir}" "${id}")
  equal "v10" "$(quorate get /data/10 --endpoints "${address}")" "at ${id}"
done
# The rescued one may go; and all of it starts again.
quorate cluster kill 3 > /dev/null
equal rescue "$(quorate get /after --timeout 60s)" "without member 3"
quorate cluster down > /dev/null
expect 0 "serving at" cluster up
equal rescue "$(quorate get /after)" "after a restart"
quorate cluster down > /dev/null
for id in 3 4 5; do
  expect 0 "ok" wal verify "${dir}/member-${id}/data"
done
report
