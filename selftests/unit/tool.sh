#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The parts of the vellum tool that need no hypervisor, built and run here under
# the address and undefined-behaviour sanitizers: its loaders, its virtio
# devices against hostile drivers, its debugger's stub, its command line.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/selftests/tool
user=$top/userspace
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

build() {
	local name=$1
	shift
	${CC:-cc} -std=gnu11 -O1 -g -Wall -Wextra -Wno-missing-field-initializers -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all -pthread \
		"$here/$name.c" "$here/test.c" "$@" -o "$out/$name"
}

build loaders "$user"/boot/{image,flat,kernel,linux,elf,pvh,multiboot}.c "$user"/run/ram.c
build rings "$user"/virtio/{virtio,mmio,blk,rng,console,balloon,net,vhost,vsock,vring}.c \
	"$user"/{run/ram,run/thread,device/bus}.c \
	"$top"/userspace/lib/{vm,device}.c
build packets "$user"/gdb/{gdb,packet,regs,mem,text}.c "$user"/run/ram.c
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
