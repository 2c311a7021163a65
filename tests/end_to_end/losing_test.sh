#!/bin/bash
# Whatever an operator can lose or mix up ends in one clear message: what was
# expected, what was found, and the command that helps; with the exit code that
# `coordd --help` promises.
# Usage: losing_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

SEGMENTS=(--segment-bytes 4194304)
words="${SCRATCH}/words"

free_port() {
  python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ends WHAT CODE TEXT... -- FLAG...: coordd with these flags ends by itself with
# this exit code, and its last line says all of this.
ends() {
  local what=$1 code=$2 texts=() text line
  shift 2
  while [[ "$1" != -- ]]; do
    texts+=("$1")
    shift
  done
  shift
  "${QUORATE_COORDD}" "$@" "${SEGMENTS[@]}" 2> "${words}" &
  await_exit $!
  line=$(tail --lines=1 "${words}")
  if ((exit_code != code)); then
    fail "${what}: exit code ${exit_code}, expected ${code}: $(< "${words}")"
    return
  fi
  for text in "coordd: " "${texts[@]}"; do
    [[ "${line}" == *"${text}"* ]] ||
      fail "${what}: expected \"${text}\" in the last line: ${line}"
  done
  echo "${what}: ${line}"
}

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"
for id in 1 2 3; do eval "a${id}=$(address_in "${dir}" "${id}")"; done
# shellcheck disable=SC2154
founders="1=${a1},2=${a2},3=${a3}"
quorate create /data one > /dev/null

# flags ID: of a founder, as at its first start.
flags() {
  local address="a$1"
  FLAGS=(--dir "${dir}/member-$1/data" --id "$1" --listen "${!address}"
    --founders "${founders}")
}

# The ids of followers, which can go without an election.
followers() {
  quorate status --json | grep '"role":"follower"' | json_field member_id
}

# --- A disk that was put back to an earlier state, file by file ----------------
id=$(followers | head --lines=1)
flags "${id}"
data="${dir}/member-${id}/data"
quorate cluster kill "${id}" > /dev/null
cp -r "${data}" "${SCRATCH}/backup"
quorate cluster restart "${id}" > /dev/null
for i in 1 2 3 4 5; do quorate set /data "${i}" > /dev/null; done
# It has acknowledged them.
equal 5 "$(quorate get /data --endpoints "$(address_in "${dir}" "${id}")")" "/data"
quorate cluster kill "${id}" > /dev/null
# The same files, with the content of then.
for file in "${SCRATCH}/backup"/*; do
  cat "${file}" > "${data}/${file##*/}"
done
ends "a disk copied back in place" 5 "rule 4 (incarnation)" "had acknowledged" \
  "to do: quorate member remove ${id} --endpoints" \
  "coordd --dir EMPTY_DIR --id NEW_ID" -- "${FLAGS[@]}"

# --- A copy of the directory ----------------------------------------------------
rm -r "${data}"
cp -r "${SCRATCH}/backup" "${data}"
ends "a copy of the directory" 3 "this is a copy" \
  "to do: quorate member remove ${id}" "coordd --dir EMPTY_DIR --id NEW_ID" \
  -- "${FLAGS[@]}"

# --- A wiped disk under the old id -----------------------------------------------
rm -r "${data}"
ends "a wiped disk of a founder" 5 "rule 4 (incarnation)" \
  "member ${id} was admitted with data directory" \
  "to do: quorate member remove ${id} --endpoints" -- "${FLAGS[@]}"
rm -r "${data}"
expect 5 "rule 4 (incarnation)" cluster restart "${id}"
rm -r "${data}"
ends "a wiped disk that joins" 5 "rule 4 (incarnation)" \
  "to do: quorate member remove ${id} --endpoints" \
  -- --dir "${data}" --id "${id}" --listen "${FLAGS[5]}" --join "${a1},${a2},${a3}"
rm -r "${data}"

# --- A member that was removed while it was down -----------------------------------
# The wiped one goes for good, and another comes.
quorate member remove "${id}" --retry-for 120s > /dev/null
quorate cluster add > /dev/null
quorate member promote 4 --retry-for 120s > /dev/null
id=$(followers | grep --invert-match '^4$' | head --lines=1)
flags "${id}"
data="${dir}/member-${id}/data"
quorate cluster kill "${id}" > /dev/null
quorate member remove "${id}" --retry-for 120s > /dev/null
ends "a member that was removed" 5 "rule 18 (orderly exit)" \
  "to do: coordd --dir EMPTY_DIR --id NEW_ID" -- "${FLAGS[@]}"
ends "a removed member once more" 3 "was removed from the ensemble" \
  "to do: coordd --dir EMPTY_DIR --id NEW_ID" -- "${FLAGS[@]}"
rm -r "${data}"
left=$(quorate member list --json |
  grep --only-matching '"address":"[^"]*"' | cut --delimiter='"' --fields=4 |
  paste --serial --delimiters=,)
mapfile -t ids < <(quorate member list --json |
  grep --only-matching '"id":[0-9]*' | cut --delimiter=: --fields=2)
ends "a removed id on an empty disk" 5 "rule 5 (no resurrection)" \
  "never admitted again" -- --dir "${data}" --id "${id}" --listen "${FLAGS[5]}" \
  --join "${left}"
rm -r "${data}"

# --- Another manifest for a member that has its ensemble ----------------------------
alone="${SCRATCH}/alone"
port=$(free_port)
ends "a founders' list without this member" 2 "--founders" \
  -- --dir "${alone}" --id 1 --listen "127.0.0.1:${port}" \
  --founders "1=127.0.0.1:1"
"${QUORATE_COORDD}" --dir "${alone}" --id 1 --listen "127.0.0.1:${port}" \
  --founders "1=127.0.0.1:${port}" "${SEGMENTS[@]}" 2> "${SCRATCH}/alone.log" &
pid=$!
await_text "${SCRATCH}/alone.log" 'msg="serving"'
kill "${pid}"
await_exit "${pid}"
ends "another list than it was founded from" 3 "rule 6 (one truth)" \
  "to do: coordd --dir ${alone} --listen 127.0.0.1:${port}" \
  -- --dir "${alone}" --listen "127.0.0.1:${port}" \
  --founders "1=127.0.0.1:${port},2=127.0.0.1:1"

# --- A member of another ensemble at the address of one of ours ----------------------
stranger=$(followers | head --lines=1)
address=$(address_in "${dir}" "${stranger}")
quorate cluster kill "${stranger}" > /dev/null
"${QUORATE_COORDD}" --dir "${SCRATCH}/other" --id "${stranger}" \
  --listen "${address}" --founders "${stranger}=${address}" "${SEGMENTS[@]}" \
  2> "${SCRATCH}/other.log" &
pid=$!
await_text "${SCRATCH}/other.log" 'msg="refused a message" rule=1'
await_text "${SCRATCH}/other.log" "correct the address list"
for id in "${ids[@]}"; do
  if [[ "${id}" == "${stranger}" ]]; then continue; fi
  await_text "${dir}/member-${id}/log" "a peer refuses this member"
  await_text "${dir}/member-${id}/log" \
    "correct the address list of member ${id}"
done
expect 0 "different ensembles" status --endpoints "${left}"
kill "${pid}"
await_exit "${pid}"

# --- Founders' lists that differ ---------------------------------------------------
for i in 1 2 3; do ports[i]=$(free_port); done
# start ID LIST: a founder of it.
start() {
  "${QUORATE_COORDD}" --dir "${SCRATCH}/founder-$1" --id "$1" \
    --listen "127.0.0.1:${ports[$1]}" --founders "$2" "${SEGMENTS[@]}" \
    2>> "${SCRATCH}/founder-$1.log" &
  pids[$1]=$!
}
right="1=127.0.0.1:${ports[1]},2=127.0.0.1:${ports[2]},3=127.0.0.1:${ports[3]}"
wrong="1=127.0.0.1:${ports[1]},2=127.0.0.1:1,3=127.0.0.1:${ports[3]}"
start 1 "${right}"
start 2 "${right}"
start 3 "${wrong}"
await_text "${SCRATCH}/founder-1.log" \
  "founder 1 was given another manifest than founder 3"
await_text "${SCRATCH}/founder-2.log" \
  "founder 3 was given another manifest than founder 2"
for i in 1 2 3; do
  await_text "${SCRATCH}/founder-${i}.log" "no confirmation of the same list by"
done
await_text "${SCRATCH}/founder-3.log" "It has the founders ${right}; give all founders the same list"
await_text "${SCRATCH}/founder-3.log" "here they are ${wrong}"
await_text "${SCRATCH}/founder-1.log" "nothing was founded"
for i in 1 2 3; do
  expect 0 '"role":"founding"' status --json --endpoints "127.0.0.1:${ports[i]}"
done
kill "${pids[3]}"
await_exit "${pids[3]}"
ends "the right list for a founder that confirmed another" 3 \
  "confirmed another list of founders" "rm -r ${SCRATCH}/founder-3" \
  -- --dir "${SCRATCH}/founder-3" --id 3 --listen "127.0.0.1:${ports[3]}" \
  --founders "${right}"
rm -r "${SCRATCH}/founder-3"
start 3 "${right}"
for i in 1 2 3; do await_text "${SCRATCH}/founder-${i}.log" 'msg="serving"'; done
for i in 1 2 3; do
  kill "${pids[i]}"
  await_exit "${pids[i]}"
done
report
