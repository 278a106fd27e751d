#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the lab host: every way to count exits, on a guest of known ones.
# shellcheck source=selftests/lab/tap.sh
. "$(dirname "$0")/tap.sh"
cd /profile || exit 1
export PATH="/profile:$PATH"
mount -t tracefs none /sys/kernel/tracing 2> /dev/null
mount -t debugfs none /sys/kernel/debug 2> /dev/null

# places FILE: what the profile says is what the guest did, exactly.
places() {
	awk -f check.awk known.out "$1"
}

# keep FILE: for KEEP of selftests/profile/run.
keep() {
	echo "@@ file $1"
	cat "$1"
	echo "@@ end"
}

check "insmod" insmod "$MODULE"
check "the guest" sh -c 'known > known.out'

check "profile, traced" sh -c \
	'vellum profile -s known.map -r a.dat -f csv -o a.csv -- known > /dev/null'
check "places, counts and causes" places a.csv
check "from the file" sh -c 'vellum profile -s known.map -i a.dat -f csv > b.csv'
check "is the same" cmp a.csv b.csv
check "nothing lost" sh -c 'vellum profile -i a.dat | grep -qx "lost: 0 events"'
check "profile, histograms" sh -c \
	'vellum profile -H -s known.map -f csv -o h.csv -- known > /dev/null'
check "places, counts and causes of histograms" places h.csv
check "the way is said" sh -c \
	'vellum profile -H -- known | grep -q "counted in the kernel by histograms$"'
check "too small a buffer is said" sh -c \
	'vellum profile -b 8 -- known 20 | grep -q "^lost: [1-9][0-9]* events; what follows"'
check "no table is too small at that rate" sh -c \
	'vellum profile -H -- known 20 | grep -q "^lost: 0 events"'
check "of a process" sh -c 'known 40 > /dev/null & sleep 0.2
	vellum profile -p $! -t 1 | grep -q "CPUID  *[1-9][0-9]*"'
# shellcheck disable=SC2016 # for that shell
check "of a VM by its name" sh -c 'known 80 > /dev/null & sleep 0.2
	vellum profile --vm known -t 0.5 > name.txt && grep -q "CPUID  *[1-9][0-9]*" name.txt &&
	vellum profile --vm known -H -t 0.5 > name.txt && grep -q "CPUID  *[1-9][0-9]*" name.txt
	status=$?; kill $!; exit $status'
check "of no VM" sh -c '! vellum profile --vm nobody 2> name.txt &&
	grep -q "no VM is called nobody" name.txt'
# shellcheck disable=SC2016 # for that shell
check "debugfs" sh -c 'known 40 > /dev/null & sleep 0.2
	cat /sys/kernel/debug/vellum/$!-* > debugfs.txt
	kill $!; grep -qE "^exit_io_instruction +[1-9][0-9]*$" debugfs.txt'
keep debugfs.txt
# shellcheck disable=SC2016 # for that shell
check "live, a table that is written anew" sh -c 'known 80 > /dev/null & sleep 0.2
	vellum profile --vm known --live 0.2 -t 1 > live.txt
	status=$?; kill $!
	[ $status = 0 ] && [ "$(grep -c "exits in .*counted in the kernel" live.txt)" -ge 3 ] &&
		grep -q "CPUID  *[1-9][0-9]*" live.txt'
check "the command's status" sh -c 'vellum profile -- sh -c "exit 7" > name.txt 2>&1
	[ $? = 7 ]'
check "folded" sh -c 'vellum profile -s known.map -i a.dat -f folded |
	grep -qE "^known_rdmsr;MSR_READ;msr 0x1b [0-9]+$"'
check "JSON" sh -c 'vellum profile -s known.map -i a.dat -f json -o a.json &&
	grep -q "\"symbol\": \"known_out\", \"cause\": 128, \"touching\": \"port 0x80\", \"count\": 500," a.json'
check "HTML" sh -c 'vellum profile -s known.map -i a.dat -f html -o a.html &&
	tail -n 1 a.html | grep -q "</html>"'
check "more of the same" sh -c 'vellum profile -s known.map -r c.dat -- known 2 > /dev/null'
check "compared" sh -c 'vellum profile -s known.map --compare a.dat c.dat > compare.txt &&
	grep -qE "^CPUID +known_cpuid +leaf 0x0 +1000 +2000 +\+1000 " compare.txt'
vellum profile -s known.map --ticks -i a.dat > a.txt
keep a.txt
keep compare.txt
keep a.html
keep a.json
check "no instance is left behind" equal "" "$(ls /sys/kernel/tracing/instances)"

# What docs/profiling.md shows.
for polls in 100 1; do
	vellum profile -s spin.map --record spin-$polls.dat -o spin-$polls.txt -- \
		vellum run --long spin-$polls --no-irqchip --memory 16M > serial.txt 2> /dev/null
	check "the guest sends" grep -qx "\.\{40\}" serial.txt
done
check "the place that spins is named" grep -qE \
	"^IO_INSTRUCTION +wait_for_serial\+0xa +port 0x3fd +4000 " spin-100.txt
vellum profile -s spin.map --compare spin-100.dat spin-1.dat > spin-compare.txt
check "and that it was mended" grep -qE \
	"^IO_INSTRUCTION +wait_for_serial\+0xa +port 0x3fd +4000 +40 +-3960 " spin-compare.txt
keep spin-100.txt
keep spin-compare.txt

# ticks: of a CPUID exit, guest to guest.
ticks() {
	cost 2> /dev/null | sed -n 's/^# show: CPUID exit \([0-9]*\) ticks, RDMSR.*/\1/p'
}

# with EVENT FILE TEXT: ticks while the event's file holds the text.
with() {
	echo "$3" > "$events/$1/$2"
	ticks
	case $2 in
	enable) echo 0 > "$events/$1/enable" ;;
	*) echo "!$3" > "$events/$1/$2" ;;
	esac
}

# A guest dies: CPUID, and UD2 without a table to take it.
printf '\017\242\017\013' > dies
vellum run --long dies --no-irqchip --memory 16M 2> died.txt > /dev/null
keep died.txt
check "the exits that led to a death" grep -qE \
	'^ +[0-9]+  rip 0000000000[0-9a-f]{6}  CPUID leaf 0x[0-9a-f]+; resumed after [0-9.]+ us' died.txt
check "the death in words" grep -qE 'EXCEPTION_NMI #DF; .* with #DF$|then an exception, #DF, and shutdown' died.txt

events=/sys/kernel/tracing/events/vellum
off=$(ticks)
exit_on=$(with vm_exit enable 1)
exit_hist=$(with vm_exit trigger hist:keys=reason,rip,cause)
entry_hist=$(with vm_entry trigger hist:keys=reason,exit_rip,cause:vals=host)
all=$(with . enable 1)
again=$(ticks)
note "show: ticks of a CPUID exit: events off $off, vm_exit traced $exit_on," \
	"vm_exit in a histogram $exit_hist, vm_entry in a histogram $entry_hist," \
	"all events traced $all, off again $again"
check "off is free" equal "${off:-nothing}" "$again"
check "on is not" test "$off" -lt "$exit_on" -a "$exit_on" -lt "$all"

if [ -e trace-cmd ]; then
	check "trace-cmd record" sh -c \
		'trace-cmd record -q -b 16384 -e vellum -o t.dat known > /dev/null 2>&1'
	check "trace-cmd report" sh -c 'trace-cmd report -i t.dat > t.txt 2> t.err'
	check "counts" equal 1000 "$(grep -c 'vm_exit: .*CPUID' t.txt)"
	check "in words, by the plugin" equal 500 "$(grep -c \
		'vm_exit: *vm [0-9]* vcpu 0 IO_INSTRUCTION (port 0x80) at 0x100.., ring 0, 64-bit' t.txt)"
	check "profile reads it" sh -c 'vellum profile -s known.map -i t.dat -f csv > t.csv'
	check "and finds the same" places t.csv
	check "trace-cmd reads ours" equal 500 \
		"$(trace-cmd report -i a.dat 2> /dev/null | grep -c 'vm_exit: .*IO_INSTRUCTION')"
else
	skip "trace-cmd" "it is not installed"
fi
if [ -e perf ]; then
	check "perf record" sh -c "perf record -q -e 'vellum:*' -o p.dat -m 4M known > /dev/null 2> p.err"
	perf script -i p.dat > p.txt 2> /dev/null
	check "counts of perf" equal 500 "$(grep -c 'vellum:vm_exit: .*IO_INSTRUCTION' p.txt)"
else
	skip "perf" "it is not installed"
fi
if [ -e bpftrace ]; then
	# Named, as bpftrace 0.17 does not always find the types of the kernel by itself.
	export BPFTRACE_BTF=/sys/kernel/btf/vmlinux
	# 6.1 warns when its list of functions is read, with or without Vellum, and
	# bpftrace reads it for each probe; a tracepoint does not need it.
	export BPFTRACE_AVAILABLE_FUNCTIONS_TEST=/dev/null
	bpftrace -e 'tracepoint:vellum:vm_exit { @[args->reason] = count(); }' -c /profile/known \
		> b.txt 2> b.err
	check "bpftrace counts" grep -qx '@\[10\]: 1000' b.txt
	sed 's/^/# bpftrace: /' b.err
else
	skip "bpftrace" "it is not installed"
fi
check "rmmod" unload
tap_done
