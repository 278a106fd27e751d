# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # sourced by lab/run, shares its names
# Which machine the lab host runs on, and how it is started.

# Set by emulator_*: the command line, and what lab/console has to know of it.
emulator=()
console_options=()

# why_not_qemu: why this machine cannot run the lab host under KVM; empty if it can.
why_not_qemu() {
	local nested=/sys/module/kvm_intel/parameters/nested
	if ! [ -e /dev/kvm ]; then
		echo "there is no /dev/kvm"
	elif ! (: <>/dev/kvm) 2>/dev/null; then
		echo "/dev/kvm does not open"
	elif ! grep -qw vmx /proc/cpuinfo; then
		echo "the CPU offers no vmx"
	elif ! grep -qsE '^[Y1]' $nested; then
		echo "kvm_intel is not set up to nest ($nested)"
	fi
}

choose_backend() {
	local why
	backend=${LAB:-}
	[ "$cpu" != none ] || backend=tcg
	case $backend in
	native | bochs | tcg) ;;
	qemu)
		why=$(why_not_qemu)
		[ -z "$why" ] || die "LAB=qemu: $why"
		;;
	'')
		backend=qemu
		why=$(why_not_qemu)
		[ -z "$why" ] || backend=bochs
		[ -z "$why" ] || say "no KVM with nested VMX, so Bochs: $why"
		;;
	*) usage_error "LAB=$backend: choose native, qemu, bochs or tcg" ;;
	esac
}

# shellcheck source=lab/cmdline.sh
. "$LAB_DIR/cmdline.sh"
# shellcheck source=lab/bochs/machine.sh
. "$LAB_DIR/bochs/machine.sh"
# shellcheck source=lab/qemu.sh
. "$LAB_DIR/qemu.sh"
