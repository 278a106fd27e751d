# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # sourced by lab/run, shares its names
# The lab host under QEMU: with KVM and nested VMX, or translated, without VMX.

qemu_machine() {
	emulator=(qemu-system-x86_64 -machine pc -smp "$cpus" -m "$memory" -nodefaults
		-display none -no-reboot -kernel "$BUILD/kernel-$kernel/vmlinuz"
		-initrd "$work/initrd" -append "$(kernel_cmdline)"
		-chardev "serial,id=console,path=$work/console" -serial chardev:console
		-chardev "serial,id=control,path=$work/control" -serial chardev:control "$@")
	[ -z "$disk" ] || emulator+=(-drive "file=$disk,format=raw,if=ide")
	console_options=(--reset-ends)
}

emulator_qemu() { qemu_machine -accel kvm -cpu host,+vmx; }

emulator_tcg() { qemu_machine -accel tcg -cpu qemu64; }
