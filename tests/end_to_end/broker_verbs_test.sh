#!/bin/bash
# What the verbs of the broker say to bad input: a clear error, the right exit
# code, and nothing is changed.
# Usage: broker_verbs_test.sh QUORATE COORDD BROKERD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"
QUORATE_BROKERD="${PWD}/$3"
export QUORATE_BROKERD
unset QUORATE_BROKERS

# Nobody to ask.
expect 2 "which brokers?" topic list
expect 2 "which brokers?" controller show
expect 2 "Usage" topic list --brokers nowhere
expect 2 "Usage" topic list --brokers localhost:99999
expect 5 "holds no cluster" broker list --dir "${SCRATCH}/none"
free_address
expect 3 "" topic list --brokers "${address}" --timeout 2s
expect 3 "" topic create t --brokers "${address}" --timeout 2s
expect 3 "" group list --brokers "${address}" --timeout 2s
expect 3 "" controller show --brokers "${address}" --timeout 2s

# A cluster without brokers.
cluster_up "${SCRATCH}/cluster" --members 1 > /dev/null
export QUORATE_DIR="${SCRATCH}/cluster"
expect 5 "has no brokers" topic list
expect 2 "there is no member or broker \"broker-1\"" cluster kill broker-1
expect 2 "no member or broker \"controller\"" cluster kill controller
# A member is no broker.
expect 3 "no such service" topic list --timeout 2s \
  --brokers "$(quorate cluster status --json | json_field address)"
expect 5 "cannot run" cluster up --brokers 1 --brokerd /nowhere/brokerd
expect 0 "brokers at" cluster up --brokers 1

# Names and numbers.
for name in "" . .. a/b "a b" "$(printf 'x%.0s' {1..201})"; do
  expect 2 "name" topic create "${name}"
  expect 2 "name" topic describe "${name}"
  expect 2 "name" topic delete "${name}"
  expect 2 "name" group describe "${name}"
done
expect 2 "--partitions" topic create t --partitions 0
expect 2 "--partitions" topic create t --partitions 1001
expect 2 "--partitions" topic create t --partitions many
expect 2 "--replication-factor" topic create t --replication-factor 0
expect 2 "--segment-bytes" topic create t --segment-bytes 10
expect 2 "--retention" topic create t --retention never
expect 2 "--color" topic create t --color red
expect 2 "NAME" topic create
expect 2 "" topic
expect 2 "" broker show
expect 1 "NotEnoughBrokers" topic create t --replication-factor 2
expect 1 "BadRequest" topic create t --replication-factor 1 --min-insync 2
equal 0 "$(quorate topic list --json | wc -l)" "topics that were refused"

# JSON, errors too.
expect 1 '"kind":"NoTopic"' topic describe t --json
expect 1 '"exit_code":1' topic delete t --json
expect 1 '"kind":"NoGroup"' group describe g --json
expect 1 "NoGroup" group delete g
expect 0 '"partitions":\[{"partition":0,"leader":1' topic create t --json
expect 0 '"topic":"t"' topic list --json
expect 0 '"controller":true' broker list --json
expect 0 '"controller":1' controller show --json

# Where they are: the option before the directory before the variables.
own=$(quorate cluster status --json | sed -n 's/.*"broker":1,.*"address":"\([^"]*\)".*/\1/p')
QUORATE_DIR='' QUORATE_BROKERS="${own}" expect 0 "t" topic list
QUORATE_BROKERS="${address}" expect 0 "t" topic list --brokers "${own}"
QUORATE_BROKERS="${address}" expect 0 "t" topic list --dir "${QUORATE_DIR}"
# Of another ensemble than the one that was met before.
printf 'quorate-pin 1 %032x 1:1\n' 7 > "${SCRATCH}/pin"
expect 4 "" topic list --pin-file "${SCRATCH}/pin" --timeout 2s
quorate cluster down > /dev/null
report
