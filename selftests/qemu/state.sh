# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
# State that is saved, loaded and migrated, with guest/counter.c. Part of inside.sh.

counter="-M pc -m 8 -bios /qemu/counter.bin"

# counted NAME: the last count that it reported, in decimal.
counted_by() {
	line=$(grep -a '^tick .* good$' "/tmp/$1.serial" | tail -n 1)
	line=${line#tick }
	echo $((0x0${line%% *}))
}

beyond() {
	[ "$(counted_by "$1")" -gt "$2" ]
}

# shellcheck disable=SC2016 # of awk
number='function number(text,  i, n) {
	for (i = 1; i <= length(text); i++)
		n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return n
}'

# All counts follow one another, and the pages were what they should be. A line may be
# cut by the stop of the machine, and the last one is perhaps not finished yet; QEMU goes
# on where it was in a file that was emptied, after zeros.
in_order() {
	tr -d '\r\000' < "$1" | sed '$d' | awk "$number"'
	/^tick / {
		n = number($2)
		if ($5 != "good" || (seen && n != last + 10)) { print "#  " $0; bad = 1 }
		last = n
		seen++
	}
	END { exit bad || !seen }'
}

# photo NAME: memory and registers of the stopped machine, to be compared.
photo() {
	rm -f "/tmp/$1.memory"
	say "$1" "pmemsave 0 0x800000 \"/tmp/$1.memory\"" > /dev/null
	say "$1" "info registers" | grep '=' > "/tmp/$1.registers"
	md5sum < "/tmp/$1.memory" > "/tmp/$1.sum"
}

same() {
	[ -s "/tmp/$1.memory" ] && [ -s "/tmp/$2.memory" ] || return
	equal "$(cat "/tmp/$1.$3")" "$(cat "/tmp/$2.$3")"
}

# While it is loaded, a machine is "paused (inmigrate)".
is_paused() {
	say "$1" "info status" | grep -q 'paused$'
}

# Ticks of the PIT against the clock, to be compared with KVM's.
pace() {
	tr -d '\r\000' < "$1" | awk -v name="$2" "$number"'
	/^tick .* good$/ { n = number($2); t = number($4); if (!from) { from = n; at = t } }
	END { printf "# %s: %d ticks in %d million TSC\n", name, n - from, (t - at) / 1e6 }'
}

save_and_load() {
	cp /qemu/empty.qcow2 /tmp/disk.qcow2
	# shellcheck disable=SC2086 # a list of options
	begin one 120 "$2" $counter -drive if=none,id=vm,file=/tmp/disk.qcow2
	check "$1 $2: the guest counts" await beyond one 20 || return
	say one stop > /dev/null
	photo one
	at=$(counted_by one)
	say one "savevm here" > /tmp/answer
	check "$1 $2: savevm says nothing" fails grep -i error /tmp/answer
	cp /tmp/one.serial /tmp/saved.serial
	say one cont > /dev/null
	check "$1 $2: and goes on" await beyond one $((at + 30))
	say one stop > /dev/null
	cp /tmp/one.serial /tmp/before.serial
	for what in memory registers sum; do
		cp "/tmp/one.$what" "/tmp/saved.$what"
	done
	: > /tmp/one.serial
	say one "loadvm here" > /tmp/answer
	check "$1 $2: loadvm says nothing" fails grep -i error /tmp/answer
	photo one
	check "$1 $2: memory is what was saved" same saved one sum
	check "$1 $2: registers are what was saved" same saved one registers
	say one cont > /dev/null
	check "$1 $2: counts on" await beyond one $((at + 20))
	finish one
	cat /tmp/saved.serial /tmp/one.serial > /tmp/both.serial
	check "$1 $2: no count was lost before it was loaded" in_order /tmp/before.serial
	check "$1 $2: no count was lost between save and load" in_order /tmp/both.serial
}

migrate_to_file() {
	# shellcheck disable=SC2086 # a list of options
	begin one 120 "$2" $counter
	await beyond one 10
	say one stop > /dev/null
	photo one
	say one "migrate exec:cat>/tmp/state" > /dev/null
	finish one
	# shellcheck disable=SC2086 # a list of options
	begin two 120 "$2" $counter -S -incoming "exec:cat /tmp/state"
	await is_paused two
	photo two
	check "$1 $2: memory out of a file is equal" same one two sum
	check "$1 $2: registers out of a file are equal" same one two registers
	say two cont > /dev/null
	check "$1 $2: counts on" await beyond two $(($(counted_by one) + 20))
	cat /tmp/one.serial /tmp/two.serial > /tmp/both.serial
	check "$1 $2: no count was lost on the way to the file" in_order /tmp/both.serial
	finish two
}

migrated() {
	say one "info migrate" > /tmp/migrate
	grep -q 'Migration status: completed' /tmp/migrate
}

# While it counts; the second waits, so that both can be compared. Its monitor answers
# before it listens.
migrate_live() {
	rm -f /tmp/way
	# shellcheck disable=SC2086 # a list of options
	begin one 120 "$2" $counter
	# shellcheck disable=SC2086 # a list of options
	begin two 120 "$2" $counter -S -incoming unix:/tmp/way
	await [ -S /tmp/way ]
	await beyond one 20
	say one "migrate -d unix:/tmp/way" > /dev/null
	tap_before=$tap_failed
	check "$1 $2: migration completes" await migrated
	[ "$tap_failed" = "$tap_before" ] || show /tmp/migrate
	tr -d '\r' < /tmp/migrate | awk -v name="$1 $2" '
	/^(total time|downtime|dirty sync count|transferred ram):/ { said = said ", " $0 }
	END { print "# " name said }'
	await is_paused two
	photo one
	photo two
	check "$1 $2: memory is equal in both" same one two sum
	check "$1 $2: registers are equal in both" same one two registers
	at=$(counted_by one)
	finish one
	say two cont > /dev/null
	check "$1 $2: the second counts on" await beyond two $((at + 50))
	cat /tmp/one.serial /tmp/two.serial > /tmp/both.serial
	check "$1 $2: no count was lost between them" in_order /tmp/both.serial
	pace /tmp/both.serial "$1 $2"
	finish two
}

state() {
	for mode in on split off; do
		save_and_load "$1" "$mode"
		migrate_live "$1" "$mode"
	done
	migrate_to_file "$1" on
}
