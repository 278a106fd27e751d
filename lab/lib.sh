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
	*) usage_error "no kernel $1: choose 6.1 or 6.12" ;;
	esac
}

# kernel_release VERSION: the release (uname -r) whose headers are installed;
# VERSION may be "native", the running kernel.
kernel_release() {
	local package rel
	[ "$1" != native ] || { uname -r; return; }
	package=$(headers_package "$1") || exit
	rel=$(dpkg-query -W -f '${Depends}\n' "$package" 2>/dev/null |
		grep -o "linux-headers-$1\.[^ ,]*-cloud-amd64" | head -n 1) || true
	[ -n "$rel" ] || die "the headers of kernel $1 are missing: run 'lab/deps kernel-$1'"
	echo "${rel#linux-headers-}"
}

# stamp_of FILE...: one hash over the contents of files.
stamp_of() { cat -- "$@" | sha256sum | cut -d ' ' -f 1; }

# fresh STAMPFILE STAMP: true when the stamp says that nothing changed.
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
