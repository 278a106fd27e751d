#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh [--guest] DEVICE...: what selftests/bench/run does in the lab host:
# the benchmark on each of these, kvm and vellum, one after the other. With
# --guest the whole life of a Linux guest too.
# inside.sh --account DEVICE [PART...]: what selftests/bench/account does there: these
# parts, or the life of a guest, and where the module's functions are.
here=$(cd "$(dirname "$0")" && pwd)
guest=
if [ "$1" = --guest ]; then
	guest=1
	shift
fi

# The files of the modules, in the order in which they are loaded.
files() {
	case $1 in
	vellum) echo /lib/vellum/vellum.ko ;;
	kvm)
		modprobe -D kvm_intel | sed -n 's/^insmod \([^ ]*\).*/\1/p' ;;
	esac
}

# The guest powers itself off; its console is of no interest unless it fails.
boot() {
	live "$1" --command || return 1
	total=$(grep '^bench whole' /tmp/boot | cut -d '|' -f 5)
	insmod /lib/vellum/guestcount.ko
	live "$1" --guest "$total"
	status=$?
	rmmod guestcount
	return $status
}

account() {
	export VELLUM_DEV="/dev/$1"
	for file in $(files "$1"); do
		insmod "$file" || return 1
	done
	sed -n 's/^\(.* [tT] .*\)\t\[\(vellum\|kvm\|kvm_intel\)\]$/@@ symbol \1 \2/p' /proc/kallsyms
	shift
	if [ $# = 0 ]; then
		live "$VELLUM_DEV" --command
	else
		"$here/bench" "$@"
	fi
}

# live DEVICE HOW...: the figures of one life of it.
live() {
	device=$1
	shift
	"$here/bench" "$@" "$here/vellum" run --device "$device" --kernel "$here/vmlinuz" \
		--initrd "$here/initrd" --memory 256M --append "console=ttyS0 -- check" \
		< /dev/null > /tmp/boot 2>&1 || { tail -n 20 /tmp/boot; return 1; }
	grep -E '^(bench|account) ' /tmp/boot
}

if [ "$1" = --account ]; then
	shift
	account "$@"
	exit
fi

failed=0
for name; do
	echo "@@ on $name"
	export VELLUM_DEV="/dev/$name"
	# shellcheck disable=SC2046 # a list of files
	"$here/bench" --modules $(files "$name") || failed=1
	for file in $(files "$name"); do
		insmod "$file"
	done
	"$here/bench" || failed=1
	[ -z "$guest" ] || boot "/dev/$name" || failed=1
	case $name in
	vellum) rmmod vellum ;;
	kvm) modprobe -r kvm_intel ;;
	esac
done
echo "@@ host $(uname -r)|$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
echo "@@ mitigations"
grep . /sys/devices/system/cpu/vulnerabilities/* | sed 's|.*/||'
echo "@@ end $failed"
exit $failed
