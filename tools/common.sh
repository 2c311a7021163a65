# Sourced by the scripts of this folder: where things are, and how Bazel runs.
# shellcheck shell=bash

set -euo pipefail

QUORATE_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cd -- "${QUORATE_ROOT}"

# HOME and USER may be unset; HOME may name a folder that cannot be written to.
if [[ -z "${HOME:-}" ]]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6 || true)
fi
export USER="${USER:-$(id -u)}"
BAZEL_STARTUP=()
if [[ -d "${HOME}" && -w "${HOME}" ]]; then
  BAZEL_CACHE="${XDG_CACHE_HOME:-${HOME}/.cache}/quorate-bazel"
else
  HOME="${TMPDIR:-/tmp}/quorate-$(id -u)"
  [[ -d "${HOME}" ]] || mkdir --mode=700 -- "${HOME}"
  if [[ ! -O "${HOME}" ]]; then
    echo "${HOME} belongs to somebody else; set HOME" >&2
    exit 1
  fi
  BAZEL_STARTUP+=("--output_user_root=${HOME}/bazel")
  BAZEL_CACHE="${HOME}/quorate-bazel"
fi
export HOME
# For whoever needs another place for Bazel's output.
if [[ -n "${QUORATE_OUTPUT_BASE:-}" ]]; then
  BAZEL_STARTUP+=("--output_base=${QUORATE_OUTPUT_BASE}")
fi

# build_programs LABEL... [-- BAZEL_OPTION...]: builds programs, optimised, into
# out/bin/; each is called as its target is.
build_programs() {
  local programs=() bin program built
  while (($# > 0)) && [[ "$1" != -- ]]; do
    programs+=("$1")
    shift
  done
  (($# == 0)) || shift
  bazel build "$@" -- "${programs[@]}"
  bin=$(bazel info "$@" bazel-bin)
  mkdir -p out/bin
  for program in "${programs[@]}"; do
    built="${program#//}"
    # A program that runs at this moment keeps its own file.
    install --mode=755 --compare -- "${bin}/${built/://}" \
      "out/bin/${program##*:}"
    echo "out/bin/${program##*:}"
  done
}

# bazel COMMAND ARGUMENT...: runs Bazel quietly, with the user's cache.
bazel() {
  local command=$1
  shift
  local options=()
  case "${command}" in
    build | test | run)
      options=("--disk_cache=${BAZEL_CACHE}" --noshow_progress)
      ;;
  esac
  command bazel ${BAZEL_STARTUP[@]+"${BAZEL_STARTUP[@]}"} "${command}" \
    ${options[@]+"${options[@]}"} "$@"
}
