# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # sourced by lab/run, shares its names
# The host kernel's command line. Most of a boot under Bochs is initialisation
# that nothing here needs; `initcall_debug` on an --append shows what it costs.

# What is left out, and the tenths of a second of emulated time it took:
# (8) ftrace marking the functions that turned out weak; (5) the names of enum
# constants in trace event formats; (4) parsing all of the kernel's BTF for a
# few BPF helpers; (2) checking the ACPI timer; (3) certificates of modules and
# self-tests of hashes; (15, on 6.12 only) noise from timing jitter.
SKIPPED_INITCALLS=(
	ftrace_check_for_weak_functions
	trace_eval_init
	cubictcp_register
	bpf_prog_test_run_init
	bpf_tcp_ca_kfunc_init
	bpf_dummy_struct_ops_init
	bpf_key_sig_kfuncs_init
	bpf_rstat_kfunc_init
	kfunc_init
	init_acpi_pm_clocksource
	load_system_certificate_list
	blake2s_mod_init
	crypto_kdf108_init
	jent_mod_init
)

# The debug kernel is slow at all that allocates: files about slabs that nobody reads,
# and a stack for each object, which KASAN has too, are half of its boot. kmemleak is
# off unless --append kmemleak=on.
debug_cmdline() {
	SKIPPED_INITCALLS+=(slab_sysfs_init slab_debugfs_init)
	debug=" slub_debug=FZ"
}

# Only the module is looked at, a small part of all that runs: more of it than usual. A
# watch waits by udelay(), which is to be as long as it says.
kcsan_cmdline() {
	debug=" kcsan.skip_watch=100 kcsan.udelay_task=400"
	lpj=$((IPS / 250))
}

# kernel_cmdline: for any backend. Few messages, for a character on the serial
# line takes 87 microseconds; /init turns them up. A panic resets the machine,
# which lab/console notices.
kernel_cmdline() {
	local IFS=, debug='' lpj=10000000
	case $kernel in debug | kcsan) "${kernel}_cmdline" ;; esac
	echo -n "console=ttyS0,115200 quiet loglevel=3 panic=-1 oops=panic nokaslr audit=0" \
		"ipv6.disable=1 cryptomgr.notests random.trust_cpu=on" \
		"initcall_blacklist=${SKIPPED_INITCALLS[*]}$debug"
	case $backend in
	bochs) echo -n " $(bochs_cmdline)" ;;
	esac
	echo "$append"
}

# bochs_cmdline: which CPU this is, for tests that need to know. A clock that counts
# instructions needs no watching and no calibration; newer models name a TSC
# frequency that is not the emulated one, which would make a second last 35 times
# too long. Idling by MWAIT makes every wake-up crawl on more than one emulated CPU.
bochs_cmdline() {
	echo -n "lab.cpu=$cpu lab.bochs=$(bochs_version)" \
		"tsc=reliable tsc_early_khz=$((IPS / 1000)) lpj=$lpj no_timer_check"
	[ "$cpus" = 1 ] || echo -n " idle=halt"
	# Bochs 2.7 states wrong sizes for the compacted XSAVE area of these models,
	# and for protection keys; Linux would warn, and do without XSAVE. The newer
	# ones name FSRM without ERMS, and 6.1 loops in its memmove() for it.
	case $cpu in
	corei7_skylake_x) echo -n " clearcpuid=xsaves,xsavec" ;;
	corei3_cnl) echo -n " clearcpuid=xsaves,xsavec,pku" ;;
	corei7_icelake_u | tigerlake) echo -n " clearcpuid=fsrm,xsaves,xsavec,pku" ;;
	sapphire_rapids | arrow_lake) echo -n " clearcpuid=fsrm" ;;
	esac
}
