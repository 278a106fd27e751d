#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Suspend to RAM with a VM alive and a guest running. The firmware starts the
# CPUs anew, so VMX has to go on again before the guest goes on.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

# The emulated machine wakes up at once.
sleep_and_wake() {
	echo mem > /sys/power/state
}

if ! grep -qw mem /sys/power/state; then
	skip "suspend" "this machine cannot suspend to RAM"
	tap_done
fi

# A reset of this emulator sets the TSC of each CPU to zero, one after the other.
# Linux brings them in step by TSC_ADJUST; without it, time goes wrong on waking,
# with the module or without.
if dmesg | grep -q "BIOS Bochs" && [ "$(nproc)" -gt 1 ] &&
	! grep -qw tsc_adjust /proc/cpuinfo; then
	skip "suspend" "this machine's clocks do not survive it: no TSC_ADJUST"
	tap_done
fi

check "insmod" load
check "suspend without a VM" sleep_and_wake
check "VMX is off" all_cpus "$VMX_OFF"
check "a guest counts" hold guest
for round in 1 2 3; do
	before=$(counted)
	check "$round: suspend with the guest alive" sleep_and_wake
	check "$round: VMX is on everywhere" all_cpus "$VMX_ON"
	check "$round: the guest kept its state" test "$(counted)" -ge "$before"
	check "$round: the guest counts on" counts_on
done
check "the guest goes" release
check "VMX is off" all_cpus "$VMX_OFF"
check "rmmod" unload
tap_done
