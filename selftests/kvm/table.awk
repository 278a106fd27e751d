# SPDX-License-Identifier: GPL-2.0-only
# Lines of inside.sh to a table: test, each device, reason. The file @differ names tests
# whose subject Vellum has not, "NAME REASON"; @status is that of the lab.

BEGIN {
	FS = "|"
	while ((getline line < differ) > 0)
		if (line !~ /^#/ && line != "") {
			name = line
			sub(/ .*/, "", name)
			sub(/^[^ ]* */, "", line)
			known[name] = line
		}
	count = split(devices, device, " ")
}

/^@ / {
	sub(/^@ /, "", $1)
	if ($2 == "") {
		lab = lab "# " $1 ": " $5 "\n"
		next
	}
	if (!($2 in seen))
		order[++tests] = $2
	seen[$2] = 1
	result[$2, $1] = $3
	took[$2, $1] = $4
	why[$2, $1] = $5
}

function cell(test, dev)
{
	return (test, dev) in result ? result[test, dev] " " took[test, dev] : "not run"
}

# Why Vellum's column is not "pass", or not KVM's.
function reason(test,  ours, theirs)
{
	ours = result[test, "vellum"]
	theirs = result[test, "kvm"]
	if (test in known && ours != "pass")
		return known[test]
	if (ours != "pass" && ours != "")
		return why[test, "vellum"]
	return theirs != "pass" && theirs != "" ? "KVM: " why[test, "kvm"] : ""
}

END {
	row = "%-48s"
	printf row, "test"
	for (i = 1; i <= count; i++)
		printf " %-14s", device[i]
	print " reason"
	for (t = 1; t <= tests; t++) {
		name = order[t]
		printf row, name
		for (i = 1; i <= count; i++)
			printf " %-14s", cell(name, device[i])
		print " " reason(name)
		ours = result[name, "vellum"]
		if (ours == "pass")
			passed++
		else if (ours == "skip" || name in known)
			skipped++
		else if (ours == result[name, "kvm"])
			both++
		else
			failed++
	}
	printf "%s", lab
	if (status != 0) {
		print "# the lab ended with " status
		failed++
	}
	if (both)
		print "# " both " do not pass on KVM in this lab either"
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped + both
	exit failed > 0
}
