# SPDX-License-Identifier: GPL-2.0-only
# check.awk KNOWN CSV: each place that the guest says it has is in the profile, with
# as many exits; pages are summed, since each has a line of its own.
BEGIN {
	FS = ","
	names[10] = "CPUID"; names[30] = "IO_INSTRUCTION"; names[48] = "EPT_VIOLATION"
	names[31] = "MSR_READ"; names[18] = "VMCALL"; names[12] = "HLT"
}
FNR == NR {
	split($0, k, " ")
	want[names[k[2]] " 0x" k[5]] = k[4]
	symbol[names[k[2]] " 0x" k[5]] = k[1]
	# An EPT violation there may be of another page than those that are counted.
	if (k[2] != 48)
		cause[names[k[2]] " 0x" k[5]] = "0x" k[3]
	next
}
FNR > 1 {
	key = $3 " " $4
	if (!(key in want))
		next
	if (key in cause && cause[key] != $6) {
		print "# " key ": wanted " cause[key] ", seen " $6
		bad = 1
	}
	if ($5 != "\"" symbol[key] "\"") {
		print "# " key ": wanted " symbol[key] ", seen " $5
		bad = 1
	}
	seen[key] += $8
	timed[key] += $9
	host[key] += $10
}
END {
	bad = bad || !length(want)
	for (key in want) {
		if (seen[key] != want[key]) {
			print "# " key ": wanted " want[key] ", seen " seen[key] + 0
			bad = 1
		}
		# The last HLT of a guest is not followed by an entry.
		if (key !~ /HLT/ && (timed[key] != want[key] || !host[key])) {
			print "# " key ": times of " timed[key] + 0
			bad = 1
		}
	}
	exit bad
}
