# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the parts of selftests/qemu share in the lab host: the device that is called
# /dev/kvm there, and QEMU.
# shellcheck source=selftests/lab/tap.sh
. /qemu/tap.sh

# /dev/kvm is the one name that QEMU 7.2 knows.
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

# A monitor that is gone is noticed by what it does not answer.
trap '' PIPE

now() {
	cut -d ' ' -f 1 /proc/uptime | tr -d .
}

# qemu_is SECONDS MODE OPTION...: QEMU, ended after that time. It is $program, with the
# accelerator's options $accelerator, when they are set.
qemu_is() {
	limit=$1
	mode=$2
	shift 2
	timeout -s KILL "$limit" "${program:-qemu-system-x86_64}" -L /usr/share/seabios -L /usr/share/qemu \
		-L /usr/lib/ipxe/qemu -accel "kvm,kernel-irqchip=$mode${accelerator:-}" \
		-display none -nodefaults -no-reboot "$@"
}

# qemu SECONDS MODE OPTION...: its console in $out, its status in $status, and the
# time it took, in millions of ticks of the lab's clock, in $took.
qemu() {
	start=$(now)
	qemu_is "$@" < /dev/null > /tmp/out 2>&1
	status=$?
	took=$(($(now) - start))
	out=$(tr -d '\r' < /tmp/out)
}

show() {
	tail -n 15 "${1:-/tmp/out}" | tr -d '\r' | sed 's/^/#   /'
}

# begin NAME SECONDS MODE OPTION...: QEMU in the background, its monitor to be spoken to
# by say; its serial port is in /tmp/NAME.serial, what the monitor says in /tmp/NAME.said.
begin() {
	name=$1
	shift
	rm -f "/tmp/$name".*
	mkfifo "/tmp/$name.in"
	: > "/tmp/$name.serial"
	qemu_is "$@" -serial "file:/tmp/$name.serial" -monitor stdio \
		< "/tmp/$name.in" > "/tmp/$name.said" 2>&1 &
	case $name in
	one) one_pid=$!; exec 5> "/tmp/$name.in" ;;
	*) two_pid=$!; exec 6> "/tmp/$name.in" ;;
	esac
	await prompted "$name"
}

# say NAME COMMAND: to the monitor of one or two; what it answers is printed.
say() {
	before=$(wc -c < "/tmp/$1.said")
	case $1 in
	one) echo "$2" >&5 ;;
	*) echo "$2" >&6 ;;
	esac
	await answered "$1" "$before" || echo "# no answer to $2"
	tail -c "+$((before + 1))" "/tmp/$1.said" | tr -d '\r' | sed 's/.*\x1b\[[KD]//'
}

# A warning may follow the first prompt in its line.
prompted() {
	grep -q '^(qemu) ' "/tmp/$1.said"
}

# The prompt comes again after the answer; the command's echo holds none.
answered() {
	tail -c "+$(($2 + 1))" "/tmp/$1.said" | tail -n 1 | grep -q '^(qemu) $'
}

# await COMMAND...: until it succeeds, for ten seconds at most. In a shell of its own, as
# the command may wait for something itself.
await() (
	end=$(($(now) + 1000))
	until "$@"; do
		[ "$(now)" -lt "$end" ] || exit
		usleep 50000
	done
)

# finish NAME: QEMU goes.
finish() {
	case $1 in
	one) echo quit >&5; exec 5>&-; wait "$one_pid" ;;
	*) echo quit >&6; exec 6>&-; wait "$two_pid" ;;
	esac
}
