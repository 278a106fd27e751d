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

# All on one CPU: whatever a try leaves there, KVM's guests meet it.
taskset -p 1 $$ > /dev/null
check "entrytry loads" insmod /lib/vellum/entrytry.ko
"$SELFTESTS/doctor/try" $states | grep -v '^1\.\.' > /tmp/try
grep '^#' /tmp/try
check "the CPU and the doctor agree" fails grep -q -e '^not ok' -e '^Bail' /tmp/try
check "all of it was run" equal 4 "$(grep -c '^ok' /tmp/try)"
# The examples of docs/doctor.md.
for rule in guest_rflags_if guest_efer_lma; do
	"$SELFTESTS/doctor/try" --rule $rule > /tmp/rule
	check "$rule is refused" grep -q 'CPU: entry failed, 0x80000021' /tmp/rule
	check "$rule is named" grep -q "doctor: $rule: " /tmp/rule
done
check "entrytry goes" rmmod entrytry
check "VMX is off" all_cpus "$VMX_OFF"
[ $states = 20000 ] || tap_done

# What vcpu/doctor gets wrong on purpose, in this order: KVM prints each.
check "kvm_intel loads, to dump what is refused" modprobe kvm_intel dump_invalid_vmcs=1
mark
VELLUM_DEV=/dev/kvm "$SELFTESTS/vcpu/doctor" > /tmp/refused
dmesg | sed '1,/selftest: mark '"$$"'$/d' |
	awk '/VMCS .* last attempted/ { n++ } n { print > "/tmp/kvm." n }'
names=
for dump in /tmp/kvm.*; do
	"$SELFTESTS/doctor/read" < "$dump" > /tmp/said
	sed 's/^/# KVM: /' /tmp/said
	check "more than 80 fields" test "$(sed -n 's/ fields//p' /tmp/said)" -gt 80
	check "one broken rule, and no other" grep -q '^1 of ' /tmp/said
	names="$names $(sed -n 's/^\([a-z_0-9]*\): .*/\1/p' /tmp/said)"
done
check "each of KVM's dumps says what was wrong" equal \
	" guest_ss_type guest_ds_coarse guest_cs_db guest_tr_type blocking_sti_if" "$names"
check "kvm_intel goes" modprobe -r kvm_intel
tap_done
