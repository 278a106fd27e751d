#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The parts of module/x86 that need no kernel, built and tested here: the walk of
# a guest's page tables over made-up memory, and how exceptions merge.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/selftests/unit
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

${CC:-cc} -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=undefined \
	-fno-sanitize-recover=all -I"$here/include" -include "$here/pure.h" \
	"$here/test_x86.c" "$here/test_pgwalk.c" "$here/test_exception.c" \
	"$top/module/x86/pgwalk.c" "$top/module/x86/exception.c" -o "$out/test"
"$out/test"
