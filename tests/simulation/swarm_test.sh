#!/bin/bash
# Runs a few seeds, compares fingerprints, and tries bad command lines.
# Usage: swarm_test.sh SWARM

set -euo pipefail
swarm=$1

"${swarm}" --seeds=40 --safety-seconds=30 --repeat-every=10 --jobs=2

# The same seed gives the same run, in another process too.
fingerprint() { "${swarm}" --seed=7 --safety-seconds=20 | grep fingerprint; }
[[ "$(fingerprint)" == "$(fingerprint)" ]]

# A leader that removed a voter by itself once overdrew the fault budget.
"${swarm}" --seed=1373

# Bad command lines: exit code 2 and a word on standard error.
for bad in --seedz=1 --seeds=many --seeds=0 --trace stray; do
  code=0
  said=$("${swarm}" "${bad}" 2>&1 > /dev/null) || code=$?
  if [[ "${code}" != 2 || -z "${said}" ]]; then
    echo "swarm ${bad}: exit code ${code}, said: ${said}" >&2
    exit 1
  fi
done
