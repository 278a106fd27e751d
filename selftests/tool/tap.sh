#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the host's kernel serves: a network card on a TAP device, by vhost-net and
# without it, and sockets between host and guest.
# shellcheck source=selftests/tool/vm.sh
. "${0%/*}/vm.sh"

sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

check_host() {
	mkdir -p web
	head -c 262144 /dev/urandom >web/page
	modprobe tun && modprobe vhost_net && modprobe vhost_vsock || return 1
	tunctl -t tap0 && ip addr add 10.0.2.2/24 dev tap0 && ip link set tap0 up || return 1
	ip link set lo up
	httpd -p 10.0.2.2:8000 -h web
}

# As check_network of tool/linux, but that the host is the gateway, and its kernel has
# a thread for the card, or has not.
over_tap() {
	sleep 200 | nc -l -p 8001 >sent &
	(wait_for 120 grep -q 'network: serves' raw
	 for fd in /proc/[0-9]*/fd/*; do readlink "$fd"; done >open
	 sleep 60 | nc 10.0.2.15 80 >served) >/dev/null 2>&1 &
	linux "serve check" --cpus 2 --tap "$1"
	killall nc sleep 2>/dev/null
	sum=$(sum_of web/page)
	ends 0 && says "guest: network: fetched 262144 bytes, $sum" &&
		says "guest: network: sent $sum" && says 'the gateway answers' || return 1
	[ "$(sum_of sent)" = "$sum" ] || { echo "what came from the guest differs"; return 1; }
	[ "$(sum_of served)" = "$sum" ] || { echo "what went to the guest differs"; return 1; }
}
check_tap_vhost() {
	over_tap tap0 && grep -q '^/dev/net/tun$' open && grep -q '^/dev/vhost-net$' open
}
check_tap() {
	over_tap tap0,no-vhost && grep -q '^/dev/net/tun$' open &&
		! grep -q '^/dev/vhost-net$' open
}

# The kernel's complaint about a ring stops the device, and nothing else.
check_tap_hostile() {
	vm --long badring --memory 16M --tap tap0
	ends 0 && says "net (device 0) stopped: the guest's driver made rings that vhost cannot"
}

check_vsock() {
	vsock listen 1234 <web/page >back &
	listener=$!
	linux "vsock check" --vsock 3
	if ! ends 0 || ! says 'guest: vsock: connected'; then
		kill "$listener"
		return 1
	fi
	wait "$listener"
	cmp web/page back && echo "vsock: 262144 bytes to the guest and back" >show
}

check_vsock_taken() {
	vellum run --device "$device" --kernel vmlinuz-6.1 --vsock 7 --append "$kernel_words" \
		>other 2>&1 </dev/null &
	other=$!
	usleep 2000000
	linux off --vsock 7
	kill "$other"
	wait "$other"
	ends 1 && says 'another guest has that number' && gone
}

run_checks host tap_vhost tap tap_hostile vsock vsock_taken
