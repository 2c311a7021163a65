#!/bin/bash
# Runs the Python test beside it: py_test needs a "python" that Debian lacks.

exec /usr/bin/python3 -B \
  "$(dirname -- "${BASH_SOURCE[0]}")/compare_report_test.py"
