# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # sourced by lab/run, shares its names
# The lab host under Bochs. Kernel, initramfs and zero page are in RAM when the
# machine is switched on, and an option ROM (loader.asm) starts the kernel.

IPS=100000000	# instructions to an emulated second

# As in layout.inc.
KERNEL_AT=$((16 << 20))
BLOCK=$((128 << 10))
GAP=$((64 * BLOCK))
PAYLOAD_MAGIC=Vllm

INITRD=$((96 << 20))
SLACK=$((128 << 20))	# what must stay free above the initramfs
HOST_MAX=2048		# MiB; what the guest touches beyond it, Bochs keeps in a file

# bochs_payload: gap, kernel, initramfs and magic number, as one image.
bochs_payload() {
	local out=$work/payload
	nasm -f bin -I "$LAB_DIR/bochs/" -o "$out" "$LAB_DIR/bochs/gap.asm"
	cat "$BUILD/kernel-$kernel/vmlinux.bin" >>"$out"
	truncate -s $((GAP + INITRD - KERNEL_AT)) "$out"
	cat "$work/initrd" >>"$out"
	truncate -s $((GAP + payload_end - KERNEL_AT - ${#PAYLOAD_MAGIC})) "$out"
	printf %s $PAYLOAD_MAGIC >>"$out"
}

# bochs_rom: assemble the loader and make its bytes add up to zero.
bochs_rom() {
	local sum
	nasm -f bin -I "$LAB_DIR/bochs/" -D ENTRY="$(cat "$BUILD/kernel-$kernel/entry")" \
		-D SCRATCH="$scratch" -D PAYLOAD_END="$payload_end" -o "$work/loader.rom" "$LAB_DIR/bochs/loader.asm"
	sum=$(od -An -v -w1 -t u1 "$work/loader.rom" | awk '{ sum += $1 } END { print sum % 256 }')
	printf '%b' "\\x$(printf %02x $(((256 - sum) % 256)))" >>"$work/loader.rom"
}

# bochs_zero_page CMDLINE: boot parameters for the kernel.
bochs_zero_page() {
	local image=$BUILD/kernel-$kernel/vmlinuz length
	# The byte at 0x201 is a jump's distance, and so tells where the header ends.
	length=$(od -An -t u1 -j $((0x201)) -N 1 "$image" | tr -d ' ')
	printf '%s' "$1" >"$work/cmdline"
	nasm -f bin -I "$LAB_DIR/bochs/" -D VMLINUZ="'$image'" -D HEADER_END=$((0x202 + length)) \
		-D CMDLINE="'$work/cmdline'" -D INITRD=$INITRD \
		-D INITRD_SIZE="$(stat -c %s "$work/initrd")" \
		-o "$work/zeropage.bin" "$LAB_DIR/bochs/zeropage.asm"
}

# No messages but panics: the built Bochs reports its speed from a signal handler,
# and when that came amid another message it waited for its own lock for ever.
bochs_config() {
	local sectors
	cat <<-END
	cpu: model=$cpu, count=$cpus, ips=$IPS, reset_on_triple_fault=1
	memory: guest=$memory, host=$((memory < HOST_MAX ? memory : HOST_MAX))
	romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
	vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
	optromimage1: file=$work/loader.rom, address=0xd0000
	optramimage1: file=$work/zeropage.bin, address=0x10000
	optramimage2: file=$work/payload, address=$(printf '0x%x' "$scratch")
	com1: enabled=1, mode=term, dev=$work/console
	com2: enabled=1, mode=term, dev=$work/control
	clock: sync=none, time0=local
	boot: disk
	floppy_bootsig_check: disabled=1
	mouse: enabled=0
	log: $work/bochs.log
	panic: action=fatal
	error: action=ignore
	info: action=ignore
	debug: action=ignore
	END
	if [ -n "$disk" ]; then
		# By a link: Bochs leaves a lock file beside the path that it is given.
		ln -s "$disk" "$work/disk"
		sectors=$(($(stat -L -c %s "$disk") / 512))
		echo "ata0-master: type=disk, path=$work/disk, mode=flat," \
			"cylinders=$((sectors / (16 * 63))), heads=16, spt=63, biosdetect=none"
	fi
}

emulator_bochs() {
	local payload_end scratch
	payload_end=$((INITRD + $(stat -c %s "$work/initrd") + BLOCK))
	payload_end=$((payload_end / BLOCK * BLOCK))
	scratch=$payload_end
	[ $((payload_end + SLACK)) -le $((memory << 20)) ] ||
		die "--memory $memory is too little: ask for $(((payload_end + SLACK) >> 20)) or more"
	bochs_payload
	bochs_rom
	bochs_config >"$work/bochsrc"
	bochs_program
	bochs_zero_page "$(kernel_cmdline)"
}

# bochs_version: what the chosen program says of itself.
bochs_version() {
	"${emulator[0]}" --help 2>&1 | sed -n 's/.*Bochs x86 Emulator \([0-9.]*\).*/\1/p'
}

# bochs_program: LAB_BOCHS says which: packaged (it has a debugger, and waits for
# a command), built (by lab/bochs/build), or the file of one without debugger.
# By default the built one, if that has been done.
bochs_program() {
	local program=${LAB_BOCHS:-}
	if [ -z "$program" ]; then
		program=packaged
		! fresh "$BUILD/bochs/stamp" "$(stamp_of "$LAB_DIR/bochs/build")" || program=built
	fi
	case $program in
	packaged)
		echo "display_library: term" >>"$work/bochsrc"
		# Once more: its debugger stops at a reset.
		printf 'c\nc\n' >"$work/go"
		emulator=(bochs -q -f "$work/bochsrc" -rc "$work/go")
		return ;;
	built) program=$BUILD/bochs/bochs ;;
	esac
	[ -x "$program" ] || die "there is no $program: run lab/bochs/build, or LAB_BOCHS=packaged"
	echo "display_library: nogui" >>"$work/bochsrc"
	sed -i 's/^memory:.*/&, block_size=128/' "$work/bochsrc"
	emulator=("$program" -q -f "$work/bochsrc")
}
