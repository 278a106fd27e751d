#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One concept: devices emulated by the hypervisor itself, some in the kernel (PIT, local
# APIC), some in the tool (serial port, clock, ACPI): exits to one and to the other.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_devices() {
	vm --long show_devices --stats
	ends 0 && says 'RTC says [0-9][0-9]:[0-9][0-9], PIT counts at [0-9a-f]\{4\}, APIC version [12]' ||
		return 1
	grep '^RTC' out >show
	hour=$(date -u +%H)
	says "RTC says $hour:" || says "RTC says $(printf %02d $(((${hour#0} + 23) % 24))):" || return 1
	[ "$device" = /dev/vellum ] || return 0
	ports=$(exits exit_io_instruction)
	tool=$(exits IO)
	echo "exits for ports: $ports, of which the tool saw $tool and the kernel did the rest" >>show
	[ "$((ports - tool))" -ge 60 ]
}

run_checks devices
