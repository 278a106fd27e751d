#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Debian's kernel as a guest, asked and told things while it runs: memory given back
# and taken again, an address walked to its host frame, a kernel function stopped at.
# All of it is one boot.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"
keep_out=1

# The guest's shell does what is typed.
type_in() { echo "$*" >&3; }

resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$machine/status"; }

given_is() {
	vellum control --socket vm.sock balloon >asked
	grep -q "given $1 KiB" asked
}

check_boot() {
	mkfifo keys
	exec 3<>keys
	vellum run --device "$device" --control vm.sock --memory 128M --balloon \
		--kernel vmlinuz-6.1 --initrd initrd-6.1 --append "$kernel_words -- touch" \
		>out 2>&1 <keys &
	machine=$!
	wait_for 120 grep -q 'guest: listens' out
}

# 32 MiB given back and taken again; the host's memory follows.
check_balloon() {
	full=$(resident)
	vellum control --socket vm.sock balloon 32M
	wait_for 30 given_is 32768 || { cat asked; return 1; }
	small=$(resident)
	vellum control --socket vm.sock balloon 0
	wait_for 30 given_is 0 || { cat asked; return 1; }
	# shellcheck disable=SC2016 # for the guest's shell
	type_in 'head -c 40000000 /dev/zero >/tmp/again; rm /tmp/again; echo touched $((1 + 1))'
	wait_for 30 grep -q 'touched 2' out
	again=$(resident)
	echo "resident $full KiB, with 32 MiB in the balloon $small KiB, after it $again KiB" >show
	[ $((full - small)) -gt 28000 ] && [ $((again - small)) -gt 20000 ]
}

# Of a function that each program calls when it starts, and that stands early in a
# list that takes long to make.
kernel_address() {
	type_in "grep -m 1 ' __x64_sys_arch_prctl\$' /proc/kallsyms"
	wait_for 60 grep -q '[0-9a-f] T __x64_sys_arch_prctl' out || return 1
	address=$(tr -d '\r' <out | sed -n 's/.*\([0-9a-f]\{16\}\) T __x64_sys_arch_prctl$/\1/p')
	[ "${#address}" = 16 ]
}

check_walk() {
	kernel_address || return 1
	# The host may have moved the page since: it is mapped again when it is used.
	# shellcheck disable=SC2016 # for the guest's shell
	type_in '/bin/busybox true; echo used $((1 + 1))'
	wait_for 30 grep -q 'used 2' out || return 1
	vellum walk --socket vm.sock "0x$address" >walked
	cat walked
	grep -q 'PML4E \[511\].*= ' walked && grep -q 'PDE .*supervisor' walked || return 1
	grep -q 'guest-physical' walked || return 1
	if [ "$device" = /dev/vellum ]; then
		grep -q 'level 4 \[  0\].*read write execute' walked &&
			grep -q 'page table name the same frame' walked || return 1
	else
		grep -q 'EPT: /dev/kvm does not tell' walked || return 1
	fi
	sed 's/^/walk: /' walked >show
	vellum walk --socket vm.sock 0xdead00000000 >walked
	grep -q 'not present: a page fault' walked
}

check_gdb() {
	cat >script <<-END
		target remote vm.sock
		break *0x$address
		shell (usleep 500000; echo '/bin/busybox true; echo went on' >keys) &
		continue
		printf "stopped at %lx\n", \$rip
		info threads
		stepi
		printf "one further: %d\n", \$rip > 0x$address
		x/2i \$rip
		delete
		detach
	END
	timeout 100 gdb -nx -batch -ex 'set pagination off' -x script >gdb.out 2>&1 </dev/null
	cat gdb.out
	grep -q "stopped at $address" gdb.out && grep -q 'one further: 1' gdb.out &&
		grep -q 'vCPU 0, runnable' gdb.out && wait_for 30 grep -q 'went on' out
}

check_end() {
	type_in exit
	(usleep 20000000; kill "$machine") >/dev/null 2>&1 &
	status=0
	wait "$machine" || status=$?
	exec 3>&-
	ends 0 && gone
}

run_checks boot balloon walk gdb end
