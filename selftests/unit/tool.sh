#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The parts of the vellum tool that need no hypervisor, built and run here under
# the address and undefined-behaviour sanitizers: its loaders, its virtio
# devices against hostile drivers, its debugger's stub, its command line.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/selftests/tool
run=$top/userspace/run
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

build() {
	local name=$1
	shift
	${CC:-cc} -std=gnu11 -O1 -g -Wall -Wextra -Wno-missing-field-initializers -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all -pthread \
		"$here/$name.c" "$here/test.c" "$@" -o "$out/$name"
}

build loaders "$run"/{image,linux,elf,pvh,multiboot,ram}.c
build rings "$run"/{virtio,virtio_mmio,virtio_blk,virtio_rng,virtio_console,virtio_balloon,virtio_net,vring,ram,bus}.c \
	"$top"/userspace/lib/{vm,device}.c
build packets "$run"/{gdb,gdb_packet,gdb_regs,gdb_mem,ram}.c
make -s -C "$top/userspace" SANITIZE=1 OUT="$out/tool"

failed=0
number=0
# part NAME COMMAND...: one test of the plan; what it prints says how many cases.
part() {
	local name=$1 verdict=ok
	shift
	"$@" || { verdict="not ok"; failed=1; }
	number=$((number + 1))
	echo "$verdict $number $name"
}

echo "1..4"
part loaders "$out/loaders"
part rings "$out/rings"
part packets "$out/packets"
part "command line" bash "$here/cli.sh" "$out/tool/vellum"
exit "$failed"
