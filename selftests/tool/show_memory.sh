#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: guest-linear, guest-physical, host-physical. The same page found through
# no paging, 32-bit, PAE and 4-level tables and the EPT; and the EPT filled on demand.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

# walked NAME OPTION...: a guest that has said P, and the way of ADDRESS in it.
walked() {
	rm -f vm.sock
	vellum run --device "$device" --control vm.sock --no-irqchip --memory 16M "$@" \
		>out 2>&1 </dev/null &
	machine=$!
	wait_for 20 grep -q '[PS]' out && vellum walk --socket vm.sock "$address" >way
	vellum control --socket vm.sock exits >counts
	vellum control --socket vm.sock quit
	wait "$machine"
	cat way
	sed 's/^/walk: /' way >>show
	[ "$device" != /dev/vellum ] || grep -q 'name the same frame' way
}

check_no_paging() {
	address=0x7c00
	walked --flat flat_spin && grep -q 'paging is off' way && grep -q 'guest-physical 7c00' way
}

check_32bit() {
	address=0x405123
	walked --flat flat_32bit && grep -q '2 levels' way && grep -q 'PDE   \[  1\]' way &&
		grep -q 'PTE   \[  5\].*page of 4 KiB' way && grep -q 'guest-physical 3123' way
}

check_pae() {
	address=0x405123
	walked --flat flat_pae && grep -q '3 levels' way && grep -q 'PDE   \[  2\]' way &&
		grep -q 'PTE   \[  5\].*page of 4 KiB' way && grep -q 'guest-physical 3123' way
}

check_four_levels() {
	address=0x200008
	walked --long spin && grep -q '4 levels' way && grep -q 'page of 2048 KiB' way &&
		grep -q 'guest-physical 200008' way || return 1
	[ "$device" = /dev/vellum ] || return 0
	faults=$(sed -n 's/^ *exit_ept_violation *//p' counts)
	echo "EPT violations, one for each page that this guest touched: $faults" >>show
	[ "$faults" -ge 3 ]
}

run_checks no_paging 32bit pae four_levels
