# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # sourced by lab/run, shares its names
# pack COMMAND [ARG...]: the initramfs of one run, $work/initrd: the lab host's,
# and behind it the command, its settings and what --carry names.

# quoted WORD...: the words, so that a POSIX shell reads them back as they are.
quoted() {
	local word
	for word; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
	echo
}

# place_carried ROOT: put what --carry names where the lab host will find it.
place_carried() {
	local item source dest
	for item in "${carry[@]}"; do
		source=${item%%:*}
		dest=/root/$(basename "$source")
		[ "$item" = "$source" ] || dest=${item#*:}
		[ -e "$source" ] || usage_error "--carry $source: no such file"
		mkdir -p "${1%/}$(dirname "$dest")"
		cp -aLT "$source" "${1%/}$dest"
	done
}

pack() {
	local extra=$work/extra
	mkdir -p "$extra/lab" "$extra/root"
	quoted "$@" >"$extra/lab/command"
	cat >"$extra/lab/settings" <<-END
	DISK=$disk
	PRINTK=${LAB_PRINTK:-5}
	SIZE='$([ -z "$interactive" ] || stty size 2>/dev/null)'
	END
	place_carried "$extra"
	(cd "$extra" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$work/extra.cpio"
	cat "$BUILD/lab-$kernel/initramfs.cpio" "$work/extra.cpio" >"$work/initrd"
	rm -rf "$extra" "$work/extra.cpio"
}
