#!/bin/bash
# Unsafe static membership on real processes: three members that hold data, and
# four empty ones whose list names all seven. Two leaders take writes at the same
# time; then the three are restarted with the list of seven, and what they had
# acknowledged is gone. Usage: unsafe_static_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

declare -A port pid

end_members() {
  local code=$? id
  for id in "${!pid[@]}"; do kill -KILL "${pid[${id}]}" 2> /dev/null || true; done
  wait 2> /dev/null
  if ((code != 0)); then tail --lines=15 "${SCRATCH}"/log-* >&2 || true; fi
  rm -rf -- "${SCRATCH}"
  exit "${code}"
}
trap end_members EXIT

# A port that nobody listens on, below those that the system hands out.
draw_port() {
  local drawn
  while true; do
    drawn=$((20000 + RANDOM % 12000))
    if [[ " ${port[*]} " == *" ${drawn} "* ]]; then continue; fi
    if ! (: < "/dev/tcp/127.0.0.1/${drawn}") 2> /dev/null; then break; fi
  done
  port[$1]=${drawn}
}

# list ID...: what --unsafe-static-membership takes.
list() {
  local id text=""
  for id in "$@"; do text+=",${id}=127.0.0.1:${port[${id}]}"; done
  echo "${text:1}"
}

# endpoints ID...
endpoints() {
  local id text=""
  for id in "$@"; do text+=",127.0.0.1:${port[${id}]}"; done
  echo "${text:1}"
}

# start ID LIST. Slow clocks: seven members share this machine with others.
start() {
  "${QUORATE_COORDD}" --dir "${SCRATCH}/data-$1" --id "$1" \
    --listen "127.0.0.1:${port[$1]}" --unsafe-static-membership "$2" \
    --segment-bytes 4194304 --heartbeat-ms 200 --election-ms 1500 \
    >> "${SCRATCH}/log-$1" 2>&1 &
  pid[$1]=$!
}

# restart ID LIST
restart() {
  kill -TERM "${pid[$1]}"
  wait "${pid[$1]}" || fail "member $1 did not end in order"
  start "$1" "$2"
}

# at IDS ARGUMENT...: `quorate ARGUMENT...`, asking only these.
at() {
  local ids=$1
  shift
  # shellcheck disable=SC2086
  quorate --endpoints "$(endpoints ${ids})" --timeout 30s "$@"
}

# within SECONDS COMMAND...: until it succeeds.
within() {
  local until=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    if ((SECONDS >= until)); then
      fail "in time: $*"
      return
    fi
    sleep 0.2
  done
}

# leads IDS: one of them leads.
leads() {
  at "$1" --json status | grep --quiet '"role":"leader".*"serving":true'
}

old="1 2 3"
new="4 5 6 7"
all="${old} ${new}"
for id in ${all}; do draw_port "${id}"; done
# shellcheck disable=SC2086
old_list=$(list ${old})
# shellcheck disable=SC2086
all_list=$(list ${all})

for id in ${old}; do start "${id}" "${old_list}"; done
within 120 leads "${old}"
at "${old}" create /side old > /dev/null
at "${old}" create /left 0 > /dev/null

# Empty members, which do not wait to be admitted: a second ensemble.
for id in ${new}; do start "${id}" "${all_list}"; done
within 120 leads "${new}"
equal 1 "$(at "${new}" get /side > /dev/null 2>&1 || echo $?)" \
  "exit code for a znode that the second ensemble lacks"
at "${new}" create /right 0 > /dev/null
for round in 1 2 3 4 5; do
  at "${old}" set /left "${round}" > /dev/null &
  left=$!
  at "${new}" set /right "${round}" > /dev/null || fail "right, ${round}"
  wait "${left}" || fail "left, ${round}"
  leads "${old}" || fail "nobody leads the old members in round ${round}"
  leads "${new}" || fail "nobody leads the new members in round ${round}"
done
equal 5 "$(at "${old}" get /left)" "/left at the old members"
equal 5 "$(at "${new}" get /right)" "/right at the new members"

# Every output says what this is.
export QUORATE_ENDPOINTS
# shellcheck disable=SC2086
QUORATE_ENDPOINTS=$(endpoints ${new})
expect 0 "UNSAFE" status
expect 0 '"unsafe":true' status --json
expect 0 "UNSAFE" member list
expect 0 '"unsafe":true' member list --json
expect 0 "UNSAFE" dump
expect 0 '"unsafe":true' dump --json
expect 4 "static" member remove 1
unset QUORATE_ENDPOINTS
# shellcheck disable=SC2086
equal 7 "$(grep --files-with-matches ' warning msg="UNSAFE: ' \
  "${SCRATCH}"/log-* | wc -l)" "members that warn"

# The old members learn of the new ones, and lose what they had acknowledged.
for id in ${old}; do
  restart "${id}" "${all_list}"
  within 120 at "${id}" get /right
done
for id in ${all}; do
  equal 5 "$(at "${id}" get /right)" "/right at member ${id}"
  equal 1 "$(at "${id}" get /left > /dev/null 2>&1 || echo $?)" \
    "exit code for the lost /left at member ${id}"
  runs "${pid[${id}]}" || fail "member ${id} has ended"
done

# Without the flag none of these directories is used.
kill -TERM "${pid[7]}"
wait "${pid[7]}" || fail "member 7 did not end in order"
code=0
"${QUORATE_COORDD}" --dir "${SCRATCH}/data-7" --listen "127.0.0.1:${port[7]}" \
  2> "${SCRATCH}/refused" || code=$?
equal 3 "${code}" "exit code of an unsafe directory without the flag"
grep --quiet -- "--unsafe-static-membership" "${SCRATCH}/refused" ||
  fail "no advice: $(cat "${SCRATCH}/refused")"

report
