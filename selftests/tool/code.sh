#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The tool with guests of a few instructions: how a machine ends and what is said
# of it, output without loss, memory of each backing, many machines, kill -9.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_real_mode() { vm --flat real --no-irqchip; ends 0 && says R; }
check_long_mode() { vm --long long --no-irqchip; ends 8 && says L; }
# 128 MiB less the first.
check_multiboot() {
	vm --kernel multiboot.elf --memory 128M --append "words for it" --no-irqchip
	ends 0 && says 'M .*words for it' && says '0001FC00'
}

check_reset() { vm --flat reset --no-irqchip; ends 4; }

check_triple_fault() {
	vm --long triple --no-irqchip
	ends 5 && says 'triple fault' && says '0f 0b' && says 'ud2'
}

# Registers, and the instruction that could not be done.
check_internal_error() {
	vm --long internal --no-irqchip
	ends 7 && says 'internal error' && says 'rbx 0000000000001234' &&
		says '0f ae 00' && says 'fxsave'
}

# A mebibyte through the serial port, each line in its place.
check_console_mebibyte() {
	status=0
	vellum run --device "$device" --long speak --no-irqchip >out 2>why.err </dev/null ||
		status=$?
	ends 0 && cmp speak.txt out
}

# Who ends the tool need not read what the guest says first.
check_nobody_reads() {
	mkfifo unread
	# Nobody reads, but there is somebody who might.
	exec 4<>unread
	vellum run --device "$device" --long speak --no-irqchip >unread 2>why.err </dev/null &
	speaker=$!
	usleep 1000000
	kill "$speaker"
	status=0
	wait "$speaker" || status=$?
	exec 4>&-
	ends 143
}

# Nor does he who asks what the guest is at; and it goes on where it was.
check_asked_unread() {
	rm -f unread
	mkfifo unread
	exec 4<>unread
	vellum run --device "$device" --long speak --no-irqchip --control vm.sock \
		>unread 2>why.err </dev/null &
	speaker=$!
	usleep 1000000
	timeout 10 vellum control --socket vm.sock registers >out || return 1
	says 'rip' && timeout 10 vellum control --socket vm.sock exits >out || return 1
	cat <unread >heard 4>&- &
	reader=$!
	exec 4>&-
	status=0
	wait "$speaker" || status=$?
	wait "$reader"
	ends 0 && cmp speak.txt heard
}

# More than the port's FIFO holds, typed at once at a terminal that is the port.
check_second_port() {
	awk 'BEGIN { for (n = 0; n < 400; n++) printf "G"; print "FG"; printf "q" }' >typed
	status=0
	pty sh -c "stty raw -echo
		echo ready
		exec timeout 60 vellum run --device $device --serial /dev/tty --long echo --no-irqchip \
			</dev/null" <typed >out || status=$?
	ends 0 && says 'H\{400\}GH'
}

check_port_refused() {
	vm --long echo --no-irqchip --serial /none/here
	ends 1 && says -- '--serial /none/here: No such file'
}

check_hugetlb() {
	echo 8 >/proc/sys/vm/nr_hugepages
	vellum run --device "$device" --long spin --no-irqchip --hugetlb --memory 16M \
		>out 2>&1 </dev/null &
	wait_for 10 grep -q S out
	free=$(sed -n 's/^HugePages_Free: *//p' /proc/meminfo)
	kill $!
	wait $!
	# Only what was touched is there: at 0, and the two pages from 2 MiB on.
	[ "$free" -lt 8 ] || { echo "$free huge pages free of 8"; return 1; }
	vm --long spin --no-irqchip --hugetlb --memory 32M
	echo 0 >/proc/sys/vm/nr_hugepages
	ends 1 && says 'nr_hugepages'
}

check_memory_file() {
	vm --long sum --no-irqchip --memory 16M --memory-file ram
	ends 0 || return 1
	[ "$(stat -c %s ram)" = 16777216 ] &&
		[ "$(dd if=ram bs=8 skip=262144 count=1 2>/dev/null | od -An -t u4 | tr -s ' ')" = \
			" 1015568748 0" ]
}

# Who may look into the process finds the guest's memory there.
check_memfd() {
	vellum run --device "$device" --long spin --no-irqchip --memory 16M --memfd \
		>out 2>&1 </dev/null &
	holder=$!
	wait_for 10 grep -q S out
	for fd in /proc/"$holder"/fd/*; do
		[ "$(readlink "$fd")" != "/memfd:guest (deleted)" ] || break
	done
	stat -L -c %s "$fd" >size
	dd if="$fd" bs=1024 skip=1024 count=1 2>/dev/null | head -c "$(wc -c <spin)" >code
	kill "$holder"
	wait "$holder"
	[ "$(cat size)" = 16777216 ] && cmp code spin
}

# Ten at once, each with memory of its own: all must come to the same sum.
check_ten_at_once() {
	vm --long sum --no-irqchip
	ends 0 || return 1
	cp out alone
	for n in 0 1 2 3 4 5 6 7 8 9; do
		vellum run --device "$device" --long sum --no-irqchip --memory 8M \
			>"many.$n" 2>&1 </dev/null &
	done
	wait
	for n in 0 1 2 3 4 5 6 7 8 9; do
		cmp alone "many.$n" || return 1
	done
	echo "ten guests side by side, 8 MiB each: all have come to $(cut -c 1-16 alone)" >show
	grep -q '^[0-9a-f]\{16\}' alone && gone
}

# At fifty moments from before the first instruction on: nothing is left.
check_kill_fifty() {
	for n in $(seq 50); do
		vellum run --device "$device" --long spin --no-irqchip >out 2>&1 </dev/null &
		usleep $(($(head -c 2 /dev/urandom | od -An -t u2) * 3))
		kill -9 $!
		wait $! 2>/dev/null
	done
	gone
}

run_checks real_mode long_mode multiboot reset triple_fault internal_error console_mebibyte \
	nobody_reads asked_unread second_port port_refused hugetlb memory_file memfd ten_at_once kill_fifty
