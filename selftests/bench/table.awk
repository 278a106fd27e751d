# SPDX-License-Identifier: GPL-2.0-only
# The table and the JSON of selftests/bench/run, of the logs of its two boots:
# the first without mitigations, the second with those of the host. Of the caller: tick,
# what one is; cpu; json, the file.
BEGIN {
	FS = "|"
}

FNR == 1 {
	boot++
	section = ""
}

/^@@ / {
	split($0, word, " ")
	section = word[2]
	if (section == "on")
		device = word[3]
	if (section == "host") {
		release = word[3]
		sub(/\|.*/, "", release)
		model = $2
	}
}

section == "mitigations" && /:/ && boot == 2 {
	if (/Mitigation/)
		applied = applied (applied ? ", " : "") substr($0, 1, index($0, ":") - 1)
}

/^bench / {
	group = substr($1, 7)
	key = group "|" $2
	if (!(key in unit)) {
		if (!(group in size))
			groups[++sections] = group
		member[group, ++size[group]] = key
		unit[key] = $3
		goal[key] = $4
	}
	value[boot, device, key] = $5
}

function ratio(boot, key,    kvm, vellum) {
	if (!((boot, "kvm", key) in value) || !((boot, "vellum", key) in value))
		return "-"
	kvm = value[boot, "kvm", key]
	vellum = value[boot, "vellum", key]
	return kvm + 0 ? sprintf("%.2f", vellum / kvm) : "-"
}

function figure(boot, device, key) {
	return (boot, device, key) in value ? value[boot, device, key] : "-"
}

function verdict(key,    r) {
	r = ratio(1, key)
	if (r == "-" || !goal[key])
		return ""
	# A difference of a tick or two is none.
	if (value[1, "vellum", key] <= value[1, "kvm", key] * goal[key] / 100 + 2) {
		reached++
		return "yes"
	}
	missed++
	return "no"
}

function json_row(key, last,    part, boot) {
	split(key, part, "|")
	printf "    {\"group\": \"%s\", \"name\": \"%s\", \"unit\": \"%s\", \"goal\": %s",
		part[1], part[2], unit[key],
		goal[key] ? sprintf("%.2f", goal[key] / 100) : "null" > json
	for (boot = 1; boot <= 2; boot++)
		printf ", \"mitigations_%s\": {\"kvm\": %s, \"vellum\": %s}",
			boot == 1 ? "off" : "on", json_number(boot, "kvm", key),
			json_number(boot, "vellum", key) > json
	printf "}%s\n", last ? "" : "," > json
}

function json_number(boot, device, key) {
	return (boot, device, key) in value ? value[boot, device, key] : "null"
}

function row(key,    part) {
	split(key, part, "|")
	printf "  %-40s %-5s | %10s %10s %6s %5s %-3s | %10s %10s %6s\n", part[2], unit[key],
		figure(1, "vellum", key), figure(1, "kvm", key), ratio(1, key),
		goal[key] ? sprintf("%.2f", goal[key] / 100) : "", verdict(key),
		figure(2, "vellum", key), figure(2, "kvm", key), ratio(2, key)
}

END {
	printf "Linux %s, %s (%s)\nticks are %s; goals are ratios, mitigations off\n",
		release, cpu, model, tick
	printf "with mitigations: %s\n\n", applied ? applied : "none"
	printf "%-42s %-5s | %10s %10s %6s %5s %-3s | %10s %10s %6s\n", "", "", "Vellum", "KVM",
		"ratio", "goal", "", "Vellum", "KVM", "ratio"
	for (g = 1; g <= sections; g++) {
		group = groups[g]
		print group
		for (i = 1; i <= size[group]; i++) {
			key = order[++rows] = member[group, i]
			row(key)
		}
	}
	printf "\n%d goals reached, %d not\n", reached, missed
	printf "{\n  \"kernel\": \"%s\", \"cpu\": \"%s\", \"model\": \"%s\",\n", release, cpu,
		model > json
	printf "  \"tick\": \"%s\", \"mitigations\": \"%s\",\n  \"rows\": [\n", tick, applied > json
	for (i = 1; i <= rows; i++)
		json_row(order[i], i == rows)
	print "  ]\n}" > json
}
