#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: trap and emulate. Instructions that are the hypervisor's to do exit, are
# done, and the guest goes on behind them; each is counted.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_trap() {
	vm --long show_trap --no-irqchip --stats
	ends 0 && says 'it went on behind each of them' || return 1
	[ "$device" = /dev/vellum ] || return 0
	for line in 'cpuid 100' 'msr_read 50' 'wbinvd 30'; do
		name=exit_${line% *}
		echo "${line#* } of them in the guest, $name $(exits "$name")" >>show
		[ "$(exits "$name")" = "${line#* }" ] || return 1
	done
	echo "20 reads of a port in the guest, exit_io_instruction $(exits exit_io_instruction)" \
		"with those that print" >>show
	[ "$(exits exit_io_instruction)" -ge 52 ]
}

run_checks trap
