# shellcheck shell=bash
# Sourced by test.sh: find_browser finds a Chromium for the tests of the pages, and where there is
# none tries once to install it. Sets TEST_BROWSER; never fails and never hangs. Needs PYTHON. A
# TEST_BROWSER that is set already is left as it is (`none`: drive no page). Written for bash 3.2.

BROWSER_MINUTES=5

find_browser() {
  if [ -z "${TEST_BROWSER:-}" ]; then
    _browser_look || _browser_install || true
  fi
  if [ -n "${TEST_BROWSER:-}" ]; then
    export TEST_BROWSER
  else
    echo "no browser was found or could be installed: the pages will not be driven (TEST_BROWSER=/path/to/chromium names one)"
  fi
}

# A name may be there and not run: Ubuntu's chromium-browser can be a hint at a snap.
_browser_look() {
  local name path
  for name in chromium chromium-browser google-chrome "$(_browser_of_playwright)"; do
    path="$(command -v "${name:-none}" 2>/dev/null)" || continue
    "$path" --version >/dev/null 2>&1 </dev/null || continue
    TEST_BROWSER="$path"
    return
  done
  return 1
}

_browser_of_playwright() {
  "$PYTHON" - 2>/dev/null <<'PYTHON'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PYTHON
}

_browser_install() {
  echo "installing a browser for the tests of the pages (at most $BROWSER_MINUTES minutes a way)"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    _browser_limited sh -c '
      apt-get -qq update && apt-get -qq -y install --no-install-recommends chromium fonts-noto-cjk'
    _browser_look && return
  fi
  _browser_limited "$PYTHON" -m playwright install chromium
  _browser_look
}

# Quietly, and for so many minutes: macOS has no timeout(1). All of it ends, children as well.
_browser_limited() {
  DEBIAN_FRONTEND=noninteractive "$PYTHON" - "$((60 * BROWSER_MINUTES))" "$@" <<'PYTHON'
import os, signal, subprocess, sys

quiet = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
process = subprocess.Popen(sys.argv[2:], start_new_session=True, **quiet)
try:
    sys.exit(process.wait(float(sys.argv[1])))
except subprocess.TimeoutExpired:
    os.killpg(process.pid, signal.SIGTERM)
PYTHON
}
