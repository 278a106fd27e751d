#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module loads where the CPU offers what it requires, and says what is
# missing, in one line, where it does not. What is expected is read from the
# kernel's own /proc/cpuinfo.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

# refused ERROR WORD...: one line that has each word, nothing left behind.
refused() {
	error=$1
	shift
	check "insmod is refused: $error" contains "$message" "$error"
	check "one line in the log" equal 1 "$(logged | wc -l)"
	for word in "$@"; do
		check "the line names: $word" contains "$(logged | tr '[:upper:]' '[:lower:]')" "$word"
	done
	check "module not there" fails is_loaded
	check "no device node" fails test -e /dev/vellum
	check "no CPU was changed" all_cpus "$VMX_OFF"
}

mark
message=$(load 2>&1)
logged | sed 's/^/# log: /'

locked_off() {
	dmesg | grep -q 'VMX .* disabled by BIOS'
}

if locked_off; then
	refused "Operation not permitted" "disabled by the firmware"
elif ! cpu_has_vmx; then
	refused "Operation not supported" "vmx"
elif ! cpu_is_enough; then
	set --
	cpu_has ept || set -- "$@" "ept"
	cpu_has unrestricted_guest || set -- "$@" "unrestricted guest"
	refused "Operation not supported" "$@"
else
	check "insmod" equal "" "$message"
	check "device node" test -c /dev/vellum
	check "VMX stays off until there is a VM" all_cpus "$VMX_OFF"
	check "rmmod" unload
	check "device node is gone" fails test -e /dev/vellum
	check "VMX is off" all_cpus "$VMX_OFF"
fi
tap_done
