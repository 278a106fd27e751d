# SPDX-License-Identifier: GPL-2.0-only
# The record anew: the names that it has, with what the log says of them.
BEGIN {
	FS = "|"
}

FNR == NR {
	if (/^#/)
		print
	else
		wanted[++names] = $1 "|" $2
	next
}

/^@@ on / {
	split($0, word, " ")
	device = word[3]
}

/^bench / && device == "vellum" {
	value[substr($1, 7) "|" $2] = $5
}

END {
	for (i = 1; i <= names; i++)
		print wanted[i] "|" value[wanted[i]]
}
