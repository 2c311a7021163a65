#!/bin/bash
# Brokers beside a local ensemble: from the first start to the last, with topics
# in between; the controller killed and paused, brokers restarted; nothing is
# left running.
# Usage: brokers_test.sh QUORATE COORDD BROKERD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"
QUORATE_BROKERD="${PWD}/$3"
export QUORATE_BROKERD
unset QUORATE_BROKERS

# runs_broker PID: it is a broker, and no other process that got its pid later.
runs_broker() {
  [[ "$(readlink "/proc/$1/exe" 2> /dev/null)" == */brokerd* ]]
}
broker_pids() {
  quorate cluster status --json | sed -n 's/.*"broker":.*"pid":\([0-9]*\),.*/\1/p'
}
# The id of the broker that is controller, by most of the others' word.
controller() {
  quorate controller show --json | json_field controller | sort | uniq --count |
    sort --numeric-sort | tail --lines=1 | sed 's/.* //'
}

dir="${SCRATCH}/cluster"
up=(cluster up --dir "${dir}" --members 3 --coordd-flag --segment-bytes=4194304)
expect 2 "--brokerd-flag needs --brokers" "${up[@]}" --brokerd-flag --x
if [[ -e "${dir}" ]]; then fail "a refused cluster up has made ${dir}"; fi
expect 0 "brokers at 127.0.0.1:" "${up[@]}" --brokers 3 \
  --brokerd-flag --session-timeout-ms=2000
export QUORATE_DIR="${dir}"
mapfile -t first_pids < <(broker_pids)
equal 3 "${#first_pids[@]}" "brokers that run"
expect 5 "already running" cluster up
expect 2 "they stay" cluster up --brokers 2
expect 2 "without brokers" cluster up --brokerd-flag --x

# All are registered, and agree about their controller.
equal 3 "$(quorate broker list --json | grep --count '"registered":true')" \
  "registered brokers"
equal 1 "$(quorate controller show --json | json_field controller |
  sort --unique | wc -l)" "opinions about the controller"
expect 0 "broker-1" cluster status
expect 0 "controller" cluster status

# Topics.
expect 0 "created orders: 6 partitions, 3 replicas each, of which 2" \
  topic create orders --partitions 6
expect 0 "created small: 1 partition, 1 replica each" \
  topic create small --replication-factor 1 --retention 48h
equal 2 "$(quorate topic list --json | wc -l)" "topics"
expect 0 "PARTITION" topic describe orders
equal 6 "$(quorate topic describe orders --json |
  grep --only-matching '"leader_epoch"' | wc -l)" "partitions"
expect 1 "TopicExists" topic create orders --partitions 6
expect 0 "deleted small" topic delete small
expect 1 "NoTopic" topic delete small
expect 1 "NoTopic" topic describe small
equal "" "$(quorate group list)" "groups"
expect 1 "NoGroup" group describe billing

# The controller is killed: another one is elected, and the topic is there.
old=$(controller)
expect 0 "broker-${old} killed" cluster kill controller
expect 0 "stopped" cluster status
await 0 '"controller":true' broker list --json
for ((tries = 0; tries < 600; ++tries)); do
  new=$(controller)
  if [[ -n "${new}" && "${new}" != "${old}" ]]; then break; fi
  sleep 0.1
done
if [[ "${new}" == "${old}" ]]; then fail "no other controller than ${old}"; fi
await 0 "created after: 2 partitions" topic create after --partitions 2 \
  --timeout 30s
await 1 "TopicExists" topic create orders --partitions 6
expect 0 "brokers at" cluster up
await 0 "\"in_sync\":8" broker list --json
equal 3 "$(quorate broker list --json | grep --count '"registered":true')" \
  "registered brokers after a restart"

# One whose clock stands still for longer than its session, and goes on.
expect 0 "broker-${new} paused" cluster pause controller
expect 0 "paused" cluster status
await 0 "deleted after" topic delete after --timeout 30s
expect 0 "broker-${new} resumed" cluster resume "broker-${new}"
for ((tries = 0; tries < 600; ++tries)); do
  if (($(quorate controller show --json | grep --count \
    '"answers":true') == 3 && $(quorate controller show --json |
      json_field controller | sort --unique | wc -l) == 1)); then break; fi
  sleep 0.1
done
equal 1 "$(quorate controller show --json | json_field controller |
  sort --unique | wc -l)" "opinions after a pause"

# Restarted in an orderly way, each.
for id in 1 2 3; do
  expect 0 "broker-${id} started" cluster restart "broker-${id}"
done
expect 0 "handed over" cluster logs broker-1

# Down, and nothing is left; up again, and all is there.
mapfile -t pids < <(broker_pids)
expect 0 "stopped 3 brokers and 3 members" cluster down
for pid in "${first_pids[@]}" "${pids[@]}"; do
  if runs_broker "${pid}"; then fail "broker ${pid} still runs"; fi
done
expect 0 "no member was running" cluster down
expect 3 "" topic list --timeout 2s
expect 0 "brokers at" cluster up
expect 0 "orders" topic list
equal 1 "$(quorate topic list --json | wc -l)" "topics after a restart"
# One more.
expect 0 "broker-4" cluster up --brokers 4
expect 0 "broker-4 killed" cluster kill broker-4
quorate cluster down > /dev/null
report
