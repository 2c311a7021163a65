#!/bin/bash
# A state saved under load, verified, and restored into a new ensemble, which
# then grows; whatever is wrong with the file or the directory is refused, and
# nothing half is left.
# Usage: snapshot_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"
old=$(ensemble_id)
quorate create /config 'v1' > /dev/null
quorate create /load > /dev/null
for i in 1 2 3; do  # one argument has room for 128 KiB
  quorate create "/big-${i}" "$(head --bytes=100000 /dev/zero | tr '\0' x)" > /dev/null
done
quorate quota set /load --count 1234567 > /dev/null

# --- Saved under load -----------------------------------------------------------
# Writes until there is a file "stop"; says which was the last acknowledged.
(
  i=0
  while [[ ! -e "${SCRATCH}/stop" ]]; do
    # An answer that was lost does no harm.
    if quorate create "/load/${i}" x > /dev/null 2>&1 ||
      quorate stat "/load/${i}" > /dev/null 2>&1; then
      i=$((i + 1))
      echo "${i}" > "${SCRATCH}/count.tmp"
      mv "${SCRATCH}/count.tmp" "${SCRATCH}/count"
    fi
  done
) &
load=$!
while [[ ! -e "${SCRATCH}/count" ]]; do sleep 0.05; done
# An ephemeral of a session that goes on.
mkfifo "${SCRATCH}/lines"
quorate < "${SCRATCH}/lines" > "${SCRATCH}/session" &
session=$!
exec 9> "${SCRATCH}/lines"
echo "create /eph here --ephemeral" >&9
await_text "${SCRATCH}/session" "/eph"
before=$(< "${SCRATCH}/count")
file="${SCRATCH}/backup.snap"
expect 0 "every byte was read and is right" snapshot save "${file}"
expect 5 "there already" snapshot save "${file}"
expect 0 '"verified":true' snapshot save "${file}" --force --json
touch "${SCRATCH}/stop"
wait "${load}"
expect 0 "${old}" snapshot inspect "${file}"
equal "backup.snap" "$(cd "${SCRATCH}" && echo backup.snap*)" "files left behind"
exec 9>&-
wait "${session}"

# A save that is cut short leaves no file, and the next one works.
for signal in INT KILL; do
  # The program itself: a function would be a process around it, which alone
  # would be stopped.
  "${QUORATE}" snapshot save "${SCRATCH}/cut.snap" > /dev/null 2>&1 &
  pid=$!
  kill -"${signal}" "${pid}" 2> /dev/null || true
  wait "${pid}" 2> /dev/null || true
  if [[ -e "${SCRATCH}/cut.snap" ]]; then
    expect 0 "is right" snapshot inspect "${SCRATCH}/cut.snap"
    rm "${SCRATCH}/cut.snap"
  fi
  expect 0 "is right" snapshot save "${SCRATCH}/cut.snap"
  rm "${SCRATCH}/cut.snap"
done
expect 5 "No such file" snapshot save "${SCRATCH}/none/backup.snap"

# Without a quorum it is saved with a remark.
quorate cluster kill 1 > /dev/null
quorate cluster kill 2 > /dev/null
expect 0 "no quorum answers" snapshot save "${SCRATCH}/last.snap" --timeout 3s
quorate cluster down > /dev/null

# --- Damage is refused, with the place --------------------------------------------
size=$(stat --format=%s "${file}")
damaged="${SCRATCH}/damaged.snap"
for offset in 0 9 60 200 $((size / 2)) $((size - 3)); do
  cp "${file}" "${damaged}"
  byte=$(od --address-radix=n --format=u1 --skip-bytes="${offset}" \
    --read-bytes=1 "${file}")
  # All bits of it the other way round.
  # shellcheck disable=SC2059
  printf "\\$(printf '%03o' $((byte ^ 255)))" |
    dd of="${damaged}" bs=1 seek="${offset}" conv=notrunc status=none
  expect 5 "at byte" snapshot inspect "${damaged}"
  expect 5 "at byte" snapshot restore "${damaged}" "${SCRATCH}/d" \
    --address 127.0.0.1:1
done
for length in 0 8 56 $((size / 2)) $((size - 1)); do
  head --bytes="${length}" "${file}" > "${damaged}"
  expect 5 "${damaged}" snapshot inspect "${damaged}"
  expect 5 "${damaged}" cluster up --dir "${SCRATCH}/c" \
    --from-snapshot "${damaged}"
  if [[ -e "${SCRATCH}/c/cluster.json" ]]; then fail "a cluster of a damaged file"; fi
done
cat "${file}" "${file}" > "${damaged}"
expect 5 "another one's copy" snapshot inspect "${damaged}"
for used in "${dir}/member-1/data" "${dir}"; do
  expect 5 "not empty" snapshot restore "${file}" "${used}" --address 127.0.0.1:1
done
expect 0 "ok" wal verify "${dir}/member-1/data"

# --- Restored ----------------------------------------------------------------------
copy="${SCRATCH}/copy"
expect 2 "of one member" cluster up --dir "${copy}" --from-snapshot "${file}" \
  --members 3
expect 0 "which names ${old}" cluster up --dir "${copy}" \
  --from-snapshot "${file}" --coordd-flag --segment-bytes=4194304
export QUORATE_DIR="${copy}"
expect 0 "\"parent_ensemble_id\":\"${old}\"" status --json
if [[ "$(ensemble_id)" == "${old}" ]]; then fail "the ensemble id is the same"; fi
equal v1 "$(quorate get /config)" "/config"
for ((i = 0; i < before; i += 5)); do
  equal x "$(quorate get "/load/${i}")" "/load/${i}, acknowledged before the save"
done
expect 0 "1234567" quota get /load
# Nobody can go on with the old session; it expires.
for ((i = 0; i < 600; ++i)); do
  if ! quorate stat /eph > /dev/null 2>&1; then break; fi
  sleep 0.1
done
expect 1 "NoNode" get /eph
expect 2 "for new ones" cluster up --from-snapshot "${file}"

# --- Grown to three ------------------------------------------------------------------
for id in 2 3; do
  expect 0 "member ${id} runs" cluster add
  expect 0 "done" member promote "${id}" --retry-for 120s
done
quorate cluster kill 1 > /dev/null
quorate set /config v2 --timeout 60s > /dev/null
quorate cluster down > /dev/null
expect 0 "serving at" cluster up
equal v2 "$(quorate get /config)" "/config"
quorate cluster down > /dev/null

# The same by hand, without a local cluster.
expect 0 "coordd --dir ${SCRATCH}/hand --listen 127.0.0.1:1" \
  snapshot restore "${file}" "${SCRATCH}/hand" --id 7 --address 127.0.0.1:1
expect 0 "v1 {7}; this member votes" rescue "${SCRATCH}/hand" --dry-run
expect 0 "it needs no rescue" rescue "${SCRATCH}/hand" --dry-run
report
