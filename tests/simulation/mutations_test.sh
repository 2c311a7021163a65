#!/bin/bash
# Every guard that is switched off must be caught by a scenario, and bad command
# lines refused. The program itself runs seeds as well.
# Usage: mutations_test.sh MUTATIONS

set -euo pipefail
mutations=$1

"${mutations}" --seeds=0 --jobs=2

# A guard that nothing looks for survives, and that is a failure.
code=0
"${mutations}" --guard=rule6 --seeds=0 --scenarios= > /dev/null 2>&1 || code=$?
[[ "${code}" == 1 ]]

for bad in --guard=nonsense --seeds=many --scenarios=/nowhere stray; do
  code=0
  said=$("${mutations}" "${bad}" 2>&1 > /dev/null) || code=$?
  if [[ "${code}" != 2 || -z "${said}" ]]; then
    echo "mutations ${bad}: exit code ${code}, said: ${said}" >&2
    exit 1
  fi
done
