#!/bin/bash
# quorate drill outage: the whole of it with an input of a few lines; what it
# says of bad input; its report; nothing is left running, also if it is
# interrupted.
#
# The test is called with QUORATE COORDD BROKERD.

QUORATE_BROKERD="${PWD}/$3"
export QUORATE_BROKERD
# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname "$0")/cluster.sh"

# Processes whose command line names something below a directory.
processes_below() {
  local process
  for process in /proc/[0-9]*; do
    if tr '\0' ' ' < "${process}/cmdline" 2> /dev/null |
      grep --quiet --fixed-strings -- " --dir $1/"; then
      echo "${process#/proc/}"
    fi
  done
}

echo "bad input"
: > "${SCRATCH}/empty"
expect 5 'is empty' drill outage --input "${SCRATCH}/empty"
expect 5 'nothing-there' drill outage --input "${SCRATCH}/nothing-there"
seq 20001 > "${SCRATCH}/long"
expect 5 'has 20001 lines' drill outage --input "${SCRATCH}/long"
mkdir "${SCRATCH}/full"
touch "${SCRATCH}/full/file"
expect 5 'is not empty' drill outage --dir "${SCRATCH}/full"
[[ -e "${SCRATCH}/full/file" ]] || fail "the demo removed what is not its own"
expect 5 'cannot run' drill outage --brokerd "${SCRATCH}/nothing"
expect 5 "${SCRATCH}/empty/report" drill outage --out "${SCRATCH}/empty/report"
expect 0 'quorate drill outage' drill outage --help

echo "three acts"
# Lines that are the same, an empty one, and no newline at the end.
printf 'one\ntwo\n\ntwo\n<three> & "four"' > "${SCRATCH}/input"
TMPDIR="${SCRATCH}" quorate drill outage --input "${SCRATCH}/input" --seed 1 \
  --out "${SCRATCH}/report" > "${SCRATCH}/out" 2>&1 ||
  fail "the demo: exit code $?: $(tail --lines=60 "${SCRATCH}/out")"
grep --quiet '"observed":true' "${SCRATCH}/report/outage.json" ||
  fail "the facts do not say that everything was observed"
grep --quiet 'Everything that is claimed was seen' \
  "${SCRATCH}/report/outage.html" || fail "the report does not say so"
! grep --quiet --extended-regexp 'https?:|<script' \
  "${SCRATCH}/report/outage.html" || fail "the report needs something else"
equal '' "$(processes_below "${SCRATCH}")" "processes after the demo"
equal '' "$(find "${SCRATCH}" -maxdepth 1 -name 'quorate-drill.*')" \
  "directories after the demo"

echo "interrupted"
"${QUORATE}" drill outage --input "${SCRATCH}/input" --dir "${SCRATCH}/kept" \
  --keep > "${SCRATCH}/out" 2>&1 &
demo=$!
until grep --quiet 'newcomer . started' "${SCRATCH}/out"; do
  kill -0 "${demo}" 2> /dev/null || break
  sleep 0.1
done
kill -TERM "${demo}"
code=0
wait "${demo}" || code=$?
equal 5 "${code}" "exit code of an interrupted demo"
equal '' "$(processes_below "${SCRATCH}")" "processes after an interrupted demo"
[[ -s "${SCRATCH}/kept/unsafe/brokers/broker-1/log" ]] || fail "--keep keeps logs"

report
