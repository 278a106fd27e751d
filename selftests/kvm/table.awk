# SPDX-License-Identifier: GPL-2.0-only
# Lines of inside.sh to a table: test, each device, reason. The file @differ names tests
# whose subject Vellum has not, "NAME REASON"; @status is that of the lab. The word of a
# test is that of its own end. A column tells where it fails: "both", "here" alone, or
# "lacks": here, for want of what @differ names.

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

# In what a row differs: nothing, "both" fail, or "here" only.
function verdict(test,  ours)
{
	ours = result[test, "vellum"]
	if (ours == "pass" || ours == "skip" || ours == "")
		return "-"
	if (test in known)
		return "lacks"
	return ours == result[test, "kvm"] ? "both" : "here"
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
	printf " %-6s reason\n", "fails"
	for (t = 1; t <= tests; t++) {
		name = order[t]
		printf row, name
		for (i = 1; i <= count; i++)
			printf " %-14s", cell(name, device[i])
		printf " %-6s %s\n", verdict(name), reason(name)
		end = verdict(name)
		if (result[name, "vellum"] == "pass")
			passed++
		else if (end == "both")
			alike++
		else if (end == "here" || result[name, "vellum"] == "")
			failed++
		else
			skipped++
	}
	printf "%s", lab
	if (status != 0) {
		print "# the lab ended with " status
		failed++
	}
	printf "%d passed, %d failed, %d skipped, %d fail on both\n", passed, failed, skipped, alike
	exit failed > 0
}
