#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The VM-entry doctor against the CPU: entrytry.ko shows states to both, and both
# must say the same. And what KVM prints of a refused entry is read.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

# Models other than the usual one are for rules that it does not know.
states=20000
case $(cat /proc/cmdline) in
*lab.cpu=broadwell_ult*) ;;
*lab.cpu=*) states=2000 ;;
esac

check "entrytry loads" insmod /lib/vellum/entrytry.ko
"$SELFTESTS/doctor/try" $states | grep -v '^1\.\.' > /tmp/try
grep '^#' /tmp/try
check "the CPU and the doctor agree" fails grep -q -e '^not ok' -e '^Bail' /tmp/try
check "all of it was run" equal 4 "$(grep -c '^ok' /tmp/try)"
check "entrytry goes" rmmod entrytry
check "VMX is off" all_cpus "$VMX_OFF"
[ $states = 20000 ] || tap_done

# A test of vcpu/exits has its entry refused: SS of type 1.
check "kvm_intel loads, to dump what is refused" modprobe kvm_intel dump_invalid_vmcs=1
mark
VELLUM_DEV=/dev/kvm "$SELFTESTS/vcpu/exits" > /tmp/exits
dmesg | sed '1,/selftest: mark '"$$"'$/d' > /tmp/kvm.log
# Of several dumps the one of that test.
awk '/VMCS .* last attempted/ { if (n && dump ~ /SS: .*attr=0x0c091/) exit; dump = ""; n++ }
	{ dump = dump $0 "\n" } END { printf "%s", dump }' /tmp/kvm.log > /tmp/kvm.dump
"$SELFTESTS/doctor/read" < /tmp/kvm.dump > /tmp/said
sed 's/^/# KVM: /' /tmp/said
check "KVM's dump is read" grep -q '^[0-9][0-9][0-9]* fields' /tmp/said
check "more than 80 fields" test "$(sed -n 's/ fields//p' /tmp/said)" -gt 80
check "its one broken rule is named" grep -q '^guest_ss_type: .*is 0xc091 (type 1' /tmp/said
check "and no other" grep -q '^1 of ' /tmp/said
check "kvm_intel goes" modprobe -r kvm_intel
tap_done
