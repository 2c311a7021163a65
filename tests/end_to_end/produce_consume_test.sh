#!/bin/bash
# produce, consume and dlq against real brokers: what goes in comes out once,
# what cannot be delivered waits in the spool, and bad input is refused.
# Usage: produce_consume_test.sh QUORATE COORDD BROKERD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"
QUORATE_BROKERD="${PWD}/$3"
export QUORATE_BROKERD
unset QUORATE_BROKERS
SPOOL="${SCRATCH}/letters.spool"

# Without a cluster.
expect 2 "which brokers?" produce t
expect 2 "which brokers?" consume t
expect 2 "which spool?" dlq list
expect 5 "" dlq list --spool "${SCRATCH}/none"
printf 'no database at all, whatever it is\n%.0s' {1..100} > "${SCRATCH}/other"
expect 5 "" dlq list --spool "${SCRATCH}/other"
expect 5 "cannot open" produce t --file "${SCRATCH}/none" --brokers localhost:1
expect 2 "--batch-bytes" produce t --batch-bytes 0 --brokers localhost:1
expect 2 "--from" consume t --from middle --brokers localhost:1

cluster_up "${SCRATCH}/cluster" --members 1 --brokers 3 > /dev/null
export QUORATE_DIR="${SCRATCH}/cluster"
expect 0 "" topic create t --partitions 3
expect 1 "NoTopic" consume nowhere --until-end
expect 2 "there is no 9" consume t --partition 9 --until-end
expect 2 "leave out --partition" consume t --group g --partition 1

# What goes in comes out.
seq -f 'key%.0f:value' 1000 > "${SCRATCH}/input"
expect 0 "1000 of 1000" produce t --file "${SCRATCH}/input" --key-separator :
quorate consume t --until-end --key-separator : | sort -V > "${SCRATCH}/output"
cmp "${SCRATCH}/input" "${SCRATCH}/output" || fail "another output than input"
equal 7 "$(quorate consume t --max 7 | wc -l)" "records of --max 7"
equal 1000 "$(quorate consume t --until-end --json |
  grep -c '"headers":\[{"name":"quorate-message-id"')" "message ids"

# A group reads each once.
equal 1000 "$(quorate consume t --group g --until-end | wc -l)" "first time"
equal 0 "$(quorate consume t --group g --until-end | wc -l)" "second time"

# What cannot be delivered waits, and is sent again.
expect 1 "neither acknowledged nor" produce later --file "${SCRATCH}/input" \
  --delivery-timeout 10s
expect 1 "1000 messages are dead letters" produce later \
  --file "${SCRATCH}/input" --key-separator : --dlq "${SPOOL}"
equal 1000 "$(quorate dlq list --spool "${SPOOL}" --json | wc -l)" "letters"
expect 0 "NoTopic" dlq list --spool "${SPOOL}" --limit 3
expect 0 "quorate-message-id" dlq show 17 --spool "${SPOOL}"
expect 1 "NoLetter" dlq show 7000 --spool "${SPOOL}"
expect 2 "what to drop?" dlq drop --spool "${SPOOL}"
expect 1 "could not be delivered" dlq replay --spool "${SPOOL}" --limit 5 \
  --delivery-timeout 10s
expect 0 "" topic create later --partitions 2
expect 0 "10 sent again" dlq replay --spool "${SPOOL}" --limit 10
expect 0 "990 sent again" dlq replay --spool "${SPOOL}"
expect 0 "0 sent again" dlq replay --spool "${SPOOL}"
quorate consume later --until-end --key-separator : | sort -V \
  > "${SCRATCH}/output"
cmp "${SCRATCH}/input" "${SCRATCH}/output" || fail "the replay differs"
expect 0 "dropped 1000" dlq drop --done --spool "${SPOOL}"
expect 0 '"dropped":0' dlq drop --all --spool "${SPOOL}" --json
report
