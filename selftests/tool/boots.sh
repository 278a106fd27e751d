#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What takes too long for every day: each kernel with 1, 2 and 4 CPUs and 128 MiB to
# 6 GiB, by its bzImage and by the PVH entry of the ELF file within.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

# each CPUS:MEMORY...: what boots once is booted so, too.
each() {
	for size; do
		once "${size%:*}" "${size#*:}"
		if ! ends 0 || ! says "Linux ${VERSION:-6.1}\\."; then
			echo "$size"
			return 1
		fi
	done
	echo "CPUs and memory: $*" >show
}

once() { linux check --cpus "$1" --memory "$2"; }
check_bzimage_6_1() { VERSION=6.1 && each 1:128M 2:512M 4:3G 1:6G 2:6G 4:128M; }
check_bzimage_6_12() { VERSION=6.12 && each 1:512M 2:3G 4:6G 1:3G 2:128M 4:512M; }

check_pvh() {
	VERSION=6.1
	once() {
		vm --kernel vmlinux-6.1 --initrd initrd-6.1 --append "$kernel_words -- check" \
			--cpus "$1" --memory "$2"
	}
	each 1:128M 2:3G
}

run_checks bzimage_6_1 bzimage_6_12 pvh
