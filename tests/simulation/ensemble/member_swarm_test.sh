#!/bin/bash
# Runs some hundred seeds, compares fingerprints, and tries bad command lines.
# Usage: member_swarm_test.sh MEMBER_SWARM

set -euo pipefail
swarm=$1

"${swarm}" --seeds=250 --repeat-every=25 --jobs=2

# The same seed gives the same run, in another process too.
fingerprint() { "${swarm}" --seed=7 | grep fingerprint; }
[[ "$(fingerprint)" == "$(fingerprint)" ]]

# Bad command lines: exit code 2 and a word on standard error.
for bad in --seedz=1 --seeds=many --seeds=0 --trace stray; do
  code=0
  said=$("${swarm}" "${bad}" 2>&1 > /dev/null) || code=$?
  if [[ "${code}" != 2 || -z "${said}" ]]; then
    echo "member_swarm ${bad}: exit code ${code}, said: ${said}" >&2
    exit 1
  fi
done
