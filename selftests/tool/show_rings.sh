#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: VMX non-root operation has rings 0 to 3 of its own. The guest runs in
# ring 0 and in ring 3 and sees its true CS in both; what a ring may not do is a
# guest's exception, without an exit; and code that does nothing privileged has none.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_rings() {
	vm --long show_rings --no-irqchip --stats
	ends 0 && says 'ring 0: CS 0010, ten million' && says 'ring 3: CS 002b, ten million' &&
		says '#GP from CS 002b' || return 1
	grep '^ring\|^#GP' out >show
	[ "$device" = /dev/vellum ] || return 0
	by_ports=$(exits exit_io_instruction)
	by_host=$(exits exit_external_interrupt)
	other=$(($(exits exits) - by_ports - by_host - $(exits exit_ept_violation)))
	echo "exits in 20 million instructions: $by_ports for the letters above," \
		"$by_host interrupts of the host's, $(exits exit_ept_violation) pages, $other others" >>show
	[ "$other" -lt 20 ]
}

run_checks rings
