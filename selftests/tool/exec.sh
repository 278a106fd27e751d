#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# "vellum exec": /dev/kvm is the hypervisor's node for a command, whoever starts it,
# and for nobody else.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

number_of() { stat -c %t:%T "$1"; }
node=$(number_of "$device")
other=1:3	# of /dev/null
KVM_GROUP=104

# The lab's files are root's alone as they come.
chmod 755 / /usr /usr/bin .

no_kvm() { rm -f /dev/kvm; }
some_kvm() { no_kvm && mknod /dev/kvm c 1 3; }
user() { /usr/bin/setpriv --reuid 1000 --regid 1000 --groups "${1:-1000}" --inh-caps=-all sh -c "$2"; }

equal() {
	[ "$1" = "$2" ] || { echo "wanted $1, seen $2"; return 1; }
}

inside() {
	vellum exec --device "$device" -- "$@"
}

check_over_another_node() {
	some_kvm
	equal "$node" "$(inside stat -c %t:%T /dev/kvm)" && equal "$other" "$(number_of /dev/kvm)"
}

# A /dev of its own, with all that was in the old one.
check_without_a_node() {
	no_kvm
	equal "$node" "$(inside stat -c %t:%T /dev/kvm)" && ! [ -e /dev/kvm ] || return 1
	ls -a /dev >before
	inside ls -a /dev | grep -vx kvm >after
	cmp before after || return 1
	# By a name, and through a link to a file of the process.
	echo word | inside sh -c 'tee /dev/null </dev/fd/0' >out
	says word && equal "$(ls /dev/pts)" "$(inside ls /dev/pts)"
}

# KVM's clients in it get what they ask for.
check_client() {
	no_kvm
	inside vellum info --device /dev/kvm >out 2>&1 && says 'machines can run on /dev/kvm' || return 1
	inside vellum run --device /dev/kvm --flat real --no-irqchip >out 2>&1 </dev/null && says R
}

check_what_it_starts() {
	some_kvm
	inside sh -c 'sh -c "stat -c %t:%T /dev/kvm"; exit 7' >out
	ends_with=$?
	equal 7 $ends_with && says "$node"
}

# Its rights are the caller's: the node's group, as a supplementary one.
check_user() {
	chgrp $KVM_GROUP "$device"
	chmod 660 "$device"
	for prepare in no_kvm some_kvm; do
		$prepare
		user $KVM_GROUP "vellum exec --device $device -- vellum info --device /dev/kvm" >out 2>&1 &&
			says 'machines can run on /dev/kvm' || return 1
		equal 1000 "$(user $KVM_GROUP "vellum exec --device $device -- id -u")" || return 1
	done
}

check_user_without_the_right() {
	chmod 600 "$device"
	user 1000 "vellum exec --device $device -- true" >out 2>&1
	equal 3 $? && says 'Permission denied; its group may'
}

check_no_user_namespaces() {
	chmod 666 "$device"
	old=$(cat /proc/sys/user/max_user_namespaces)
	echo 0 >/proc/sys/user/max_user_namespaces
	user 1000 "vellum exec --device $device -- true" >out 2>&1
	ended=$?
	echo "$old" >/proc/sys/user/max_user_namespaces
	chmod 660 "$device"
	equal 1 $ended && says 'no user namespace'
}

check_not_started() {
	some_kvm
	inside /nonexistent/command >out 2>&1
	equal 127 $? || return 1
	inside /tmp >>out 2>&1
	equal 126 $?
}

check_no_mount_is_left() {
	no_kvm
	equal 0 "$(grep -c -e /dev/kvm -e '^vellum' /proc/mounts)"
}

run_checks over_another_node without_a_node client what_it_starts user \
	user_without_the_right no_user_namespaces not_started no_mount_is_left
