# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Names and helpers that every script of the lab shares; sourced, never run.

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname "$LAB_DIR")
BUILD=$TOP/build
ME=lab/${0##*lab/}

say() { echo "$ME: $*" >&2; }

# What the lab cannot do ends with 126; a bad command line with 2.
die() { say "$*"; exit 126; }
usage_error() { say "$*"; say "see lab/README.md"; exit 2; }

# The Debian package whose dependency names the newest build of one kernel.
headers_package() {
	case $1 in
	6.1) echo linux-headers-cloud-amd64 ;;
	6.12) echo linux-headers-6.12-cloud-amd64 ;;
	*) usage_error "no kernel $1: choose 6.1, 6.12, debug or kcsan" ;;
	esac
}

# built_here VERSION: whether it is built from Debian's source of 6.1, by lab/debug/build.
built_here() { [ "$1" = debug ] || [ "$1" = kcsan ]; }

built_release() {
	local source
	source=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null) ||
		die "the source of the $1 kernel is missing: run 'lab/deps kernel-$1'"
	echo "${source%-*}-$1"
}

# kernel_release VERSION: the release (uname -r) whose headers are installed;
# VERSION may be "native", the running kernel, or one that is built here.
kernel_release() {
	local package rel
	[ "$1" != native ] || { uname -r; return; }
	! built_here "$1" || { built_release "$1"; return; }
	package=$(headers_package "$1") || exit
	rel=$(dpkg-query -W -f '${Depends}\n' "$package" 2>/dev/null |
		grep -o "linux-headers-$1\.[^ ,]*-cloud-amd64" | head -n 1) || true
	[ -n "$rel" ] || die "the headers of kernel $1 are missing: run 'lab/deps kernel-$1'"
	echo "${rel#linux-headers-}"
}

# kernel_headers VERSION: where modules for it are built against.
kernel_headers() {
	case $1 in
	native) echo "/lib/modules/$(uname -r)/build" ;;
	debug | kcsan) echo "$BUILD/linux-$1/objects" ;;
	*) echo "/usr/src/linux-headers-$(kernel_release "$1")" ;;
	esac
}

# stamp_of FILE...: one hash over the contents of files.
stamp_of() { cat -- "$@" | sha256sum | cut -d ' ' -f 1; }

# fresh STAMPFILE STAMP: true when the stamp says that nothing changed.
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
