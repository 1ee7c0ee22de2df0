#!/usr/bin/env bash
# What action.yml runs: nstbench check, its tables into the summary of the job, an annotation for each finding.
# Ends in the exit code of the first check that did not pass. Works by hand too:
#   EXPERIMENT=my.yaml FOLDER=/tmp/check bash action/check.sh
set -uo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
settings=()
while IFS= read -r line; do
  if [ -n "$line" ]; then settings+=(--set "$line"); fi
done <<< "${SET:-}"
base=${BASE:-}
if [ -n "$base" ] && [ "$base" = "${GITHUB_BASE_REF:-}" ]; then base=origin/$base; fi # a branch that is not checked out
mkdir -p "$FOLDER"
printf '%s\n' "${PULL_REQUEST:-}" > "$FOLDER/pull-request"
code=0

check() {
  local title=$1 name=$2 ended=0
  shift 2
  nstbench check "$EXPERIMENT" ${settings[@]+"${settings[@]}"} --inconclusive "${INCONCLUSIVE:-pass}" \
    --out "$FOLDER/$name" --junit "$FOLDER/$name.xml" --markdown "$@" > "$FOLDER/$name.md" || ended=$?
  { echo "### $title"; echo; cat "$FOLDER/$name.md"; echo; } | tee -a "$summary"
  if [ -e "$FOLDER/$name.xml" ]; then python3 "$here/annotations.py" "$FOLDER/$name.xml"; fi
  if [ "$ended" -ne 0 ]; then echo "::error title=nstbench::$title: nstbench check ended in $ended"; fi
  if [ "$code" -eq 0 ]; then code=$ended; fi
}

if [ "${BASELINE:-}" != none ]; then
  check "What is free of noise" noise-free ${BASELINE:+--baseline "$BASELINE"}
fi
if [ -n "$base" ]; then
  check "Seconds, against $base" seconds --base "$base"
fi
{ echo "code=$code"; echo "folder=$FOLDER"; } >> "${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
