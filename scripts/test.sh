#!/usr/bin/env bash
# Static checks, then the tests, with the real model.
#   scripts/test.sh [--all] [arguments of pytest]
# --all adds the expensive suites (containers, browser, crash) and, in an environment of their own
# (.venv-backends), the optional backends. Every check runs even when an earlier one failed; the
# exit code is 0 only if all passed.
set -euo pipefail
# shellcheck source=scripts/_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
# shellcheck source=scripts/_browser.sh
. "$ROOT/scripts/_browser.sh"

failed=
timings=

# step NAME COMMAND…: runs it, notes the time and whether it failed.
step() {
  local name="$1" begin=$SECONDS
  shift
  echo "--- $name"
  "$@" || failed="$failed $name"
  timings="$timings $name $((SECONDS - begin)) s;"
}

check_shell() {
  local scripts=()
  while IFS= read -r script; do scripts+=("$script"); done < <(
    find scripts .ci docker -type f \( -name '*.sh' -o -path '.ci/run' \) | sort
  )
  "$VENV/bin/shellcheck" -x "${scripts[@]}"
}

# The last -m counts, so these are the backends' tests alone; 5 says that "$@" selects none of them.
test_backends() (
  backends_env
  "$PYTHON" -m pytest "$@" -m backends || [ $? = 5 ]
)

cd "$ROOT"
begin=$SECONDS
dev_env
timings=" environment $((SECONDS - begin)) s;"
step browser find_browser
step model "$PYTHON" scripts/prepare_model.py base
step ruff "$PYTHON" -m ruff check .
step format "$PYTHON" -m ruff format --check .
step mypy "$PYTHON" -m mypy
step shellcheck check_shell
# The expensive suites are deselected by pyproject.toml; a later -m takes its place.
if [ "${1:-}" = --all ]; then
  shift
  step backends test_backends "$@"
  set -- -m 'not backends' "$@"
fi

echo "--- timings:$timings"
[ -z "$failed" ] || echo "--- FAILED:$failed (the tests run all the same; the exit code will be 1)"

"$PYTHON" -m pytest "$@" || exit $?
[ -z "$failed" ]
