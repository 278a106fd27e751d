#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The VM-entry doctor in user space: its rules on CPUs that are made up, and the
# reader of dumps.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/unit

mkdir -p "$out"
flags=(-std=gnu11 -g -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
	-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all
	-I"$top/module" -I"$top/selftests/kmod" -I"$top/userspace/doctor/include" -include "$top/userspace/doctor/kernel.h"
	-include sys/ioctl.h)
${CC:-gcc} "${flags[@]}" -o "$out/doctor" "$top"/selftests/doctor/{unit,bases,cases,differ,dumps,emulator,random,unseen}.c \
	"$top/selftests/kmod/entrytry_base.c" "$top"/module/doctor/{caps,doctor,rules}.c \
	"$top"/userspace/doctor/{dump,kvm}.c
exec "$out/doctor" "$top"/selftests/doctor/kvm-6.{1,12}.log "$top/docs/doctor.md"
