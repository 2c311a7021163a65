#!/bin/bash
# The membership rules as an operator meets them: those that are seen while a
# quorum is away. A leader without one leads on for the election time-out, which
# is long here. Rules 7, 8, 9, 10, 15, 19.
# Usage: member_quorum_rules_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3 --coordd-flag --election-ms=15000 \
  --wait 120s > /dev/null
export QUORATE_DIR="${dir}"
expect 0 "done: v" member limits --set contact_ms=5000 --set dead_ms=5000 \
  --set stabilisation_ms=1000 --set promotion_distance_ms=1000
quorate cluster add > /dev/null # member 4
await 0 "ACCEPTED" member plan --promote 4

# Sets who leads and who follows, and their pids. From then on the leader is
# asked alone: a paused process answers nobody.
look() {
  unset QUORATE_ENDPOINTS
  leader=$(quorate member list --json --timeout 120s |
    sed 's/.*"leader_id":\([0-9]*\).*/\1/')
  local id
  followers=()
  for id in 1 2 3; do
    if ((id != leader)); then followers+=("${id}"); fi
  done
  leader_pid=$(pid_of "${leader}")
  pids=("$(pid_of "${followers[0]}")" "$(pid_of "${followers[1]}")")
  QUORATE_ENDPOINTS=$(address_of "${leader}")
  export QUORATE_ENDPOINTS
}
look

# --- 15: the voters heard from must be a quorum --------------------------------
kill -STOP "${pids[0]}"
await 4 "rule 15 (live quorum)*number:  others_fit = 1" \
  member can-stop "${followers[1]}"
expect 0 "safe" member can-stop "${followers[0]}"
kill -CONT "${pids[0]}"
await 0 "safe" member can-stop "${followers[1]}"
# Dead voters can be removed, but not the ones that a quorum needs.
kill -STOP "${pids[@]}"
await 4 "rule 15 (live quorum)*number:  present_voters_in_contact = 1" \
  member plan --remove "${followers[0]}"
kill -CONT "${pids[@]}"
await 0 "ACCEPTED" member plan --remove "${followers[0]}"

# --- 7: one at a time; a change that cannot be committed is PENDING ------------
kill -STOP "${pids[@]}"
expect 0 "accepted: v" member limits --set max_learners=3 --no-wait \
  --change-id 77
expect 4 "rule 7 (one at a time)*number:  committed = 0" \
  member plan --promote 4
expect 0 "PENDING" member change-state 77
kill -CONT "${pids[@]}"
await 0 "DONE" member change-state 77
await 0 "ACCEPTED" member plan --promote 4

# --- 9, 10: the leader and the newcomer are half of the four, and no majority of
# the three: a joint configuration that counts and is not committed. Nobody else
# has it, so that the others take it back.
newcomer=$(pid_of 4)
look
kill -KILL "${pids[@]}" "${newcomer}"
expect 0 "accepted: v*{1 2 3 4}<-{1 2 3}" member promote 4 --no-wait \
  --change-id 99
expect 0 "PENDING" member change-state 99
expect 0 "{1 2 3 4}<-{1 2 3}" member list
kill -KILL "${leader_pid}"
unset QUORATE_ENDPOINTS
for id in "${followers[@]}" 4; do
  quorate cluster restart "${id}" > /dev/null
done
await 0 "UNKNOWN" member change-state 99
expect 0 "{1 2 3} learners {4}" member list
quorate cluster restart "${leader}" > /dev/null
await_line "${dir}/member-${leader}/log" "configuration taken back"
# With both majorities there it is made.
expect 0 "{1 2 3 4}" member promote 4 --retry-for 120s --change-id 99
expect 0 "DONE" member change-state 99

# --- 19: a removed member that goes on raises no epoch -------------------------
epoch() {
  quorate status --json --timeout 60s | sed -n 's/.*"epoch":\([0-9]*\).*/\1/p' |
    sort -n | tail -1
}
look
gone="${followers[0]}"
kill -STOP "${pids[0]}"
expect 0 "done: v" member remove "${gone}" --retry-for 120s
before=$(epoch)
kill -CONT "${pids[0]}"
await_end "${pids[0]}" "${dir}/member-${gone}/log"
await_line "${dir}/member-${gone}/log" "orderly exit"
equal "${before}" "$(epoch)" "epoch"
expect 0 "/a" create /a

# --- 8: nothing before the new leader has committed something of its own -------
# Member 4 is away while much is written; then the leader goes, and whoever is
# elected has to send all of that before anything is committed again.
look_at() {
  quorate cluster status --json |
    sed -n "s/.*\"id\":\([0-9]*\),.*\"role\":\"$1\".*/\1/p"
}
unset QUORATE_ENDPOINTS
expect 0 "" get /a --timeout 120s
leader=$(look_at leader)
QUORATE_ENDPOINTS=$(address_of "${leader}")
export QUORATE_ENDPOINTS
mapfile -t followers < <(look_at follower)
behind="${followers[0]}"
heir="${followers[1]}"
behind_pid=$(pid_of "${behind}")
kill -STOP "${behind_pid}"
head --bytes=900000 /dev/zero | tr '\\0' x > "${SCRATCH}/much"
quorate create /much > /dev/null
for i in {1..40}; do
  quorate create "/much/${i}" --file "${SCRATCH}/much" > /dev/null
done
kill -KILL "$(pid_of "${leader}")"
heir_log="${dir}/member-${heir}/log"
lines=$(wc -l < "${heir_log}")
kill -CONT "${behind_pid}"
until tail --lines=+"$((lines + 1))" "${heir_log}" |
  grep --quiet "became leader"; do
  runs "${behind_pid}" || break
done
kill -STOP "${behind_pid}"
QUORATE_ENDPOINTS=$(address_of "${heir}")
expect 4 "rule 8 (settled leader)" member can-stop "${heir}"
expect 4 "rule 8 (settled leader)*number:  leading_for_ms" \
  member limits --set max_learners=2
kill -CONT "${behind_pid}"
expect 0 "done: v" member limits --set max_learners=2 --retry-for 120s
report
