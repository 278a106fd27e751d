# SPDX-License-Identifier: GPL-2.0-only
# Lines "@ ..." of inside.sh to a table, machine by mode by CPUs. Its last line is
# "PASSED FAILED" of the boots on Vellum, for selftests/qemu/run.

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
}

function cell(row, device)
{
	return (row, device) in result ? result[row, device] " " ticks[row, device] : "-"
}

END {
	printf "%-8s %-6s %4s  %-14s %-13s %-13s %6s  %s\n", "machine", "mode", "CPUs", "model",
		"vellum", "kvm", "ratio", "why"
	for (i = 1; i <= rows; i++) {
		row = order[i]
		ratio = "-"
		if (result[row, "vellum"] == "boots" && result[row, "kvm"] == "boots")
			ratio = sprintf("%.2f", ticks[row, "vellum"] / ticks[row, "kvm"])
		reason = why[row, "vellum"]
		if (reason == "" && why[row, "kvm"] != "")
			reason = "KVM: " why[row, "kvm"]
		printf "%s %-13s %-13s %6s  %s\n", row, cell(row, "vellum"), cell(row, "kvm"), ratio, reason
		if (result[row, "vellum"] == "boots")
			passed++
		else if (result[row, "vellum"] != "")
			failed++
	}
	print passed + 0, failed + 0
}
