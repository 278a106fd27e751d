#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `vellum stat` and `vellum top` on machines that run: by name, process and number,
# in words and as JSON, one's own and those of others.
# shellcheck source=selftests/tool/vm.sh disable=SC2154
. "${0%/*}/vm.sh"
keep_out=1
mount -t debugfs none /sys/kernel/debug 2>/dev/null
# KVM's statistics have other names, and it has no numbers for vCPUs here.
reason=exit_cpuid
[ "$device" = /dev/vellum ] || reason=exits

# machine NAME OPTION...: one that has made its exits.
machine() {
	called=$1
	shift
	vellum run --device "$device" --long counted --memory 16M --name "$called" "$@" \
		>"$called.out" 2>&1 </dev/null &
	eval "$called=\$!"
	wait_for 20 grep -q S "$called.out"
}

stat() { vellum stat "$@" >out 2>&1; }

check_start() { machine first && machine second --cpus 2; }

check_by_name() {
	stat --vm first && says "^first, vm [0-9]* of process $first on $device, vCPUs: 1$" &&
		says "^  $reason  *[1-9][0-9]*$" || return 1
	[ "$(grep -c '^[a-z]' out)" = 1 ] || return 1
	[ "$device" != /dev/vellum ] || { says '^  exit_cpuid  *1000$' && says '^  pages_4k '; }
}

check_by_pid() {
	stat --pid "$second" && says "^second, .* vCPUs: 2$" || return 1
	# Two vCPUs, of which one has done it all.
	[ "$device" != /dev/vellum ] || says '^  exit_cpuid  *1000  *1000  *0$'
}

check_by_number() {
	[ "$device" = /dev/vellum ] || return 0
	which=$(sed -n 's/^second, vm \([0-9]*\) .*/\1/p' out)
	stat --vm "$which" && says '^second, '
}

check_all() { stat && says '^first, ' && says '^second, '; }

check_json() {
	stat --json || return 1
	[ "$(wc -l <out)" = 1 ] && says "\"pid\": $first, " && says '"name": "second", ' &&
		says "\"device\": \"$device\"" && says "\"$reason\": [1-9]" || return 1
	[ "$device" != /dev/vellum ] || says '"vcpus": \[{"id": 0, "stats": {.*"exit_cpuid": 1000, '
}

check_again_and_again() {
	stat --vm first --interval 0.2 --count 3 || return 1
	[ "$(grep -c '^first, ' out)" = 3 ] && says 'a second$' &&
		says "^  $reason  *[1-9][0-9]*  *[0-9][0-9]*$"
}

check_top() {
	vellum top --interval 0.5 --count 2 >out 2>&1 || return 1
	[ "$(grep -c '^machines: 2, exits a second: [0-9]*$' out)" = 2 ] &&
		[ "$(grep -c " $first .* first  *1 " out)" = 2 ] && says ' second  *2 ' &&
		says 'CPUID\|IO' || return 1
	[ "$device" != /dev/vellum ] || says '0\.[0-9]*M  CPUID [0-9]*%'
}

# A guest that sleeps all the time makes no exits, and its sleep is not over.
check_halted() {
	vellum top --vm first --interval 1 --count 2 >out 2>&1
	tail -n 1 out | grep -q ' first  *1  *[0-9]*  *\(9[0-9]\|100\)% '
}

check_nobody() {
	! stat --vm nobody && says 'no machine is called nobody' && ! stat --pid 1 &&
		says 'process 1 has no machine'
}

# The rights are those of a debugger: one's own, and root's all.
check_rights() {
	[ "$device" = /dev/vellum ] || return 0
	grep -q '^other:' /etc/passwd || echo 'other:x:1234:1234::/:/bin/sh' >>/etc/passwd
	chmod 666 "$device"
	chmod 755 .
	su other -c 'vellum stat' >out 2>&1
	says 'no machine of yours runs; root sees' || return 1
	su other -c "vellum run --long /guest/counted --memory 16M --name his </dev/null 2>&1 &
		usleep 3000000; vellum stat; kill \$!" >out 2>&1
	says 'his, vm ' && says '^  exit_cpuid  *1000$' && ! grep -q '^first' out
}

# Looking keeps nothing: machines end while they are looked at, and are gone.
check_end() {
	vellum top --interval 0.2 >out 2>&1 &
	watcher=$!
	usleep 500000
	kill "$first" "$second"
	wait "$first" "$second"
	wait_for 10 sh -c "! kill -0 $watcher" || return 1
	wait "$watcher" && says 'no machine runs' && gone
}

run_checks start by_name by_pid by_number all json again_and_again top halted nobody rights end
