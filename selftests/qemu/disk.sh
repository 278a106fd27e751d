# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
# A PC with devices, booted by GRUB from its disk. Part of inside.sh.

says() {
	grep -aq "$2" "/tmp/$1.serial"
}

# What is on the screen: characters of the text mode's memory.
screen() {
	say one "pmemsave 0xb8000 4000 \"/tmp/screen\"" > /dev/null
	od -An -v -t u1 -w2 /tmp/screen | awk '{ printf "%c", $1 } NR % 80 == 0 { print "" }'
}

disk() {
	cp /qemu/boot.img /qemu/data.img /tmp
	tap_before=$tap_failed
	begin one 300 on -M pc -cpu host -smp 2 -m 256 -vga std \
		-drive if=none,id=boot,file=/tmp/boot.img,format=raw \
		-device virtio-blk-pci,drive=boot,bootindex=1 \
		-drive if=ide,file=/tmp/data.img,format=raw \
		-nic user,model=virtio-net-pci
	check "$1: GRUB starts from the disk" await says one "GRUB reads its configuration"
	screen > /tmp/text
	check "$1: SeaBIOS writes on the VGA screen" grep -aq "SeaBIOS (version" /tmp/text
	# GRUB reads 17 MiB by the BIOS, and the kernel unpacks itself.
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		await says one "guest: look" && break
		! gone || break
	done
	serial=$(tr -d '\r' < /tmp/one.serial)
	check "$1: Linux out of GRUB, two CPUs" contains "$serial" "CPUs online: 0-1"
	check "$1: IDE disk is read" contains "$serial" "IDE: a greeting from the disk"
	check "$1: IDE disk is written" contains "$serial" "IDE: holds what was written"
	check "$1: virtio-blk is read" contains "$serial" "virtio: a greeting from the disk"
	check "$1: virtio-blk is written" contains "$serial" "virtio: holds what was written"
	check "$1: virtio-net" contains "$serial" "network: the gateway answers"
	check "$1: HPET counts" contains "$serial" "guest: clock: hpet"
	check "$1: RTC tells the date" contains "$serial" "guest: RTC: $(date +%Y-%m-%d)"
	screen > /tmp/text
	check "$1: the guest writes on the VGA screen" grep -aq "a line for the screen" /tmp/text
	check "$1: power off by ACPI" await gone
	[ "$tap_failed" = "$tap_before" ] || show /tmp/one.serial
	exec 5>&-
	wait "$one_pid"
}

gone() {
	! pidof qemu-system-x86_64 > /dev/null
}

# The cloud kernel has no driver for it; the boot ROM of the network card has.
e1000() {
	begin one 60 on -M pc,graphics=off -m 64 -boot n -nic user,model=e1000
	check "$1: e1000: an address by DHCP" await says one "net0: 10.0.2.15"
	finish one
}
