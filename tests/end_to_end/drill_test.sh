#!/bin/bash
# quorate drill: two schedules with and without membership rules; what it says
# of bad input; nothing is left running.

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname "$0")/cluster.sh"

# Members that run below a directory.
members_below() {
  local process
  for process in /proc/[0-9]*; do
    if runs "${process#/proc/}" 2> /dev/null &&
      tr '\0' ' ' < "${process}/cmdline" 2> /dev/null |
      grep --quiet --fixed-strings -- " --dir $1/"; then
      echo "${process#/proc/}"
    fi
  done
}

# field JSON KEY: the values of a key, in order, on one line.
field() {
  grep --only-matching "\"$2\":[^,}]*" <<< "$1" | cut --delimiter=: --fields=2 |
    tr '\n' ' '
}

echo "bad input"
expect 2 'there is no schedule "fast"' drill split-brain --schedule quick,fast
expect 2 '--seed' drill split-brain --seed minus
expect 2 '--against' drill split-brain --against raft
mkdir "${SCRATCH}/full"
touch "${SCRATCH}/full/file"
expect 5 'is not empty' drill split-brain --dir "${SCRATCH}/full"
[[ -e "${SCRATCH}/full/file" ]] || fail "the drill removed what is not its own"
expect 5 'cannot run' drill split-brain --coordd "${SCRATCH}/nothing"
expect 0 'quorate drill split-brain' drill split-brain --help

echo "two schedules"
TMPDIR="${SCRATCH}" quorate drill split-brain --schedule quick,rolling --seed 1 \
  --json > "${SCRATCH}/drill.json" || fail "the drill: exit code $?"
json=$(< "${SCRATCH}/drill.json")
equal 'true ' "$(field "${json}" observed | cut --delimiter=' ' --fields=1) " \
  "everything was observed"
equal '"lists" "rules" "lists" "rules" ' "$(field "${json}" mode)" "modes"
# Without rules the second schedule loses writes, with them none does.
read -r quick_lists quick_rules rolling_lists rolling_rules \
  <<< "$(field "${json}" lost)"
equal 0 "${quick_lists}" "lost in quick with lists"
equal 0 "${quick_rules}" "lost in quick with rules"
equal 0 "${rolling_rules}" "lost in rolling with rules"
((rolling_lists > 0)) || fail "nothing was lost in rolling with lists"
equal '' "$(members_below "${SCRATCH}")" "members after the drill"
equal '' "$(find "${SCRATCH}" -maxdepth 1 -name 'quorate-drill.*')" \
  "directories after the drill"

# The program itself, as a function in the background would be a shell of ours.
echo "interrupted"
"${QUORATE}" drill split-brain --schedule quick --seed 1 --dir "${SCRATCH}/kept" \
  --keep > "${SCRATCH}/out" 2>&1 &
drill=$!
until grep --quiet 'newcomer . started' "${SCRATCH}/out"; do
  kill -0 "${drill}" 2> /dev/null || break
  sleep 0.1
done
kill -TERM "${drill}"
code=0
wait "${drill}" || code=$?
equal 5 "${code}" "exit code of an interrupted drill"
equal '' "$(members_below "${SCRATCH}")" "members after an interrupted drill"
[[ -s "${SCRATCH}/kept/quick-lists/member-1/log" ]] || fail "--keep keeps logs"

echo "killed"
"${QUORATE}" drill split-brain --schedule quick --seed 1 --dir "${SCRATCH}/killed" \
  > "${SCRATCH}/out" 2>&1 &
drill=$!
until grep --quiet 'newcomer . started' "${SCRATCH}/out"; do
  kill -0 "${drill}" 2> /dev/null || break
  sleep 0.1
done
kill -KILL "${drill}"
wait "${drill}" || true
for ((i = 0; i < 600; ++i)); do
  [[ -n "$(members_below "${SCRATCH}")" ]] || break
  sleep 0.1
done
equal '' "$(members_below "${SCRATCH}")" "members after a killed drill"

report
