#!/usr/bin/env bash
# Installs Debian packages: as root, or through sudo where that needs no password. Else names the command and fails.
# Usage: scripts/apt-install.sh PACKAGE…
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  root=(sudo -n)
else
  printf 'These packages are missing, and installing them needs root. Run this, then try again:\n\n  sudo apt-get install --no-install-recommends %s\n\n' "$*" >&2
  exit 1
fi
# Another apt may be at work (a fresh machine updates itself): wait for it instead of failing.
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
echo "[tools] apt-get install $*"
"${apt[@]}" update -qq
"${apt[@]}" install -y -qq --no-install-recommends "$@"
