#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Beside KVM: whoever comes first has VMX, the other is told so, nothing breaks,
# and after Vellum is gone KVM finds a clean CPU and runs a guest.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

EBUSY=16

busy_line() {
	logged | sed 's/^/# log: /'
	contains "$(logged | tr '[:upper:]' '[:lower:]')" "vmx" &&
		contains "$(logged)" "already"
}

kvm_runs() {
	VELLUM_DEV=/dev/kvm "$SELFTESTS/tools/once"
}

# KVM of 6.1 is in VMX operation while it has a VM, that of 6.12 while loaded.
check "kvm_intel loads" modprobe kvm_intel
check "kvm has a VM" hold vm /dev/kvm
check "kvm has VMX on" all_cpus "$VMX_ON"

mark
message=$(load 2>&1)
check "insmod of vellum is refused: busy" contains "$message" "busy"
check "the log says why" busy_line
check "one line" equal 1 "$(logged | wc -l)"
check "module not there" fails is_loaded
check "kvm is not disturbed" all_cpus "$VMX_ON"
check "kvm runs a guest" kvm_runs
check "the VM of kvm goes" release
check "kvm_intel goes" modprobe -r kvm_intel
check "VMX is off" all_cpus "$VMX_OFF"

# Loaded first, asked second.
check "vellum loads" load
check "kvm_intel loads beside it" modprobe kvm_intel
check "kvm has a VM again" hold vm /dev/kvm
mark
check "no VM for vellum: busy" equal "$EBUSY" "$(try_vm /dev/vellum 2> /dev/null)"
check "the log says why" busy_line
check "kvm still runs a guest" kvm_runs
check "the VM of kvm goes" release
check "kvm_intel goes" modprobe -r kvm_intel
check "vellum can have a VM now" equal 0 "$(try_vm /dev/vellum)"

# Vellum first: KVM is refused by its own check, and Vellum goes on.
check "vellum has a VM" hold vcpu
modprobe kvm_intel 2> /dev/null
if [ -e /dev/kvm ]; then
	check "no VM for kvm: busy" equal "$EBUSY" "$(try_vm /dev/kvm 2> /dev/null)"
else
	check "kvm_intel was refused" fails test -d /sys/module/kvm_intel
fi
check "vellum has VMX on everywhere" all_cpus "$VMX_ON"
check "the VM of vellum goes" release
check "VMX is off" all_cpus "$VMX_OFF"
modprobe -r kvm_intel 2> /dev/null
check "rmmod vellum" unload

check "kvm_intel loads after vellum" modprobe kvm_intel
check "and runs a guest" kvm_runs
check "kvm_intel goes" modprobe -r kvm_intel
check "VMX is off" all_cpus "$VMX_OFF"
tap_done
