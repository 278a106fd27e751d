#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tracepoints: each that a guest of the other tests can set off is seen with what
# it should say, printed by ftrace with names.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"

tracing=/sys/kernel/tracing
events=$tracing/events/vellum

# record COMMAND...: what the command leaves in the trace.
record() {
	echo > $tracing/trace
	echo 1 > $events/enable
	"$@" > /dev/null 2>&1
	echo 0 > $events/enable
	cat $tracing/trace > /tmp/trace
}

seen() {
	grep -qE "$1" /tmp/trace && return
	echo "# not in the trace: $1"
	return 1
}

count() {
	grep -c "$1" /tmp/trace
}

check "insmod" load
check "the events are there" test -d $events/vm_exit
echo 8192 > $tracing/buffer_size_kb

record sh -c "$SELFTESTS/vcpu/exits; $SELFTESTS/state/stats"
check "exits by name" seen 'vm_exit: vcpu 0 reason HLT rip 0x[0-9a-f]+ '
check "ring and width" seen 'vm_exit: .* reason CPUID .* ring 0 bits 64$'
check "entries" seen 'vm_entry: vcpu 0 rip 0x[0-9a-f]+ event 0x0 error 0x0$'
check "a decision for each exit" test \
	"$(count 'vm_exit: ')" -le "$(count 'vm_exit_done: ')"
check "to user space" seen 'vm_exit_done: vcpu 0 reason IO_INSTRUCTION next user$'
check "on at once" seen 'vm_exit_done: vcpu 0 reason CPUID next resume$'
check "CPUID, with the answer" seen 'cpuid: vcpu 0 leaf 0x[0-9a-f]+ index .* edx 0x'
check "port written" seen 'pio: vcpu 0 out port 0x1234 size 4 value 0x11223344$'
check "EPT violation filled" seen 'ept_fault: vcpu 0 gpa 0x[0-9a-f]+ access (r|w|x)+ page (4K|2M)'

record "$SELFTESTS/vcpu/mmio"
check "no memory there" seen 'ept_fault: vcpu 0 gpa 0x[0-9a-f]+ access r page none slow$'
check "MMIO read" seen 'mmio: vcpu 0 read gpa 0x[0-9a-f]+ len 4 value 0x'
check "MMIO write" seen 'mmio: vcpu 0 write gpa 0x[0-9a-f]+ len 4 value 0x'

record "$SELFTESTS/vcpu/system"
check "MSRs" seen 'msr: vcpu 0 (read|write) msr 0x[0-9a-f]+ value 0x'

echo > $tracing/trace
check "a guest, untraced" "$SELFTESTS/tools/once"
check "off is off" equal 0 "$(grep -c 'vcpu 0' $tracing/trace)"
check "rmmod" unload
tap_done
