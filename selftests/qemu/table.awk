# SPDX-License-Identifier: GPL-2.0-only
# What inside.sh says: lines "@ ..." become a table, machine by mode by CPUs; checks and
# boots are counted, those of Vellum, or of KVM when nothing else ran. The last line is
# for selftests/qemu/run: "CHECKS PASSED FAILED SKIPPED APART", all checks that were
# made, what was counted, and what fails on KVM and not here.

BEGIN { FS = "|" }

/^@ / {
	sub(/^@ /, "", $1)
	row = sprintf("%-8s %-6s %4s  %-14s", $2, $3, $4, $5)
	if (!(row in seen))
		order[++rows] = row
	seen[row] = 1
	result[row, $1] = $6
	ticks[row, $1] = $7
	why[row, $1] = $8
	note(row, $1, $6 == "boots" ? "passed" : "failed")
}

# "ok N DEVICE MODE: WHAT", or "DEVICE: WHAT".
/^(not )?ok / {
	checks++
	state = /^not / ? "failed" : / # SKIP / ? "skipped" : "passed"
	sub(/^(not )?ok [0-9]+ /, "")
	device = $0
	sub(/[: ].*/, "", device)
	note(substr($0, length(device) + 1), device, state)
}

# Two checks of a device may have the same words: they are told apart by their order.
function note(subject, device, state)
{
	nth[subject, device]++
	subject = subject SUBSEP nth[subject, device]
	if (!(subject in met))
		subjects[++all] = subject
	met[subject] = 1
	devices[device] = 1
	end[subject, device] = state
}

function cell(row, device)
{
	return (row, device) in result ? result[row, device] " " ticks[row, device] : "-"
}

function reason(row)
{
	if (why[row, "vellum"] != "")
		return why[row, "vellum"]
	return why[row, "kvm"] == "" ? "" : "KVM: " why[row, "kvm"]
}

function table(  i, row, ratio)
{
	if (!rows)
		return
	printf "%-8s %-6s %4s  %-14s %-13s %-13s %6s  %s\n", "machine", "mode", "CPUs", "model",
		"vellum", "kvm", "ratio", "why"
	for (i = 1; i <= rows; i++) {
		row = order[i]
		ratio = "-"
		if (result[row, "vellum"] == "boots" && result[row, "kvm"] == "boots")
			ratio = sprintf("%.2f", ticks[row, "vellum"] / ticks[row, "kvm"])
		printf "%s %-13s %-13s %6s  %s\n", row, cell(row, "vellum"), cell(row, "kvm"),
			ratio, reason(row)
	}
}

function words(subject)
{
	sub(SUBSEP ".*", "", subject)
	gsub(/ +/, " ", subject)
	sub(/^:? /, "", subject)
	return subject
}

END {
	table()
	ours = "vellum" in devices ? "vellum" : "kvm"
	for (i = 1; i <= all; i++) {
		count[end[subjects[i], ours]]++
		if (ours == "vellum" && end[subjects[i], "kvm"] == "failed" &&
		    end[subjects[i], ours] ~ /passed|skipped/) {
			print "# fails on KVM alone: " words(subjects[i])
			apart++
		}
	}
	print checks + 0, count["passed"] + 0, count["failed"] + 0, count["skipped"] + 0, apart + 0
}
