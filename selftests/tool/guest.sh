#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh DEVICE [NAME]: in the lab host, the cases of selftests/tool/run.
device=$1
only=$2
PATH=$PATH:/root
passed=0
failed=0
skipped=0
cd /root || exit 2
case $device in
/dev/vellum) insmod /lib/vellum/vellum.ko || exit 2 ;;
*) modprobe kvm_intel || exit 2 ;;
esac

# vm OPTION...: to the file out; sets $status.
vm() {
	status=0
	vellum run --device "$device" "$@" >out 2>&1 </dev/null || status=$?
}

linux() {
	words=$1
	shift
	vm --kernel kernel --initrd initrd \
		--append "console=ttyS0 quiet cryptomgr.notests -- $words" "$@"
}

ends() {
	[ "$status" = "$1" ] || { echo "  status $status, expected $1"; return 1; }
}

says() {
	grep -q -- "$1" out || { echo "  does not say: $1"; return 1; }
}

# Nothing of a machine is left: nobody holds the device open.
gone() {
	sleep 1
	for fd in /proc/[0-9]*/fd/*; do
		case $(readlink "$fd" 2>/dev/null) in
		"$device" | anon_inode:*vm | anon_inode:*vcpu*) echo "  $fd is open"; return 1 ;;
		esac
	done
	[ "$device" != /dev/vellum ] || [ "$(cat /sys/module/vellum/refcnt)" = 0 ]
}

case_real() { vm --flat real --no-irqchip && ends 0 && says R; }
case_long() { vm --long long --no-irqchip; ends 8 && says L; }
case_triple() { vm --long triple --no-irqchip; ends 5 && says 'triple fault' && says '0f 0b'; }
case_reset() { vm --flat reset --no-irqchip; ends 4; }
case_boot() { linux off; ends 0; }
case_guest_reset() { linux reset; ends 4; }
case_two_cpus() { linux check --cpus 2; ends 0 && says 'CPUs online: 0-1'; }
case_four_cpus() { linux check --cpus 4; ends 0 && says 'CPUs online: 0-3'; }
case_small() { linux check --memory 128M; ends 0 && says 'guest: memory: 9[0-9]\{4\} kB'; }
case_above_4g() { linux check --memory 5G; ends 0 && says 'guest: memory: [45][0-9]\{6\} kB'; }
case_memory_file() {
	linux check --memory 160M --memory-file /dev/shm/ram
	ends 0 && [ "$(stat -c %s /dev/shm/ram)" = 167772160 ]
	result=$?
	rm -f /dev/shm/ram
	return $result
}

# What one machine writes, the next one reads.
case_disk() {
	linux check --disk disk.img
	ends 0 && says 'guest: disk: written' || return 1
	sum=$(sed -n 's/^guest: disk: written: \([0-9a-f]*\).*/\1/p' out)
	linux check --disk disk.img,ro
	ends 0 && says ' ro,' && says "guest: disk: kept: $sum"
}

case_random() {
	linux check --rng
	ends 0 && says 'guest: random: [0-9a-f]\{32\}'
}

# A mebibyte of lines of 16 bytes through hvc0, none lost.
case_console() {
	linux speak --console
	ends 0 && [ "$(grep -c '^0123456789abcde' out)" = 65536 ]
}

case_input() {
	status=0
	# shellcheck disable=SC2016 # for the guest's shell
	(sleep 25; echo 'echo answer $((6 * 7))'; echo exit) |
		vellum run --device "$device" --kernel kernel --initrd initrd \
		--append "console=ttyS0 quiet cryptomgr.notests -- listen" >out 2>&1 || status=$?
	ends 0 && says 'answer 42'
}

case_signal() {
	vellum run --device "$device" --kernel kernel --initrd initrd \
		--append "console=ttyS0 quiet -- idle" >out 2>&1 </dev/null &
	sleep 4
	kill $!
	status=0
	wait $! || status=$?
	ends 143 && gone
}

# On a terminal: the menu works, and the terminal is as it was.
case_terminal() {
	cat >terminal.sh <<-END
		before=\$(stty -g)
		vellum run --device $device --kernel kernel --initrd initrd \\
			--append "console=ttyS0 quiet -- idle"
		echo "status \$?"
		[ "\$before" = "\$(stty -g)" ] && echo "the terminal is as before"
	END
	(sleep 4; printf '\001d'; sleep 2; printf '\001q'; sleep 2) |
		pty sh terminal.sh >out 2>&1
	says 'status 9' && says 'the terminal is as before' && says 'cr3'
}

# kill -9 at moments spread over a boot leaves nothing behind.
case_kill() {
	for n in 1 2 3 4 5 6 7 8; do
		vellum run --device "$device" --kernel kernel --initrd initrd --cpus 2 \
			--append "console=ttyS0 quiet -- idle" >out 2>&1 </dev/null &
		usleep $((n * 300000))
		kill -9 $!
		wait $! 2>/dev/null
	done
	gone
}

for name in real long triple reset boot guest_reset two_cpus four_cpus small above_4g \
	memory_file disk random console input signal terminal kill; do
	case $name in
	*"$only"*) ;;
	*) continue ;;
	esac
	begun=$(cut -d . -f 1 /proc/uptime)
	if "case_$name" >why 2>&1; then
		result=ok
		passed=$((passed + 1))
	elif [ "$status" = 3 ]; then
		result=skip
		skipped=$((skipped + 1))
	else
		result='not ok'
		failed=$((failed + 1))
	fi
	echo "$result tool/$name ($(($(cut -d . -f 1 /proc/uptime) - begun)) s)"
	[ "$result" = ok ] || { sed 's/^/  /' why; tail -n 15 out | sed 's/^/  | /'; }
done
if [ "$device" = /dev/vellum ]; then
	rmmod vellum || failed=$((failed + 1))
fi
echo "tool: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
