#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: interrupts. The host's end up with the host, while the guest runs; one of
# the guest's waits until it can be taken (interrupt-window exiting), then is injected.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_interrupts() {
	vm --long show_interrupts --stats
	ends 0 && says '32 timers, interrupts taken: 20' || return 1
	grep '^32' out >show
	[ "$device" = /dev/vellum ] || return 0
	echo "exits: $(exits exit_interrupt_window) interrupt windows," \
		"$(exits exit_external_interrupt) interrupts of the host's" >>show
	[ "$(exits exit_interrupt_window)" -ge 32 ] && [ "$(exits exit_external_interrupt)" -ge 1 ]
}

run_checks interrupts
