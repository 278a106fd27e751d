#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# gdb on guests, over the control socket.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

# start OPTION...: a machine in the background, with a control socket.
start() {
	rm -f vm.sock
	vellum run --device "$device" --control vm.sock "$@" >raw 2>&1 </dev/null &
	machine=$!
	wait_for 20 test -S vm.sock
}

# A debugger that nothing answers would wait for ever.
gdb_batch() {
	timeout 60 gdb -nx -batch -ex 'set pagination off' -ex 'set confirm off' -x script "$@" \
		>out 2>&1 </dev/null
}

end_machine() {
	vellum control --socket vm.sock quit
	status=0
	wait "$machine" || status=$?
	ends 9
}

# Breakpoints, steps, memory, registers of both CPUs.
check_session() {
	start --long debug --cpus 2 --wait
	cat >script <<-END
		target remote vm.sock
		printf "begins at %lx\n", \$rip
		break *&work
		continue
		printf "at work: %d\n", \$rip == (long)&work
		continue
		printf "counted %ld\n", *(long *)&counter
		stepi
		printf "counted %ld, one further: %d\n", *(long *)&counter, \$rip > (long)&work
		stepi
		printf "rax %ld\n", \$rax
		set var *(long *)&counter = 41
		set \$rbx = 0x1122334455667788
		printf "rbx %lx\n", \$rbx
		set \$xmm3.v2_int64[1] = 77
		printf "xmm3 %ld\n", \$xmm3.v2_int64[1]
		printf "cr3 %lx\n", \$cr3
		delete
		hbreak *&worked
		continue
		printf "worked: %d rax %ld rbx %lx\n", \$rip == (long)&worked, \$rax, \$rbx
		delete
		watch *(long *)&counter
		continue
		printf "watched %ld\n", *(long *)&counter
		delete
		info threads
		thread 2
		printf "second cs %x\n", \$cs
		set \$before = *(int *)0x1000c
		thread 1
		tbreak *&worked
		continue
		monitor walk 0x100000
		monitor nonsense
		detach
	END
	gdb_batch debug.elf
	says 'begins at 100000' && says 'at work: 1' && says 'counted 1$' &&
		says 'counted 2, one further: 1' && says 'rax 2' &&
		says 'rbx 1122334455667788' && says 'xmm3 77' && says 'cr3 9000' &&
		says 'worked: 1 rax 42 rbx 1122334455667788' && says 'watched 43' &&
		says 'Thread 1.*vCPU 0' && says 'Thread 2.*vCPU 1' &&
		says 'second cs 1000' && says 'nonsense: not a command'
	result=$?
	# Nothing of the debugger is left: the guest goes on.
	vellum control --socket vm.sock registers 0 | grep -q 'rbx 1122334455667788' || result=1
	end_machine && return $result
}

# An INT3 of the guest's own goes to the guest, also while breakpoints are in.
check_own_int3() {
	start --long debug --cpus 2 --wait
	cat >script <<-END
		target remote | vellum debug --socket vm.sock
		break *&handler
		continue
		printf "in the handler: %d, caught %ld\n", \$rip == (long)&handler, *(long *)&caught
		continue
		printf "in the handler: %d, caught %ld\n", \$rip == (long)&handler, *(long *)&caught
		printf "comes from behind it: %d\n", *(long *)\$rsp == (long)&after_own
		detach
	END
	gdb_batch debug.elf
	says 'in the handler: 1, caught 0' && says 'in the handler: 1, caught 1' &&
		says 'comes from behind it: 1'
	result=$?
	end_machine && return $result
}

# Ctrl-C stops both CPUs wherever they are; the second one counts on its own.
check_interrupt() {
	start --long debug --cpus 2
	cat >script <<-END
		target remote vm.sock
		set \$first = *(int *)0x10010
		shell (usleep 1500000; kill -INT \$(pidof gdb)) &
		continue
		printf "stopped between: %d\n", \$rip >= (long)&loop && \$rip <= (long)&handler + 16
		x/2gx 0x10000
		kill
	END
	gdb_batch debug.elf
	says 'SIGINT' && says 'stopped between: 1'
	result=$?
	status=0
	wait "$machine" || status=$?
	ends 9 && return $result
}

# A guest that powers off under the debugger: it is told.
check_end() {
	start --flat real --no-irqchip --wait
	cat >script <<-END
		target remote vm.sock
		continue
	END
	gdb_batch
	status=0
	wait "$machine" || status=$?
	ends 0 && says 'exited normally'
}

# A state that the CPU refuses, by the debugger: the exit status, and the report.
check_refused_entry() {
	start --long debug --cpus 2 --wait
	cat >script <<-END
		target remote vm.sock
		set \$fs_base = 0x8000000000000000
		printf "fs_base %lx\n", \$fs_base
		continue
	END
	gdb_batch debug.elf
	says 'exited with code 06'
	result=$?
	status=0
	wait "$machine" || status=$?
	cp raw out
	ends 6 && says 'the CPU refuses to enter the guest, reason 0x80000021 (invalid guest state)' &&
		says 'rip 0000000000100000' || return 1
	[ "$device" != /dev/vellum ] || says 'guest FS base' || return 1
	return $result
}

run_checks session own_int3 interrupt end refused_entry
