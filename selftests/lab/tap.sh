# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the shell tests share. They run in the lab host, under busybox, and may
# load and unload modules there. Each ends with tap_done.

SELFTESTS=$(cd "$(dirname "$0")/.." && pwd)
MODULE=/lib/vellum/vellum.ko
VELLUM_DEV=${VELLUM_DEV:-/dev/vellum}
export VELLUM_DEV

export tap_count=0 tap_failed=0
echo "TAP version 13"

# check NAME COMMAND...: ok when the command succeeds.
check() {
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count $tap_name"
	else
		echo "# failed: $*"
		echo "not ok $tap_count $tap_name"
		tap_failed=$((tap_failed + 1))
	fi
}

# skip NAME WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1 # SKIP $2"
}

note() {
	echo "# $*"
}

fails() {
	! "$@"
}

equal() {
	[ "$1" = "$2" ] && return
	echo "# wanted: $1"
	echo "# seen:   $2"
	return 1
}

contains() {
	case $1 in
	*"$2"*) return 0 ;;
	esac
	echo "# wanted: ... $2 ..."
	echo "# seen:   $1"
	return 1
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}

# The module

is_loaded() {
	[ -d /sys/module/vellum ]
}

load() {
	"$SELFTESTS/tools/insmod" "$MODULE"
}

unload() {
	rmmod vellum
}

# Lines that the module logged since mark was called; not what the kernel says
# of every module that is not its own.
mark() {
	echo "selftest: mark $$" > /dev/kmsg
}

logged() {
	dmesg | sed '1,/selftest: mark '"$$"'$/d' | sed 's/^\[ *[0-9.]*\] //' |
		grep '^vellum: ' |
		grep -v -e 'out-of-tree module taints' -e 'module verification failed' || true
}

# The CPUs: all_cpus "vmxe 0 kernel 0 vmx 0"
need_vmxstate() {
	[ -e /proc/vmxstate ] || insmod /lib/vellum/vmxstate.ko
}

all_cpus() {
	need_vmxstate || return 1
	if grep -v " $1\$" /proc/vmxstate; then
		echo "# each CPU should say: $1"
		return 1
	fi
	[ "$(wc -l < /proc/vmxstate)" = "$(grep -c '^processor' /proc/cpuinfo)" ]
}

export VMX_OFF="vmxe 0 kernel 0 vmx 0"
export VMX_ON="vmxe 1 kernel 1 vmx 1"

# hold WHAT [DEVICE]: what tools/hold makes exists from here until release.
hold() {
	hold_dir=$(mktemp -d)
	mkfifo "$hold_dir/in"
	VELLUM_DEV=${2:-$VELLUM_DEV} "$SELFTESTS/tools/hold" "$1" \
		< "$hold_dir/in" > "$hold_dir/out" 2>&1 &
	hold_pid=$!
	exec 7> "$hold_dir/in"
	while [ ! -s "$hold_dir/out" ] && kill -0 "$hold_pid" 2> /dev/null; do
		usleep 10000
	done
	if [ "$(cat "$hold_dir/out")" != held ]; then
		sed 's/^/# /' "$hold_dir/out"
		release
		return 1
	fi
}

# counted: how far the guest of "hold guest" has counted.
counted() {
	lines=$(wc -l < "$hold_dir/out")
	echo >&7
	while [ "$(wc -l < "$hold_dir/out")" = "$lines" ] && kill -0 "$hold_pid" 2> /dev/null; do
		usleep 10000
	done
	tail -n 1 "$hold_dir/out"
}

# counts_on: does it still count? Right after a suspend the clock may leap, and a sleep
# be over before anybody else has run.
counts_on() {
	earlier=$(counted)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		usleep 50000
		[ "$(counted)" -le "$earlier" ] || return 0
	done
	return 1
}

release() {
	exec 7>&-
	wait "$hold_pid"
	hold_status=$?
	rm -rf "$hold_dir"
	return "$hold_status"
}

# try_vm DEVICE: how KVM_CREATE_VM goes there, as an errno.
try_vm() {
	VELLUM_DEV=$1 "$SELFTESTS/tools/hold" try
	echo $?
}

# What the kernel itself found out about this CPU's VT-x, at boot.
cpu_has() {
	grep -m 1 '^vmx flags' /proc/cpuinfo | grep -qw "$1"
}

cpu_has_vmx() {
	grep -m 1 '^flags' /proc/cpuinfo | grep -qw vmx
}

# True when this CPU offers what Vellum requires.
cpu_is_enough() {
	cpu_has ept && cpu_has unrestricted_guest
}
