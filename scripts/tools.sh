#!/usr/bin/env bash
# Makes sure that the system parts are there that a target of the Makefile needs: installs them where apt can, else names
# the command for this and other systems. A shell script and not xtask, because a fresh machine has no linker to build xtask.
# Usage: scripts/tools.sh run|build|bench|test
set -euo pipefail
here=$(dirname "$0")

has() { command -v "$1" >/dev/null 2>&1; }
has_any() { local program; for program in "$@"; do has "$program" && return 0; done; return 1; }

# A part is here: by the same places that the program and the tests look in.
present() {
  case $1 in
    linker) has cc ;;
    redis) [ -n "${REDIS_URL:-}" ] || has_any redis-server valkey-server ;;
    test-redis) has redis-server ;;
    postgresql) has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    chromium) [ -n "${CHROMIUM:-}" ] || has_any chromium chromium-browser google-chrome || [ -d '/Applications/Google Chrome.app' ] ;;
    node) has node && has npm ;;
    python) has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null ;;
  esac
}

# The packages of a part: `package <part> <system>`.
package() {
  case $1:$2 in
    linker:debian) echo gcc libc6-dev ;;
    linker:fedora | linker:arch) echo gcc ;;
    linker:macos) ;; # not Homebrew's, see below
    redis:debian | test-redis:debian) echo redis-server ;;
    redis:fedora | redis:arch) echo valkey ;;
    test-redis:fedora) echo valkey-compat-redis ;;
    test-redis:arch) echo valkey ;;
    redis:macos | test-redis:macos) echo redis ;;
    postgresql:fedora) echo postgresql-server ;;
    postgresql:macos) echo postgresql@16 ;;
    postgresql:*) echo postgresql ;;
    chromium:macos) echo google-chrome ;;
    chromium:*) echo chromium ;;
    node:macos) echo node ;;
    node:*) echo nodejs npm ;;
    python:debian) echo python3 python3-venv ;;
    python:arch | python:macos) echo python ;;
    python:*) echo python3 ;;
  esac
}

packages() {
  local system=$1 part words=
  shift
  for part in "$@"; do words="$words $(package "$part" "$system")"; done
  echo $words # unquoted: folds the spaces
}

case ${1:-} in
  run) parts="linker redis" ;;
  build) parts="linker" ;;
  bench) parts="linker test-redis postgresql node python" ;;
  test) parts="linker test-redis postgresql chromium node" ;;
  *) echo "usage: scripts/tools.sh run|build|bench|test" >&2; exit 2 ;;
esac

if ! has cargo; then
  echo "Rust is missing. Install it from https://rustup.rs, open a new shell, then try again." >&2
  exit 1
fi

missing=
for part in $parts; do present "$part" || missing="$missing $part"; done
[ -n "$missing" ] || exit 0
echo "[tools] missing:$missing"

if has apt-get; then
  "$here/apt-install.sh" $(packages debian $missing)
  exit 0
fi
cat >&2 <<TEXT
Install these, then try again:
  Debian, Ubuntu:  sudo apt-get install --no-install-recommends $(packages debian $missing)
  Fedora:          sudo dnf install $(packages fedora $missing)
  Arch:            sudo pacman -S --needed $(packages arch $missing)
  macOS:           xcode-select --install; brew install $(packages macos $missing)
TEXT
exit 1
