# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
# SeaBIOS, and Linux to its init and to power-off. Part of inside.sh.

# SeaBIOS finds nothing to boot and waits: it is ended when it has said so.
seabios() {
	qemu 3 off -M graphics=off -cpu qemu64 -m 64 -serial stdio
	check "$1: SeaBIOS speaks at the serial port" contains "$out" "SeaBIOS (version"
	check "$1: SeaBIOS looks for a boot device there" contains "$out" "No bootable device"
	qemu 3 off -cpu qemu64 -m 64 -chardev stdio,id=d \
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
		echo "not done after $limit s"
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
	qemu 60 "$mode" -M "$machine" -cpu "$model" -smp "$cpus" -m 256 -serial stdio \
		-kernel /qemu/vmlinux -initrd /qemu/initrd \
		-append "console=ttyS0 quiet panic=-1 nokaslr cryptomgr.notests"
	why=$(complaint "$online" "$cpus")
	result=boots
	[ -z "$why" ] || result=fails
	echo "@ $device|$machine|$mode|$cpus|$5|$result|$took|$why"
	[ -z "$why" ] || show
}

boots() {
	while read -r machine mode cpus model; do
		linux "$1" "$machine" "$mode" "$cpus" "$model" < /dev/null
	done < /qemu/plan
}

# The QEMU of bookworm-backports, which takes the device's name.
newer() {
	program=/newer/qemu-system-x86_64
	if [ ! -x "$program" ]; then
		skip "$1: a newer QEMU" "apt does not offer it"
		program=
		return
	fi
	[ "$1" != vellum ] || accelerator=,device=/dev/vellum
	for machine in pc q35; do
		qemu 60 on -M "$machine" -cpu host -smp 2 -m 256 -serial stdio \
			-kernel /qemu/vmlinux -initrd /qemu/initrd \
			-append "console=ttyS0 quiet panic=-1 nokaslr cryptomgr.notests"
		check "$1: $($program --version | head -n 1), $machine: boots, powers off" \
			equal "" "$(complaint 0-1 2)"
	done
	program=
	accelerator=
}
