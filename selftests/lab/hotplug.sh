#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# CPUs leave and come back, with a VM alive and without one. A CPU that comes
# up joins VMX operation when there is a VM, and only then.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

cpus=$(cd /sys/devices/system/cpu && echo cpu[0-9]*/online)

set_online() {
	echo "$2" > "/sys/devices/system/cpu/$1/online"
}

if [ "$cpus" = "cpu[0-9]*/online" ]; then
	skip "hotplug" "this machine has one CPU"
	tap_done
fi

check "insmod" load
for online in $cpus; do
	cpu=${online%/online}
	check "$cpu: a VM" hold vcpu
	check "$cpu: offline with the VM alive" set_online "$cpu" 0
	check "$cpu: the others are still on" all_cpus "$VMX_ON"
	check "$cpu: online" set_online "$cpu" 1
	check "$cpu: on everywhere" all_cpus "$VMX_ON"
	check "$cpu: the device works" "$SELFTESTS/tools/hold" try

	check "$cpu: offline again" set_online "$cpu" 0
	check "$cpu: the VM goes while it is away" release
	check "$cpu: off on the others" all_cpus "$VMX_OFF"
	check "$cpu: online without a VM" set_online "$cpu" 1
	check "$cpu: off everywhere" all_cpus "$VMX_OFF"

	check "$cpu: offline without a VM" set_online "$cpu" 0
	check "$cpu: a VM is made while it is away" hold vm
	check "$cpu: online into a VM" set_online "$cpu" 1
	check "$cpu: it joined" all_cpus "$VMX_ON"
	check "$cpu: the VM goes" release

	check "$cpu: offline, and the module goes" set_online "$cpu" 0
	check "$cpu: rmmod" unload
	check "$cpu: online without the module" set_online "$cpu" 1
	check "$cpu: off" all_cpus "$VMX_OFF"
	check "$cpu: insmod" load
done
check "rmmod" unload
tap_done
