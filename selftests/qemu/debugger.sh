# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
# QEMU's gdb stub, with guest/counter.c. Part of inside.sh.

# gdb_says EXPECTED: a line that begins so is in what it printed.
gdb_says() {
	grep -q "^$1" /tmp/gdb.out && return
	echo "# wanted: $1"
	return 1
}

# The addresses of the program's functions are in /qemu/counter.symbols.
at() {
	sed -n "s/^0*\([0-9a-f]*\) . $1\$/0x\1/p" /qemu/counter.symbols
}

stepped() {
	tap_before=$tap_failed
	# shellcheck disable=SC2086 # a list of options
	begin one 60 "$2" $counter -S -gdb unix:/tmp/gdb,server=on,wait=off
	await [ -S /tmp/gdb ]
	sed "s/@COUNTED/$(at counted)/g; s/@TICKS/$(at ticks)/g; s/@TICK/$(at tick)/g" \
		/qemu/gdb.script > /tmp/gdb.script
	timeout -s KILL 20 gdb -nx -batch -x /tmp/gdb.script > /tmp/gdb.out 2>&1
	check "$1 $2: starts at the reset vector" gdb_says "reset fff0 f000"
	check "$1 $2: a hardware breakpoint" gdb_says "hardware 1"
	check "$1 $2: a single step leaves it" gdb_says "step 1"
	check "$1 $2: eight single steps, forward" gdb_says "steps 8"
	check "$1 $2: a software breakpoint" gdb_says "software 1"
	check "$1 $2: and once more, a tick later" gdb_says "again 1 1"
	check "$1 $2: a watchpoint, when the count is written" gdb_says "watch 1"
	check "$1 $2: registers and memory can be written" gdb_says "written 4660 22136"
	[ "$tap_failed" = "$tap_before" ] || show /tmp/gdb.out
	at=$(counted_by one)
	check "$1 $2: without it, counts on" await beyond one $((at + 20))
	check "$1 $2: undisturbed" in_order /tmp/one.serial
	finish one
}

debugger() {
	stepped "$1" on
}
