#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh DEVICE...: what selftests/qemu/run does in the lab host: SeaBIOS, then a
# boot for each line of the file plan, MACHINE MODE CPUS MODEL. For each boot a line
#   @ DEVICE|MACHINE|MODE|CPUS|MODEL|RESULT|TICKS|WHY
# with millions of ticks by the clock of the lab.
# shellcheck source=selftests/lab/tap.sh
. /qemu/tap.sh

# /dev/kvm is the one name that this QEMU knows.
become_kvm() {
	rm -f /dev/kvm
	case $1 in
	vellum)
		load_quietly || return
		mknod /dev/kvm c 10 "$(sed -n 's/ *\([0-9]*\) vellum$/\1/p' /proc/misc)" ;;
	kvm)
		[ ! -d /sys/module/vellum ] || rmmod vellum
		modprobe kvm_intel && [ -c /dev/kvm ] ;;
	esac
}

load_quietly() {
	[ -d /sys/module/vellum ] || insmod "$MODULE"
}

leave() {
	case $1 in
	vellum) rm -f /dev/kvm && rmmod vellum ;;
	kvm) modprobe -r kvm_intel ;;
	esac
}

now() {
	cut -d ' ' -f 1 /proc/uptime | tr -d .
}

# qemu SECONDS MODE OPTION...: its console in $out, its status in $status, and the
# time it took, in millions of ticks of the lab's clock, in $took.
qemu() {
	limit=$1
	mode=$2
	shift 2
	start=$(now)
	timeout -s KILL "$limit" qemu-system-x86_64 -L /usr/share/seabios -L /usr/share/qemu \
		-accel "kvm,kernel-irqchip=$mode" -display none -nodefaults -no-reboot "$@" \
		< /dev/null > /tmp/out 2>&1
	status=$?
	took=$(($(now) - start))
	out=$(tr -d '\r' < /tmp/out)
}

show() {
	tail -n 15 /tmp/out | tr -d '\r' | sed 's/^/#   /'
}

# SeaBIOS finds nothing to boot and waits: it is ended when it has said so.
seabios() {
	qemu 10 off -cpu qemu64 -m 64 -chardev stdio,id=d \
		-device isa-debugcon,iobase=0x402,chardev=d
	check "$1: SeaBIOS starts at the reset vector" contains "$out" "SeaBIOS (version"
	check "$1: SeaBIOS has its CPU" contains "$out" "All threads complete"
	check "$1: SeaBIOS has its memory" contains "$out" "e820 map has"
	check "$1: SeaBIOS looks for a boot device" contains "$out" "No bootable device"
}

# What went wrong with a boot, or nothing.
complaint() {
	if grep -q -e 'Kernel panic' -e 'Oops' -e 'BUG:' /tmp/out; then
		grep -m 1 -e 'Kernel panic' -e 'Oops' -e 'BUG:' /tmp/out | tr -d '\r|'
	elif [ "$status" = 137 ]; then
		echo "not done after 120 s"
	elif [ "$status" != 0 ]; then
		echo "QEMU ends with $status: $(tail -n 1 /tmp/out | tr -d '\r|' | cut -c 1-120)"
	elif ! grep -q "guest: Linux $(uname -r), CPUs online: $1" /tmp/out; then
		echo "init does not say that $2 CPUs are online"
	fi
}

# KVM offers a feature (asynchronous page faults by interrupt) whose MSR it refuses
# without a local APIC in the kernel, and QEMU ends over that: kvm=off hides it.
linux() {
	device=$1 machine=$2 mode=$3 cpus=$4 model=$5
	[ "$device $mode" != "kvm off" ] || model=$model,kvm=off
	online=0
	[ "$cpus" = 1 ] || online=0-$((cpus - 1))
	qemu 120 "$mode" -M "$machine" -cpu "$model" -smp "$cpus" -m 256 -serial stdio \
		-kernel /qemu/vmlinux -initrd /qemu/initrd \
		-append "console=ttyS0 quiet panic=-1 nokaslr cryptomgr.notests -- check"
	why=$(complaint "$online" "$cpus")
	result=boots
	[ -z "$why" ] || result=fails
	echo "@ $device|$machine|$mode|$cpus|$5|$result|$took|$why"
	[ -z "$why" ] || show
}

for device; do
	before=$tap_failed
	check "$device: module" become_kvm "$device"
	seabios "$device"
	[ "$tap_failed" = "$before" ] || show
	while read -r machine mode cpus model; do
		linux "$device" "$machine" "$mode" "$cpus" "$model"
	done < /qemu/plan
	check "$device: module leaves" leave "$device"
done
tap_done
