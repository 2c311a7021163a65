#!/bin/bash
# The membership rules as an operator meets them, each refused and accepted once
# by real processes: those on joining, promoting and removing.
# Rules 5, 11, 12, 13, 14, 16, 17, 18, 20.
# Usage: member_rules_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"

limit() {
  local set=() one
  for one in "$@"; do set+=(--set "${one}"); done
  expect 0 "done: v" member limits "${set[@]}" --retry-for 60s
}

# --- The limits themselves: ranges, nothing lost, nothing switched off ---------
# A busy machine must not look like silence.
limit contact_ms=5000 dead_ms=5000 stabilisation_ms=60000 \
  promotion_distance_ms=1000
expect 0 "stabilisation_ms        60000" member limits
expect 0 '"max_learners":4' member limits --json
expect 1 "stabilisation_ms must be from 1000" member limits \
  --set stabilisation_ms=0
expect 1 "dead_ms must be at least stabilisation_ms" member limits \
  --set auto_remove_dead=true

# --- 13, 12: a learner has to prove itself -------------------------------------
quorate cluster add > /dev/null # member 4
await 4 "rule 13 (observed stability)*number:  proven_for_ms = *retry:   in" \
  member plan --promote 4
await 0 "4        refused by rule 13 (observed stability)  in" member list
expect 4 '"rule":13' member promote 4 --json
limit stabilisation_ms=1000
await 0 "ACCEPTED: it would lead to v" member plan --promote 4
await 0 '"promotable":true' member list --json
await 0 "possible" member list

quorate cluster pause 4 > /dev/null
await 4 "rule 12 (learner first, proven)*number:  max_contact_age_ms = 5000" \
  member plan --promote 4
quorate cluster resume 4 > /dev/null
await 0 "ACCEPTED" member plan --promote 4

# --- 16: so many learners at once ----------------------------------------------
limit max_learners=1
free_address
joiner="${address}"
start_coordd joiner --id 105 --listen "${joiner}" --join "$(address_of 1)"
joiner_log="${log}"
joiner_pid="${started_pids[-1]}"
await 4 "rule 16 (bounded joining)*number:  max_learners = 1" \
  member plan --add "${joiner}"
limit max_learners=4
await_line "${joiner_log}" "admitted to the ensemble"
await 0 "ACCEPTED" member plan --promote 105

# --- 14: one by one, and not too quickly ---------------------------------------
await 4 "rule 14 (seasoned majority)*number:  max_promotions = 1" \
  member plan --promote 4 --promote 105
limit promotion_distance_ms=3600000
await 4 "rule 14 (seasoned majority)*number:  promotion_distance_ms = 3600000" \
  member promote 105
limit promotion_distance_ms=1000
expect 0 "{1 2 3 4}" member promote 4 --retry-for 120s

# --- 11, and sending again -----------------------------------------------------
version() {
  quorate member list --json |
    sed 's/.*"configuration_version":\([0-9]*\).*/\1/'
}
expect 4 "rule 11 (expected version)*number:  found_version = $(version)*change:" \
  member remove 105 --expect-version 1 --change-id 5e
expect 0 "REFUSED by rule 11 (expected version)" member change-state 5e
expect 0 '"state":"REFUSED","refusal":{"kind":"Refused"' \
  member change-state 5e --json
expect 0 "change 000000000000005e)" member remove 105 \
  --expect-version "$(version)" --change-id 5e --retry-for 60s
expect 0 "was made already" member remove 105 --change-id 5e
expect 0 "DONE: configuration v" member change-state 5e
expect 0 "UNKNOWN" member change-state 5f

# --- 18: the removed are told, and stop ----------------------------------------
await_end "${joiner_pid}" "${joiner_log}"
await_line "${joiner_log}" "orderly exit"

# --- 5: an id that was removed, an address in use ------------------------------
free_address
start_coordd again --id 105 --listen "${address}" --join 127.0.0.1:1
await 4 "rule 5 (no resurrection)*was removed and is never admitted again" \
  member plan --add "${address}"
free_address
start_coordd twin --id 106 --listen "${address}" \
  --advertise "$(address_of 1)" --join 127.0.0.1:1
await 4 "rule 5 (no resurrection)*in use by member 1" \
  member plan --add "${address}"
free_address
start_coordd other --id 107 --listen "${address}" --join 127.0.0.1:1
await 0 "ACCEPTED" member plan --add "${address}"

# --- 17: never below the floor; replacing is one change ------------------------
limit min_voters=4
expect 4 "rule 17 (careful removal)*number:  min_voters = 4" member remove 3
expect 4 "rule 17 (careful removal)" member limits --set min_voters=5
quorate cluster add > /dev/null # member 5
expect 2 "votes already" member replace 3 --by 4
expect 2 "there is no member 9" member replace 9 --by 5
expect 0 "{1 2 4 5}" member replace 3 --by "$(address_of 5)" --retry-for 120s
expect 0 "was made already" member replace 3 --by 5
limit min_voters=1

# --- 20: who votes -------------------------------------------------------------
quorate cluster add > /dev/null # member 6, a learner
expect 0 "safe: member 6" member can-stop 6
await 0 "safe: member 5" member can-stop 5
quorate cluster kill 4 > /dev/null
await 4 "rule 15 (live quorum)*number:  others_fit = 2*number:  needed = 3" \
  member can-stop 5
quorate cluster kill 5 > /dev/null
# Three of five processes run, but one of them has no vote.
expect 3 "" create /x --timeout 3s
quorate cluster restart 5 > /dev/null
expect 0 "" create /y --timeout 60s
quorate cluster restart 4 > /dev/null
await 0 "safe: member 5" member can-stop 5

# --- 18: the leader removes itself ---------------------------------------------
leader=$(quorate member list --json | sed 's/.*"leader_id":\([0-9]*\).*/\1/')
pid=$(pid_of "${leader}")
expect 0 "done: v" member remove "${leader}" --retry-for 120s
leader_log="${dir}/member-${leader}/log"
await_end "${pid}" "${leader_log}"
await_line "${leader_log}" "orderly exit"
expect 0 "/z" create /z --timeout 60s
# Started again, it stops again.
expect 5 "" cluster restart "${leader}"
report
