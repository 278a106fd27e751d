#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build the instruction emulator in user space and test it: each form of each
# instruction, then random ones against Zydis and against this machine's CPU.
# COUNT and SEED, from the environment, choose how many and which.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/unit

"$top/lab/deps" decoder
mkdir -p "$out"
${CC:-gcc} -std=gnu11 -g -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-no-pie -D_GNU_SOURCE -include "$here/emul/kernel.h" -o "$out/decoder" \
	"$here"/emul/*.[cS] "$top"/module/emul/{table,decode,operand,alu,exec,string,vector}.c -lZydis
exec "$out/decoder" "${COUNT:-1000000}" ${SEED:+"$SEED"}
