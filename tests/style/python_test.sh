#!/bin/bash
# Runs a Python program as a test: py_test needs a "python" that Debian lacks.

exec /usr/bin/python3 -B "$@"
