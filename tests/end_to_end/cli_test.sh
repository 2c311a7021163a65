#!/bin/bash
# Every verb and option with bad input: a clear message, the right exit code,
# and no crash. The first part needs nobody to talk to.
# Usage: cli_test.sh QUORATE COORDD

# shellcheck source=tests/end_to_end/cluster.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/cluster.sh"

# Nobody listens there: port 1 of this machine.
NOBODY=127.0.0.1:1

# --- Usage ---------------------------------------------------------------------
for verb in "" create get set delete stat sync ls multi watch acl "acl get" \
  "acl set" quota "quota get" "quota set" "quota delete" session \
  "session info" dump status member "member list" "member plan" \
  "member change" "member add" "member promote" "member remove" \
  "member transfer" "member replace" "member can-stop" \
  "member change-state" "member limits" snapshot "snapshot take" "snapshot save" \
  "snapshot inspect" "snapshot restore" rescue wal "wal dump" "wal verify" cluster \
  "cluster up" "cluster status" "cluster down" "cluster kill" \
  "cluster pause" "cluster resume" "cluster restart" "cluster add" \
  "cluster logs" "cluster apply" "cluster export" "cluster grow" \
  "cluster shrink" "cluster replace" "cluster rolling-restart" bench; do
  # The words of a verb are arguments of their own.
  # shellcheck disable=SC2086
  expect 0 "Usage: quorate" ${verb} --help
  # shellcheck disable=SC2086
  expect 2 "unknown option --nonsense" ${verb} --nonsense
done

expect 2 "did you mean get?" gett /a
expect 2 "did you mean list?" member lst
expect 2 "which verb? One of get, set" acl
expect 2 "did you mean --version?" set /a b --versoin 3
expect 2 "whom to ask?" get /a
expect 2 "HOST:PORT" get /a --endpoints nowhere
expect 2 "HOST:PORT" get /a --endpoints 127.0.0.1:99999
expect 2 "HOST:PORT" get /a --endpoints 127.0.0.1:70,
expect 2 "expected a time" get /a --timeout soon
expect 2 "expected a time" get /a --timeout 0
expect 2 "expected a time" get /a --timeout -5s
expect 2 "digest:USER:PASSWORD" get /a --endpoints "${NOBODY}" \
  --auth digest:secret
expect 2 "SCHEME:SECRET" get /a --endpoints "${NOBODY}" --auth secret

expect 2 "PATH is required" get
expect 2 "one argument too many: \"/b\"" get /a /b
for path in "" a a/b / // /a/ /a//b /a/./b /a/../b $'/a\nb' $'/\xff'; do
  case "${path}" in
    /) ;; # The root is a path.
    *)
      for verb in get stat delete ls watch create; do
        expect 2 "bad path" "${verb}" "${path}"
      done
      expect 2 "bad path" set "${path}" data
      expect 2 "bad path" acl get "${path}"
      expect 2 "bad path" acl set "${path}" world:anyone:r
      expect 2 "bad path" quota get "${path}"
      expect 2 "bad path" quota delete "${path}"
      ;;
  esac
done

expect 2 "the data is missing" set /a
expect 2 "not both" set /a data --file /dev/null
expect 5 "cannot read ${SCRATCH}/none" set /a --file "${SCRATCH}/none"
expect 5 "Is a directory" create /a --file "${SCRATCH}"
expect 5 "too large" create /a --file /dev/zero
expect 2 "from 0 to 2147483647" set /a b --version -2
expect 2 "from 0 to 2147483647" delete /a --version 2147483648
expect 2 "does not go together" delete /a --recursive --version 1
expect 2 "not two" create /a --ephemeral --container
expect 2 "does not go together" create /a --sequential --container
expect 2 "expected a time" create /a --ttl none
expect 2 "SCHEME:ID:PERMISSIONS" create /a --acl world:anyone
expect 2 "SCHEME:ID:PERMISSIONS" acl set /a world:anyone:xyz
expect 2 "SCHEME:ID:PERMISSIONS" acl set /a world:anyone:rr
expect 2 "ACL is required" acl set /a
expect 2 "at least 1" watch /a --count 0
expect 2 "which limit?" quota set /a
expect 2 "at least -1" quota set /a --count -2
expect 2 "no quota on /" quota set / --count 1
expect 2 "no quota on /zookeeper" quota set /zookeeper --count 1

printf 'create /a\nfrobnicate /b\n' > "${SCRATCH}/multi"
expect 2 "line 2: unknown verb" multi "${SCRATCH}/multi"
printf 'set /a\n' > "${SCRATCH}/multi"
expect 2 "line 1:" multi "${SCRATCH}/multi"
printf '# nothing\n\n' > "${SCRATCH}/multi"
expect 2 "there is no op" multi "${SCRATCH}/multi"
printf 'create /a "open\n' > "${SCRATCH}/multi"
expect 2 "not closed" multi "${SCRATCH}/multi"
printf 'create /a --ephemeral\n' > "${SCRATCH}/multi"
expect 2 "ephemeral" multi "${SCRATCH}/multi" --endpoints "${NOBODY}"
expect 5 "cannot read" multi "${SCRATCH}/none"

expect 2 "nothing to do" member plan --endpoints "${NOBODY}"
expect 2 "expected the id" member promote four --endpoints "${NOBODY}"
expect 2 "expected the id" member remove 0 --endpoints "${NOBODY}"
expect 2 "HOST:PORT" member add four --endpoints "${NOBODY}"
expect 2 "ID is required" member promote
expect 2 "at least 1" member transfer 0
expect 2 "expected the id" member can-stop none --endpoints "${NOBODY}"
expect 2 "hexadecimal" member change-state xyz --endpoints "${NOBODY}"
expect 2 "hexadecimal" member remove 1 --change-id 0 --endpoints "${NOBODY}"
expect 2 "by is required" member replace 1 --endpoints "${NOBODY}"
expect 2 "there is no limit" member limits --set a=1 --endpoints "${NOBODY}"
expect 2 "NUMBER" member limits --set dead_ms=x --endpoints "${NOBODY}"
expect 2 "true or false" member limits --set auto_promote=2 \
  --endpoints "${NOBODY}"

expect 2 "FILE is required" snapshot save
expect 5 "there already" snapshot save "${SCRATCH}/multi" \
  --endpoints "${NOBODY}"
expect 5 "none" snapshot inspect "${SCRATCH}/none"
expect 5 "does not begin as a saved snapshot" snapshot inspect "${QUORATE}"
expect 2 "--address" snapshot restore "${SCRATCH}/multi" "${SCRATCH}/new"
expect 5 "" snapshot restore "${SCRATCH}/multi" "${SCRATCH}/new" \
  --address "${NOBODY}"
expect 2 "which member?" rescue
expect 2 "at least 1" rescue --member 0
expect 5 "holds no cluster" rescue --member 1 --dir "${SCRATCH}"
expect 5 "was never used" rescue "${SCRATCH}/none"
expect 5 "was never used" rescue --dir "${SCRATCH}"
expect 5 "" rescue "${SCRATCH}/multi"
expect 5 "not a member's data directory" wal dump "${SCRATCH}"
expect 5 "none" wal verify "${SCRATCH}/none"
expect 2 "such as 3:17" wal dump "${SCRATCH}" --from 17

expect 2 "which cluster?" cluster status
expect 2 "which cluster?" cluster up
expect 2 "1, 3, 5 or 7" cluster up --dir "${SCRATCH}/c" --members 4
expect 2 "from 1 to 7" cluster up --dir "${SCRATCH}/c" --members 0
expect 2 "from 1 to 65500" cluster up --dir "${SCRATCH}/c" --base-port 0
expect 5 "neither empty nor a cluster" cluster up --dir "${SCRATCH}"
expect 5 "cannot run" cluster up --dir "${SCRATCH}/c" --coordd /nowhere/coordd
expect 5 "not a program" cluster up --dir "${SCRATCH}/c" --coordd /
expect 5 "cannot make" cluster up --dir /dev/null/c
for verb in status down "kill 1" "pause 1" "resume 1" "restart 1" add \
  "logs 1" "grow 3" "shrink 3" "replace 3" rolling-restart; do
  # shellcheck disable=SC2086
  expect 5 "holds no cluster" cluster ${verb} --dir "${SCRATCH}"
done
expect 2 "which cluster?" cluster grow 3
expect 2 "from 1 to 31" cluster grow 0
expect 2 "from 1 to 31" cluster shrink 32
expect 2 "at least 1" cluster replace leader
expect 2 "FILE is required" cluster apply
expect 5 "cannot read" cluster apply "${SCRATCH}/none"
expect 2 "multi: no JSON" cluster apply "${SCRATCH}/multi"
echo '{"format": 1, "members": [{"address": "a:1"}]}' > "${SCRATCH}/declared"
expect 2 "members?0?: the key \"role\" is missing" cluster apply \
  "${SCRATCH}/declared"
echo '{"format": 1, "members": [{"address": "a:1", "role": "voter"}]}' \
  > "${SCRATCH}/declared"
expect 2 "whom to ask?" cluster apply "${SCRATCH}/declared"
expect 3 "no leader answers" cluster apply "${SCRATCH}/declared" \
  --endpoints "${NOBODY}" --timeout 500ms --patience 1ms
expect 3 "no leader answers" cluster export --endpoints "${NOBODY}" \
  --timeout 500ms
mkdir "${SCRATCH}/broken"
echo '{"format": 1' > "${SCRATCH}/broken/cluster.json"
expect 5 "cluster.json" get /a --dir "${SCRATCH}/broken"
echo '{"format": 9}' > "${SCRATCH}/broken/cluster.json"
expect 5 "another release" cluster down --dir "${SCRATCH}/broken"
rm -r "${SCRATCH}/broken"

expect 2 "one of" bench --op dance
expect 2 "from 1 to 10000" bench --sessions 0
expect 2 "expected a time" bench --duration 0
expect 2 "from 0 to 10" bench --skew steep
expect 2 "has no rate" bench --op idle --rate 5

# --- Nobody there -----------------------------------------------------------------
for verb in "get /a" "set /a b" "ls /" status "member list" "session info" \
  "watch /a" "snapshot take" dump "bench --duration 1s"; do
  # shellcheck disable=SC2086
  expect 3 "" ${verb} --endpoints "${NOBODY}" --timeout 500ms
done
expect 5 "is not a pin file" get /a --endpoints "${NOBODY}" \
  --pin-file "${SCRATCH}/multi"
expect 3 '"kind":"Unreachable"' get /a --endpoints "${NOBODY}" \
  --timeout 500ms --json
expect 2 '"exit_code":2' get a --json

# --- A member there ------------------------------------------------------------
dir="${SCRATCH}/ensemble"
cluster_up "${dir}" --members 1 > /dev/null
export QUORATE_DIR="${dir}"
expect 1 "NoNode" get /none
expect 1 "NoNode" set /none data
expect 1 "NoNode" create /none/a
expect 0 "/none/a/b" create /none/a/b --parents
expect 1 "NodeExists" create /none
expect 1 "NotEmpty" delete /none
expect 1 "BadVersion" set /none data --version 7
expect 1 "BadVersion" delete /none/a/b --version 7
expect 1 '"zookeeper_code":-101' get /nothing --json
expect 1 "InvalidACL" acl set /none nonsense:x:r
expect 1 "NoNode" quota set /nothing --count 1
INPUT="${SCRATCH}/ops"
printf 'create /m\nset /none2 x\n' > "${INPUT}"
expect 1 "op 2 (set /none2) failed with NoNode" multi
INPUT=
expect 1 "NoNode" get /m
quorate set /none -- -5 > /dev/null
equal "-5" "$(quorate get /none)" "data that looks like an option"
quorate set /none get > /dev/null
equal "get" "$(quorate get /none)" "data that looks like a verb"
quorate set /none "" > /dev/null
equal "" "$(quorate get /none)" "no data"
printf 'a\0b' | quorate set /none - > /dev/null
equal 3 "$(quorate get /none --raw | wc -c)" "bytes"
printf 'a\377b' | quorate set /none - > /dev/null
expect 0 '"data_base64":"Yf9i"' get /none --json
expect 5 "not paused" cluster resume 1
expect 2 "there is no member" cluster kill 9
expect 2 "for new ones" cluster up --members 3
expect 1 "" member promote 7
expect 1 "no voter" member remove 1

# The pin: another ensemble, and one that is behind.
pin="${SCRATCH}/pin"
quorate get /none --pin-file "${pin}" > /dev/null
sed -i 's/ 1 [0-9a-f]* / 1 0123456789abcdef0123456789abcdef /' "${pin}"
expect 4 "Pinned" get /none --pin-file "${pin}"
expect 4 "Pinned" session info --pin-file "${pin}"
report
