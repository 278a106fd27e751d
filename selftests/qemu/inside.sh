#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh DEVICE...: what selftests/qemu/run does in the lab host.
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

# qemu SECONDS OPTION...: its console in $out, its status in $status, and the
# time it took, by the clock of the lab, in $took.
qemu() {
	limit=$1
	shift
	start=$(now)
	timeout -s KILL "$limit" qemu-system-x86_64 -L /usr/share/seabios -L /usr/share/qemu \
		-accel kvm,kernel-irqchip=off -display none -nodefaults -no-reboot "$@" \
		< /dev/null > /tmp/out 2>&1
	status=$?
	took=$(($(now) - start))
	took=$((took / 100)).$((took / 10 % 10))
	out=$(tr -d '\r' < /tmp/out)
}

show() {
	tail -n 30 /tmp/out | tr -d '\r' | sed 's/^/#   /'
}

# SeaBIOS finds nothing to boot and waits: it is ended when it has said so.
seabios() {
	qemu 10 -cpu qemu64 -m 64 -chardev stdio,id=d \
		-device isa-debugcon,iobase=0x402,chardev=d
	check "$1: SeaBIOS starts at the reset vector" contains "$out" "SeaBIOS (version"
	check "$1: SeaBIOS has its CPU" contains "$out" "All threads complete"
	check "$1: SeaBIOS has its memory" contains "$out" "e820 map has"
	check "$1: SeaBIOS looks for a boot device" contains "$out" "No bootable device"
}

# KVM offers a feature (asynchronous page faults by interrupt) whose MSR it refuses
# without a local APIC in the kernel, and QEMU ends over that: kvm=off hides it.
linux() {
	cpu=host
	[ "$1" = vellum ] || cpu=host,kvm=off
	qemu 240 -cpu "$cpu" -m 256 -serial stdio -kernel /qemu/vmlinuz -initrd /qemu/initrd \
		-append "console=ttyS0 panic=-1 nokaslr -- check"
	check "$1: Linux starts" contains "$out" "Linux version"
	check "$1: Linux reaches its init" contains "$out" "guest: Linux $(uname -r), CPUs online: 0"
	check "$1: no panic" fails grep -q -e 'Kernel panic' -e 'Oops' -e 'BUG:' /tmp/out
	check "$1: Linux powers off, and QEMU ends" equal 0 "$status"
	note "$1: Linux from power-on to power-off: $took s of the lab's clock"
}

for device; do
	before=$tap_failed
	check "$device: module" become_kvm "$device"
	seabios "$device"
	[ "$tap_failed" = "$before" ] || show
	before=$tap_failed
	linux "$device"
	[ "$tap_failed" = "$before" ] || show
	check "$device: module leaves" leave "$device"
done
tap_done
