# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034 # sourced by the tests of the tool
# What they share. A test is a list of functions, check_NAME; run_checks runs them.
device=${VELLUM_DEV:-/dev/vellum}
status=0
keep_out=		# set by a test whose checks look at one machine's output
cd "$(mktemp -d)" || exit 2
ln -s /guest/* .

# vm OPTION...: to the file out; sets $status.
vm() {
	status=0
	vellum run --device "$device" "$@" >raw 2>&1 </dev/null || status=$?
	tr -d '\r' <raw >out
}

kernel_words="console=ttyS0 quiet cryptomgr.notests"

# linux WORDS OPTION...: Debian's kernel, VERSION or 6.1.
linux() {
	words=$1
	shift
	vm --kernel "vmlinuz-${VERSION:-6.1}" --initrd "initrd-${VERSION:-6.1}" \
		--append "$kernel_words -- $words" "$@"
}

ends() {
	[ "$status" = "$1" ] || { echo "status $status, expected $1"; return 1; }
}

says() {
	grep -q -- "$1" out || { echo "does not say: $1"; return 1; }
}

# exits NAME: how many, of what --stats has said; 0 when there were none.
exits() {
	count=$(sed -n "s/^ *$1 *\\([0-9]*\\)\$/\\1/p" out)
	echo "${count:-0}"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	tries=$(($1 * 5))
	shift
	while ! "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "in vain: $*"; return 1; }
		usleep 200000
	done
}

# Nothing of a machine is left: nobody holds the device, a VM or a vCPU.
gone() {
	usleep 200000
	for fd in /proc/[0-9]*/fd/*; do
		case $(readlink "$fd" 2>/dev/null) in
		"$device" | anon_inode:*vm | anon_inode:*vcpu*) echo "$fd is open"; return 1 ;;
		esac
	done
	[ "$device" != /dev/vellum ] || [ "$(cat /sys/module/vellum/refcnt)" = 0 ] ||
		{ echo "the module is in use"; return 1; }
}

# run_checks NAME...: as TAP.
run_checks() {
	echo "1..$#"
	number=0
	failures=0
	for name; do
		number=$((number + 1))
		[ -n "$keep_out" ] || : >out
		if "check_$name" >why 2>&1; then
			echo "ok $number $name"
		else
			failures=$((failures + 1))
			echo "not ok $number $name"
			sed 's/^/# /' why
			# awk ends the last line, which sed would leave open.
			tail -n 25 out | tr -d '\r' | awk '{ print "#   | " $0 }'
		fi
		[ ! -s show ] || sed 's/^/# show: /' show
		rm -f show
	done
	cd / || exit
	[ "$failures" = 0 ]
}
