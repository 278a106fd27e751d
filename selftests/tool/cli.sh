#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cli.sh VELLUM: what the tool says, and its exit status, where no hypervisor
# is needed. Each case is a line: STATUS WORDS -- ARGUMENTS.
set -eu
vellum=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo text >text
count=0
failed=0

# case STATUS WORDS ARGUMENT...
try() {
	local want=$1 words=$2 status=0
	shift 2
	"$vellum" "$@" >out 2>&1 </dev/null || status=$?
	count=$((count + 1))
	if [ "$status" != "$want" ] || ! grep -qF -- "$words" out; then
		failed=$((failed + 1))
		echo "not ok: vellum $*: status $status, expected $want and \"$words\"; said:"
		sed 's/^/  /' out
	fi
}

try 2 "usage: vellum COMMAND"
try 0 "usage: vellum COMMAND" --help
try 0 "usage: vellum run" run --help
try 0 "usage: vellum info" info --help
try 0 "usage: vellum control" control --help
try 0 "usage: vellum walk" walk --help
try 0 "usage: vellum debug" debug --help
try 0 "usage: vellum exec" exec --help
try 2 "there is no command talk" talk
try 2 "nothing to run" run
try 2 "unrecognized option" run --nonsense
try 2 "what is this?" run --kernel text more
try 2 "one of --kernel, --flat and --long" run --kernel text --flat text
try 2 "not a size" run --kernel text --memory 12X
try 2 "from 2M to 1024G" run --kernel text --memory 1M
try 2 "not a size" run --kernel text --memory 99999999999999999
try 2 "not a whole number of pages" run --kernel text --memory 3000001K
try 2 "a number from 1 to 64" run --kernel text --cpus 65
try 2 "a number from 1 to 64" run --kernel text --cpus two
try 2 "tcp:HOSTPORT:GUESTPORT" run --kernel text --forward tcp:1
try 2 "tcp:HOSTPORT:GUESTPORT" run --kernel text --forward icmp:1:2
try 2 "a number from 3 to" run --kernel text --vsock 2
try 2 "a number from 3 to" run --kernel text --vsock 3x
try 2 "one card, on one network" run --kernel text --tap a,no-vhost --net
try 2 "--memory-file, --memfd and --hugetlb: one" run --kernel text --memfd --hugetlb
try 2 "go with --kernel" run --flat text --initrd text
try 2 "need interrupts" run --flat text --no-irqchip --cpus 2
try 2 "a letter from a to z" run --kernel text --escape 7
try 2 "--wait goes with --control" run --kernel text --wait
try 2 "need interrupts" run --flat text --no-irqchip --balloon
try 2 "need interrupts" run --flat text --no-irqchip --vsock 3
try 2 "which machine? Give --socket" walk 0x1000
try 2 "which address?" walk --socket /nonexistent/vm
try 2 "which command?" control --socket /nonexistent/vm
try 1 "does vellum run --control /nonexistent/vm run?" control --socket /nonexistent/vm help
try 1 "does vellum run --control /nonexistent/vm run?" debug --socket /nonexistent/vm
try 3 "there is no such device; is the module loaded? (modprobe vellum)" \
	run --device /nonexistent/vellum --kernel text
try 3 "does not speak version 12" run --device /dev/null --kernel text
try 2 "which command?" exec --device /dev/null
try 3 "is the module loaded?" exec --device /nonexistent/vellum -- true
try 3 "is no device" exec --device text -- true
try 3 "Virtual machines cannot run" info --device /nonexistent/vellum

echo "cli: $count cases, $failed failed"
[ "$failed" = 0 ]
