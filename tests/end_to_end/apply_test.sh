#!/bin/bash
# cluster apply and export: an ensemble goes from three members to seven, to
# five and to three under load, by one operator, by one who is killed again and
# again, and by two at once; and what cannot be is told.
# Usage: apply_test.sh QUORATE COORDD STEADY_WRITER [SEED]

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"
# shellcheck source=tests/end_to_end/provision.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/provision.sh"

dir="${SCRATCH}/ensemble"
fast_cluster_up "${dir}" --members 3 > /dev/null
export QUORATE_DIR="${dir}"
file="${SCRATCH}/declaration.json"

# What is there, declared, is no change.
quorate cluster export > "${file}"
expect 0 "nothing to do" cluster apply "${file}" --dry-run
expect 0 "as declared: v1 {1 2 3}" cluster apply "${file}"
INPUT="${file}"
expect 0 "as declared: v1 {1 2 3}" cluster apply -
INPUT=

# Four newcomers. They ask by themselves to be admitted, as learners.
for id in 4 5 6 7; do quorate cluster add > /dev/null; done
endpoints=$(for id in 1 2 3 4 5 6 7; do address_of "${id}"; done | paste -sd,)
start_writer "${endpoints}"

declare_voters 1 2 3 4 5 6 7 > "${file}"
expect 0 "promote 7" cluster apply "${file}" --dry-run
expect 0 '"estimate_ms":' cluster apply "${file}" --dry-run --json
expect 3 "not as declared after" cluster apply "${file}" --wait 500ms
expect 0 "done: promote " cluster apply "${file}"
equal "{1 2 3 4 5 6 7}" "$(voters)" "voters"

# Down to five: the leader goes, and one more. From anywhere: the endpoint that
# is given will be no member any more.
leader=$(leader_id)
stay=()
for id in 7 6 5 4 3 2 1; do
  if ((id != leader && ${#stay[@]} < 5)); then stay+=("${id}"); fi
done
declare_voters "${stay[@]}" > "${file}"
expect 0 "as declared" cluster apply "${file}" \
  --endpoints "$(address_of "${leader}")"
expect 0 "as declared" cluster apply "${file}" --json

# Down to three, by an operator who is killed again and again.
declare_voters "${stay[@]:0:3}" > "${file}"
killed cluster apply "${file}"
equal 3 "$(voters | wc --words)" "voters"
stop_writer "3 to 7 to 5 to 3"

# Who was removed cannot come back.
gone=${stay[4]}
declare_voters "${stay[@]:0:3}" "${gone}" > "${file}"
expect 4 "member ${gone}, declared at" cluster apply "${file}"

# Those that belong are started again, the others are not.
quorate cluster down > /dev/null
expect 0 "serving at" cluster up
expect 0 "removed for ever: " cluster status
expect 2 "is retired" cluster restart "${gone}"

# Two operators at once, up and down again.
for id in 8 9; do quorate cluster add > /dev/null; done
declare_voters "${stay[@]:0:3}" 8 9 > "${file}"
quorate cluster apply "${file}" > "${SCRATCH}/first" 2>&1 &
first=$!
expect 0 "as declared" cluster apply "${file}"
code=0
wait "${first}" || code=$?
equal 0 "${code}" "the first of two operators: $(cat "${SCRATCH}/first")"
declare_voters "${stay[@]:0:2}" 9 > "${file}"
quorate cluster apply "${file}" > "${SCRATCH}/first" 2>&1 &
first=$!
killed cluster apply "${file}"
code=0
wait "${first}" || code=$?
equal 0 "${code}" "the first of two operators: $(cat "${SCRATCH}/first")"
equal 3 "$(voters | wc --words)" "voters"

# What cannot be, or does not come.
quorate cluster export > "${file}"
sed 's/"members": \[/&{"address": "127.0.0.1:1", "role": "voter"},/' \
  "${file}" > "${file}.unreachable"
expect 3 "does not answer" cluster apply "${file}.unreachable" \
  --patience 200ms
expect 3 "then it would wait" cluster apply "${file}.unreachable" --dry-run
sed 's/"role": "voter"/"role": "learner"/' "${file}" > "${file}.learner"
expect 2 "no voter" cluster apply "${file}.learner"
sed '0,/"role": "voter"/s//"role": "learner"/' "${file}" > "${file}.learner"
expect 2 "votes and is declared a learner" cluster apply "${file}.learner"
sed 's/"ensemble_id": "[0-9a-f]\{4\}/"ensemble_id": "0000/' \
  "${file}" > "${file}.other"
expect 4 "and meant is" cluster apply "${file}.other"
other="${SCRATCH}/other"
fast_cluster_up "${other}" --members 1 > /dev/null
stranger=$(QUORATE_DIR="${other}" address_of 1)
sed "s/\"members\": \[/&{\"address\": \"${stranger}\", \"role\": \"voter\"},/" \
  "${file}" > "${file}.stranger"
expect 4 "belongs to ensemble" cluster apply "${file}.stranger"
report
