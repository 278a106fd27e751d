#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# agent.sh [-d DEVICE] [-t SECONDS] [-p PARAMETERS] [-l] TEST...: run tests in the lab
# host, one after the other, between marks that selftests/run reads from the
# console. Tests of the folder lab/ find the module unloaded and own the machine;
# all others find it loaded, with these parameters. With -d /dev/kvm the tests run
# on KVM. With -l those that hunt for something rare hunt longer.
here=$(cd "$(dirname "$0")" && pwd)
device=/dev/vellum
limit=120
parameters=
while getopts d:t:p:l option; do
	case $option in
	d) device=$OPTARG ;;
	t) limit=$OPTARG ;;
	p) parameters=$OPTARG ;;	# of the module
	l) export VT_LONG=1 ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

COMPLAINT='WARNING: |BUG: |Oops|general protection|kernel BUG at|stall|blocked for more|'
COMPLAINT="$COMPLAINT"'UBSAN: |ODEBUG: |non-static key|kmemleak: [0-9]+ new'

complaints() {
	dmesg | grep -cE "$COMPLAINT"
}

prepare() {
	case $1 in
	lab/*)
		[ ! -d /sys/module/vellum ] || rmmod vellum ;;
	*)
		if [ "$device" = /dev/kvm ]; then
			[ -e /dev/kvm ] || modprobe kvm_intel
		elif [ ! -e "$device" ]; then
			# shellcheck disable=SC2086 # several of them
			insmod /lib/vellum/vellum.ko $parameters
		fi ;;
	esac
}

failed=0
for name; do
	before=$(complaints)
	echo "@@ begin $name"
	if ! prepare "$name"; then
		echo "# the module cannot be put where this test wants it"
		dmesg | grep vellum: | tail -n 5 | sed 's/^/# /'
		status=1
	else
		file=$here/$name
		[ -e "$file" ] || file=$file.sh
		VELLUM_DEV=$device timeout -k 5 "$limit" "$file"
		status=$?
	fi
	if [ "$(complaints)" != "$before" ]; then
		dmesg | grep -E -A 30 "$COMPLAINT" | tail -n 60 | sed 's/^/# /'
		echo "@@ complaint"
		status=1
	fi
	echo "@@ end $name $status"
	# 4 is kselftest's word for all skipped.
	case $status in
	0 | 4) ;;
	*) failed=1 ;;
	esac
done
exit $failed
