#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Debian's kernels as guests of the tool, from the first line to power off.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

# What the guest wrote, made here once more.
pattern() {
	head -c 2097152 /dev/zero >expected
	for n in 0 2 3 5 7 9 11 12 14 17 22 25 28 30 31; do
		yes "block $n of the pattern" | head -c 65536 |
			dd of=expected bs=65536 seek="$n" conv=notrunc 2>/dev/null
	done
}

sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# Two CPUs, two disks, a network with both directions and a forwarded port.
check_devices() {
	cp disk vda
	head -c 2097152 /dev/zero >vdb
	mkdir -p web
	head -c 262144 /dev/urandom >web/page
	ip link set lo up
	httpd -p 127.0.0.1:8000 -h web
	# An end of input would end the other side too soon.
	sleep 200 | nc -l -p 8001 >sent &
	(wait_for 120 grep -q 'network: serves' raw
	 sleep 60 | nc 127.0.0.1 8080 >served) >/dev/null 2>&1 &
	linux "serve check" --cpus 2 --disk vda --disk vdb --net --rng \
		--forward tcp:8080:80
	killall httpd nc sleep 2>/dev/null
	cp out first
	ends 0 && says 'CPUs online: 0-1' && says 'Linux 6\.1\.'
}

check_disk() {
	cp first out
	says 'guest: disk: pattern written' && says 'guest: disk: block 19 discarded' || return 1
	pattern
	cmp expected vdb || return 1
	echo "disk: 15 blocks written out of order, one discarded: the file is what they make" >show
	e2fsck -f -n vda >out 2>&1 || { echo "e2fsck is not content"; return 1; }
}

check_network() {
	cp first out
	sum=$(sum_of web/page)
	says "guest: network: fetched 262144 bytes, $sum" && says "guest: network: sent $sum" &&
		says 'guest: network: the gateway answers' || return 1
	[ "$(sum_of sent)" = "$sum" ] || { echo "what came from the guest differs"; return 1; }
	[ "$(sum_of served)" = "$sum" ] || { echo "what was forwarded differs"; return 1; }
	echo "network: 262144 bytes fetched, sent, and served at a forwarded port, all $sum" >show
}

check_random() {
	cp first out
	sed -n 's/^guest: random: /random: /p' out >show
	says 'guest: random: [0-9a-f]\{32\}'
}

# The other kernel, the least memory; and what the first guest wrote is there.
check_kernel_6_12() {
	kept=$(sed -n 's/^guest: disk: written: \([0-9a-f]*\).*/\1/p' first)
	VERSION=6.12
	linux check --memory 128M --disk vda,ro --serial second
	grep -q '^guest: a line for the second port' second || return 1
	ends 0 && says 'Linux 6\.12\.' && says ' ro,' && says "guest: disk: kept: $kept" &&
		says 'CPUs online: 0$'
}

# An ELF kernel by its PVH entry, four CPUs, memory on both sides of the hole.
check_pvh_6g() {
	vm --kernel vmlinux-6.1 --initrd initrd-6.1 --append "$kernel_words -- check" \
		--cpus 4 --memory 6G
	ends 0 && says 'CPUs online: 0-3' && says 'guest: memory: [56][0-9]\{6\} kB'
}

run_checks devices disk network random kernel_6_12 pvh_6g
