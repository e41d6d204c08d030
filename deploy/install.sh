#!/bin/sh
# Installs this clone into .venv: `sh deploy/install.sh run` what running needs, `sh deploy/install.sh test` all.
# Called by make before every command; when nothing has changed it compares two stamps and ends within milliseconds.
# Needs a POSIX shell and Python 3.11 or newer. Every download is checked against the hashes of the lock files.
# Exit code 1 with one sentence on stderr when something is missing that it cannot install itself.
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
WANTED=${1:-run}

say() { echo "moderator: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Which lock is installed, for which interpreter: an upgraded system Python starts the venv anew.
stamp() { cksum "$1" requirements-build.txt deploy/install.sh && readlink -f "$VENV/bin/python"; }
current() { [ -x "$VENV/bin/python" ] && [ "$(stamp "$1")" = "$(cat "$VENV/$2.stamp" 2>/dev/null)" ]; }

supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
# Debian cuts ensurepip out of Python and puts it into python3-venv.
complete() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# False for a venv that was cut short, or whose Python was upgraded to another version under it.
usable() {
    supported "$VENV/bin/python" &&
        "$VENV/bin/python" -c 'import os, sys, sysconfig; sys.exit(not os.path.isdir(sysconfig.get_path("purelib")))' &&
        { [ -x "$VENV/bin/uv" ] || "$VENV/bin/python" -c 'import pip' 2>/dev/null; }
}

# The first supported Python that can make a venv, else the first supported one.
choose_python() {
    chosen=
    for candidate in python3 python3.13 python3.12 python3.11; do
        supported "$candidate" || continue
        chosen=${chosen:-$candidate}
        if complete "$candidate"; then
            chosen=$candidate
            return
        fi
    done
    [ -n "$chosen" ] && return
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "Python 3.11 or newer is needed, and $found was found; install one (on Debian 12 or newer: apt-get install python3) and run make again."
}

install_venv_package() {
    package=$chosen-venv
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "$chosen cannot make a virtual environment; run 'sudo apt-get install $package' and then make again."
    fi
    say "installing Debian's $package"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null 2>&1 ||
        fail "apt-get could not install $package; run 'apt-get update && apt-get install $package' to see why, and then make again."
}

make_venv() {
    choose_python
    complete "$chosen" || install_venv_package
    rm -rf "$VENV"
    "$chosen" -m venv "$VENV" || fail "$chosen could not make the virtual environment in $PWD/$VENV; see above."
}

pip() { "$VENV/bin/python" -m pip --disable-pip-version-check --quiet --no-input "$@"; }

# uv is four to ten times faster than pip, and pip does where uv cannot (no wheel for this platform, pip's own settings).
install_lock() {
    if [ ! -x "$VENV/bin/uv" ]; then
        pip install --require-hashes -r requirements-build.txt || say "uv could not be installed; going on without it"
    fi
    "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "$1" && return
    say "trying pip instead"
    pip install --require-hashes -r "$1" || fail "the dependencies of $1 could not be installed; see above."
}

# A path file and a start script, so that the clone's own files run: nothing is built, and the clone may be moved.
link_clone() {
    packages=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "../../../.." >"$packages/moderator.pth"
    cat >"$VENV/bin/moderator" <<'SCRIPT'
#!/bin/sh
'''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"
' '''
import sys

from moderator.cli import main

sys.exit(main())
SCRIPT
    chmod +x "$VENV/bin/moderator"
}

install() {
    lock=$1 name=$2
    current "$lock" "$name" && return
    usable || make_venv
    say "installing $lock into $VENV; the first time takes a minute and 450 MB"
    install_lock "$lock"
    link_clone
    stamp "$lock" >"$VENV/$name.stamp"
}

case $WANTED in
run) current requirements-test.txt test || install requirements.txt run ;;
test) install requirements-test.txt test ;;
*) fail "usage: sh deploy/install.sh run|test" ;;
esac
