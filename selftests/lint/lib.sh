# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the rules share. A rule prints one line for each complaint and ends with
# 0 when there was none, 1 when there was one, 2 when it could not do its work.

export found=0

complain() {
	printf '%s\n' "$*"
	found=1
}

# grep_rule WHY GREP-ARGUMENT...: each match is a complaint.
grep_rule() {
	local why=$1 line
	shift
	while IFS= read -r line; do
		complain "$line: $why"
	done < <(grep -nHE "$@")
}

# tracked PATTERN...: files in the tree, tracked or about to be.
tracked() {
	git ls-files --cached --others --exclude-standard -- "$@" 2> /dev/null | while IFS= read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}
