#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Build the module's pure files in user space, and test them there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/unit

mkdir -p "$out"
${CC:-gcc} -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-I"$here/include" -include "$here/pure.h" -o "$out/pure" "$here"/{pure,ept_pte,ept_iter,slots}.c \
	"$top/module/ept/iter.c" "$top/module/mem/slots.c"
exec "$out/pure"
