#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: the same guest with and without what the hypervisor offers beyond a CPU:
# exits by reason and time side by side.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

uptime() { cut -d . -f 1 /proc/uptime; }

# once NAME OPTION...: Debian's kernel to user space and off, by a clock like the host's.
once() {
	name=$1
	shift
	before=$(uptime)
	linux check --stats "$@"
	after=$(uptime)
	ends 0 || return 1
	sed -n 's/^ *\(exit[a-z_]*\) *\([0-9]*\)$/\1 \2/p' out >"$name"
	clock=$(sed -n 's/^guest: clock: //p' out)
	seconds=$(sed -n 's/^\[ *\([0-9.]*\)\] reboot: Power down/\1/p' out)
	echo "$name: clocksource $clock, off after $seconds s" >>show
	[ "${seconds%.*}" -le $((after - before)) ] ||
		{ echo "that is more than $((after - before)) s of the host"; return 1; }
}

check_paravirt() {
	once plain --plain && once paravirtual || return 1
	awk 'FNR == NR { plain[$1] = $2; next } { both[$1] = $2 }
	     END { for (r in plain) both[r] += 0
		   for (r in both) printf "%-28s %9d %9d\n", r, plain[r], both[r] }' \
		plain paravirtual | sort >table
	{ echo "exits                            plain paravirt."; cat table; } >>show
	[ "$device" != /dev/vellum ] || grep -q '^exits ' table
}

run_checks paravirt
