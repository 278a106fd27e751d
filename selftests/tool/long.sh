#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What takes too long for every day: Debian's kernel reset, stopped and killed, at a
# terminal, ten of it side by side; a mebibyte through the virtio console.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

check_guest_reset() { linux reset; ends 4; }

# A mebibyte of lines of 16 bytes through hvc0, none lost.
check_virtio_console() {
	linux speak --console
	ends 0 && [ "$(grep -c '^0123456789abcde' out)" = 65536 ]
}

check_signal() {
	vellum run --device "$device" --kernel vmlinuz-6.1 --initrd initrd-6.1 \
		--append "$kernel_words -- idle" >out 2>&1 </dev/null &
	usleep 4000000
	kill $!
	status=0
	wait $! || status=$?
	ends 143 && gone
}

# On a terminal: the menu works, and the terminal is as it was.
check_terminal() {
	cat >terminal.sh <<-END
		before=\$(stty -g)
		vellum run --device $device --kernel vmlinuz-6.1 --initrd initrd-6.1 \\
			--append "$kernel_words -- idle"
		echo "status \$?"
		[ "\$before" = "\$(stty -g)" ] && echo "the terminal is as before"
	END
	(sleep 4; printf '\001d'; sleep 2; printf '\001q'; sleep 2) |
		pty sh terminal.sh >out 2>&1
	says 'status 9' && says 'the terminal is as before' && says 'cr3'
}

check_kill_fifty() {
	for n in $(seq 50); do
		vellum run --device "$device" --kernel vmlinuz-6.1 --initrd initrd-6.1 --cpus 2 \
			--append "$kernel_words -- idle" >out 2>&1 </dev/null &
		usleep $(($(head -c 2 /dev/urandom | od -An -t u2) * 60))
		kill -9 $!
		wait $! 2>/dev/null
	done
	gone
}

check_ten_at_once() {
	for n in 0 1 2 3 4 5 6 7 8 9; do
		vellum run --device "$device" --kernel vmlinuz-6.1 --initrd initrd-6.1 \
			--memory 96M --append "$kernel_words -- off" >"many.$n" 2>&1 </dev/null &
		echo $! >>pids
	done
	while read -r pid; do
		wait "$pid" || { echo "one ended with $?"; return 1; }
	done <pids
	gone
}

run_checks guest_reset virtio_console signal terminal kill_fifty ten_at_once
