#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# inside.sh DEVICE...: what selftests/kvm/run does in the lab host. For each test a
# line: @ DEVICE|TEST|RESULT|SECONDS|WHAT IT SAID, seconds of the lab's clock.
cd "$(dirname "$0")" || exit
MODULE=/lib/vellum/vellum.ko

arrive() {
	rm -f /dev/kvm
	case $1 in
	vellum) [ -d /sys/module/vellum ] || insmod $MODULE ;;
	kvm)
		[ ! -d /sys/module/vellum ] || rmmod vellum
		modprobe kvm_intel && [ -c /dev/kvm ] ;;
	esac
}

leave() {
	case $1 in
	vellum) rmmod vellum ;;
	kvm) modprobe -r kvm_intel ;;
	esac
}

now() {
	cut -d ' ' -f 1 /proc/uptime | tr -d .
}

# word_of STATUS: a test's result; 4 is "skip" of kselftest.
word_of() {
	case $1 in
	0) echo pass ;;
	4) echo skip ;;
	124 | 137 | 143) echo timeout ;;
	*) echo fail ;;
	esac
}

# What a test says of itself, in one line.
said() {
	tr -d '\r|' </tmp/out | awk '
	/==== Test Assertion Failure/ { getline; sub(/^ +/, ""); found = $0; last = "" ; on = 1; next }
	on && /^  [^ ]/ && !/pid=/ { last = $0; sub(/^ +/, "", last) }
	/[Ss][Kk][Ii][Pp]/ && !skip { skip = $0 }
	{ line = $0 }
	END {
		if (found) print found (last ? ": " last : "")
		else if (skip) print skip
		else print line
	}' | cut -c 1-200
}

# Its own session, so that a test's children end with it.
run() {
	device=$1 limit=$2 name=$3
	shift 3
	wrap=
	[ "$device" != vellum ] || wrap="vellum exec --"
	start=$(now)
	# shellcheck disable=SC2086 # a command with its arguments
	timeout -s KILL "$limit" setsid $wrap "./bin/$name" "$@" >/tmp/out 2>&1 </dev/null
	status=$?
	took=$(($(now) - start))
	word=$(word_of $status)
	why=
	case $word in
	pass) ;;
	timeout) why="not done after $limit s" ;;
	*) why=$(said) ;;
	esac
	echo "@ $device|$name|$word|$((took / 100)).$((took / 10 % 10))|$why"
	for pid in $(pidof "${name##*/}"); do
		kill -KILL "$pid"
	done
}

for device; do
	if ! arrive "$device"; then
		echo "@ $device||fail||the module does not load"
		continue
	fi
	while read -r name limit arguments; do
		# shellcheck disable=SC2086 # a list of them
		run "$device" "$limit" "$name" $arguments </dev/null
	done <plan
	leave "$device" || echo "@ $device||fail||the module cannot be unloaded"
done
