#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kexec.sh load|crash: start another kernel while a guest runs, by kexec or by a
# crash of this one. No firmware comes between: the other CPUs are woken by INIT, which a
# CPU in VMX operation ignores, and CR4.VMXE is as the old kernel left it. The
# test goes on in the new kernel.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

how=${1:-load}
next=/lab/next		# in the new kernel: how many checks the old one made

if [ -e "$next" ]; then
	tap_count=$(cat "$next")
	check "the new kernel has all CPUs" equal "$(cat /lab/cpus)" "$(nproc)"
	check "VMX is off" all_cpus "$VMX_OFF"
	check "insmod" load
	check "a guest counts" hold guest
	check "VMX is on everywhere" all_cpus "$VMX_ON"
	check "it counts on" counts_on
	check "the guest goes" release
	check "rmmod" unload
	tap_done
fi

# Summing up the kernel takes this machine longer than the watchdog likes.
echo 60 > /proc/sys/kernel/watchdog_thresh

name=lab/kexec
[ "$how" = load ] || name=lab/kexec_$how

# pack CHECKS: an initramfs out of this one that goes on with this test.
pack() {
	mkdir -p /tmp/next/lab /tmp/next/dev /tmp/next/proc /tmp/next/sys /tmp/next/tmp \
		/tmp/next/selftests &&
		cp /lab/settings /tmp/next/lab/ &&
		echo "$1" > /tmp/next/lab/next &&
		nproc > /tmp/next/lab/cpus &&
		echo "sh $0 $how; status=\$?; echo @@ end $name \$status; exit \$status" \
			> /tmp/next/lab/command &&
		(cd /tmp/next && find . | cpio -o -H newc) > /tmp/initrd 2> /dev/null &&
		(cd / && find bin sbin usr etc lib init root selftests/lab selftests/tools |
			cpio -o -H newc) >> /tmp/initrd 2> /dev/null
}

load_kernel() {
	pack "$tap_count" &&
		"$SELFTESTS/tools/kexec" "$how" /lab/vmlinuz /tmp/initrd "$(cat /proc/cmdline)"
}

check "insmod" load
check "a guest counts" hold guest
check "VMX is on" all_cpus "$VMX_ON"
check "the next kernel is loaded" load_kernel
[ "$tap_failed" -eq 0 ] || tap_done
if [ "$how" = crash ]; then
	# From CPU 0: an INIT that the next kernel sends to it would be a reset.
	taskset 1 sh -c "echo c > /proc/sysrq-trigger"
else
	"$SELFTESTS/tools/kexec" start
fi
sleep 600
