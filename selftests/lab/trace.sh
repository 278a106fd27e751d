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
check "exits by name" seen 'vm_exit: vm [0-9]+ vcpu 0 reason HLT rip 0x[0-9a-f]+ '
check "ring and width" seen 'vm_exit: .* reason CPUID .* ring 0 bits 64$'
check "entries" seen 'vm_entry: vm [0-9]+ vcpu 0 rip 0x[0-9a-f]+ event 0x0 error 0x0 '
check "a decision for each exit" test \
	"$(count 'vm_exit: ')" -le "$(count 'vm_exit_done: ')"
check "what an entry follows" seen \
	'vm_entry: .* after CPUID cause 0x0 rip 0x[0-9a-f]+ by fast host [1-9][0-9]{1,5}$'
check "a first entry follows nothing" seen 'vm_entry: .* by none host 0$'
check "user space has answered" seen 'vm_entry: .* after IO_INSTRUCTION cause 0x1234 .* by user '
check "to user space" seen 'vm_exit_done: vm [0-9]+ vcpu 0 reason IO_INSTRUCTION next user$'
check "on at once" seen 'vm_exit_done: vm [0-9]+ vcpu 0 reason CPUID next resume$'
check "CPUID, with the answer" seen 'cpuid: vm [0-9]+ vcpu 0 leaf 0x[0-9a-f]+ index .* edx 0x'
check "port written" seen 'pio: vm [0-9]+ vcpu 0 out port 0x1234 size 4 value 0x11223344$'
check "EPT violation filled" seen 'ept_fault: vm [0-9]+ vcpu 0 gpa 0x[0-9a-f]+ access (r|w|x)+ page (4K|2M) fast ticks [1-9][0-9]*$'

record "$SELFTESTS/vcpu/mmio"
check "no memory there" seen 'ept_fault: vm [0-9]+ vcpu 0 gpa 0x[0-9a-f]+ access r page none slow ticks [1-9]'
check "MMIO read" seen 'mmio: vm [0-9]+ vcpu 0 read gpa 0x[0-9a-f]+ len 4 value 0x'
check "MMIO write" seen 'mmio: vm [0-9]+ vcpu 0 write gpa 0x[0-9a-f]+ len 4 value 0x'

record "$SELFTESTS/vcpu/system"
check "MSRs" seen 'msr: vm [0-9]+ vcpu 0 (read|write) msr 0x[0-9a-f]+ value 0x'

check "control registers" seen 'cr: vm [0-9]+ vcpu 0 to cr[034] value 0x[0-9a-f]+'

record "$SELFTESTS/vcpu/insns"
check "hypercall" seen 'hypercall: vm [0-9]+ vcpu 0 number [0-9]+ arguments 0x.* result -1000$'

record "$SELFTESTS/irq/lapic_timer"
check "timer set" seen 'timer_set: vm [0-9]+ vcpu 0 in [1-9][0-9]* ns period [0-9]+ ns$'
check "timer fires" seen 'timer_fire: vm [0-9]+ vcpu 0 late -?[0-9]+ ns$'
check "interrupt reaches the APIC" seen 'irq_deliver: vm [0-9]+ vcpu 0 vector 0x[0-9a-f]+ edge$'
check "and the guest" seen 'inject: vm [0-9]+ vcpu 0 interrupt vector 0x[0-9a-f]+ error 0x0$'
check "EOI" seen 'irq_eoi: vm [0-9]+ vcpu 0 vector 0x[0-9a-f]+$'
check "halted" seen 'halt: vm [0-9]+ vcpu 0 (slept|polled) [1-9][0-9]* ns$'

record "$SELFTESTS/irq/routing"
check "line set" seen 'irq_set: vm [0-9]+ gsi [0-9]+ level [01] source [0-9]+ result -?[0-9]+$'
check "message" seen 'msi: vm [0-9]+ address 0xfee[0-9a-f]+ data 0x.* mode fixed result [01]$'

record "$SELFTESTS/memory/changes"
check "invalidation" seen 'ept_invalidate: vm [0-9]+ gpa 0x[0-9a-f]+ to 0x[0-9a-f]+$'
check "VM made" seen 'vm_create: vm [0-9]+ of process [0-9]+$'
check "VM gone" seen 'vm_destroy: vm [0-9]+ of process [0-9]+$'
check "vCPU made" seen 'vcpu_create: vm [0-9]+ vcpu 0 index 0$'
check "vCPU gone" seen 'vcpu_destroy: vm [0-9]+ vcpu 0 after [1-9][0-9]* exits$'
check "vCPU comes to a CPU" seen 'vcpu_load: vm [0-9]+ vcpu 0 from cpu -1 to cpu [0-9]+$'

echo > $tracing/trace
check "a guest, untraced" "$SELFTESTS/tools/once"
check "off is off" equal 0 "$(grep -c 'vcpu 0' $tracing/trace)"
check "rmmod" unload
tap_done
