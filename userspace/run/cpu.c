// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's thread: run the guest, serve what it asks of this process.
 */
#define _GNU_SOURCE
#include "../device/console.h"
#include "../control/control.h"
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../doctor/doctor.h"

#define SETTLE_MAX	4096

/* The signal handler's way to its vCPU. */
static __thread struct cpu *this_cpu;

static void on_kick(int sig)
{
	(void)sig;
	/* Between the last look at the flags and KVM_RUN: the run shall not begin. */
	if (this_cpu)
		this_cpu->vcpu.run->immediate_exit = 1;
}

int cpu_create(struct machine *m, unsigned int id)
{
	struct sigaction action = { .sa_handler = on_kick };
	struct cpu *cpu = &m->cpus[id];
	int err;

	/* Before there is any thread that it may be sent to. */
	sigaction(SIG_KICK, &action, NULL);
	cpu->machine = m;
	err = vellum_vcpu_create(&m->dev, &m->vm, id, &cpu->vcpu);
	if (err)
		return fail("cannot create vCPU %u: %s", id, strerror(-err));
	return cpu_set_cpuid(m, cpu);
}

void cpu_kick(struct cpu *cpu)
{
	pthread_kill(cpu->thread, SIG_KICK);
}

static void port_io(struct cpu *cpu)
{
	struct kvm_run *run = cpu->vcpu.run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t i;

	/* A string instruction's bytes for the terminal need not go one by one. */
	console_hold();
	for (i = 0; i < run->io.count; i++, data += run->io.size)
		bus_access(&cpu->machine->pio, run->io.port, data, run->io.size,
			   run->io.direction == KVM_EXIT_IO_OUT);
	console_release();
}

static void system_event(struct machine *m, uint32_t type)
{
	switch (type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		machine_end(m, END_OFF);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		machine_end(m, END_RESET);
		break;
	default:
		say("the guest reports a crash (system event %u)", type);
		machine_end(m, END_INTERNAL);
	}
}

static void internal_error(struct cpu *cpu)
{
	const struct kvm_run *run = cpu->vcpu.run;
	uint32_t i, n = run->internal.ndata;

	say("vCPU %u: internal error of the hypervisor, suberror %u", cpu->vcpu.id,
	    run->internal.suberror);
	for (i = 0; i < n && i < 16; i++)
		say("  data[%u] = 0x%llx", i, (unsigned long long)run->internal.data[i]);
	cpu_dump(cpu, stderr);
	machine_end(cpu->machine, END_INTERNAL);
}

static void entry_failure(struct cpu *cpu)
{
	uint64_t reason = cpu->vcpu.run->fail_entry.hardware_entry_failure_reason;

	say("vCPU %u: the CPU refuses to enter the guest, reason 0x%" PRIx64 "%s", cpu->vcpu.id,
	    reason, (reason & 0xffff) == 33 ? " (invalid guest state)" : "");
	doctor_explain(cpu->vcpu.fd);
	cpu_dump(cpu, stderr);
	machine_end(cpu->machine, END_ENTRY);
}

static void handle_exit(struct cpu *cpu)
{
	struct machine *m = cpu->machine;
	struct kvm_run *run = cpu->vcpu.run;
	const char *name;

	if (run->exit_reason < EXIT_REASONS)
		cpu->exits[run->exit_reason]++;
	cpu->unfinished = run->exit_reason == KVM_EXIT_IO || run->exit_reason == KVM_EXIT_MMIO;
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		port_io(cpu);
		break;
	case KVM_EXIT_MMIO:
		bus_access(&m->mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
			   run->mmio.is_write);
		break;
	case KVM_EXIT_DEBUG:
		cpu->trap = run->debug.arch;
		cpu->held = true;
		cpu->trapped = true;
		control_trap(m);
		break;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		break;
	case KVM_EXIT_HLT:
		machine_end(m, END_HALT);
		break;
	case KVM_EXIT_SHUTDOWN:
		say("vCPU %u: triple fault", cpu->vcpu.id);
		cpu_dump(cpu, stderr);
		machine_end(m, END_TRIPLE);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		system_event(m, run->system_event.type);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		entry_failure(cpu);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		internal_error(cpu);
		break;
	default:
		name = vellum_exit_name(run->exit_reason);
		say("vCPU %u: an exit that nobody here handles: %u %s", cpu->vcpu.id,
		    run->exit_reason, name ? name : "");
		cpu_dump(cpu, stderr);
		machine_end(m, END_INTERNAL);
	}
}

static bool must_wait(const struct cpu *cpu)
{
	const struct machine *m = cpu->machine;

	return (m->pauses || cpu->held) && !m->stop;
}

/*
 * What a port or register was read as is in the guest's registers, and RIP behind
 * the instruction, only after the next KVM_RUN, which need not enter the guest.
 */
static void settle(struct cpu *cpu)
{
	unsigned int i;

	for (i = 0; cpu->unfinished && i < SETTLE_MAX; i++) {
		cpu->vcpu.run->immediate_exit = 1;
		if (vellum_vcpu_run(&cpu->vcpu))
			break;
		handle_exit(cpu);
	}
	cpu->unfinished = false;
	cpu->vcpu.run->immediate_exit = 0;
}

static void wait_here(struct cpu *cpu)
{
	struct machine *m = cpu->machine;

	pthread_mutex_lock(&m->pause_lock);
	while (must_wait(cpu)) {
		cpu->paused = true;
		pthread_cond_broadcast(&m->pause_cond);
		pthread_cond_wait(&m->pause_cond, &m->pause_lock);
	}
	cpu->paused = false;
	pthread_mutex_unlock(&m->pause_lock);
}

static void wait_while_paused(struct cpu *cpu)
{
	settle(cpu);
	wait_here(cpu);
}

void cpu_pause_point(void)
{
	if (this_cpu && must_wait(this_cpu))
		wait_here(this_cpu);
}

static void *cpu_main(void *arg)
{
	struct cpu *cpu = arg;
	struct machine *m = cpu->machine;
	int err;

	this_cpu = cpu;
	while (!m->stop) {
		/* Also after the end: a vCPU that brought it about has no next step. */
		if (must_wait(cpu)) {
			wait_while_paused(cpu);
			continue;
		}
		err = vellum_vcpu_run(&cpu->vcpu);
		if (!err) {
			handle_exit(cpu);
		} else if (err == -EINTR) {
			cpu->vcpu.run->immediate_exit = 0;
		} else if (err != -EAGAIN) {
			say("vCPU %u: KVM_RUN: %s", cpu->vcpu.id, strerror(-err));
			cpu_dump(cpu, stderr);
			machine_end(m, END_INTERNAL);
		}
	}
	return NULL;
}

int cpu_start(struct cpu *cpu)
{
	int err = thread_start(&cpu->thread, cpu_main, cpu);

	if (err)
		return fail("cannot start a thread for vCPU %u: %s", cpu->vcpu.id, strerror(-err));
	cpu->started = true;
	return 0;
}

void cpus_pause(struct machine *m)
{
	unsigned int i;

	pthread_mutex_lock(&m->pause_lock);
	m->pauses++;
	for (i = 0; i < m->opt->cpus; i++) {
		if (!m->cpus[i].started)
			continue;
		while (!m->cpus[i].paused) {
			struct timespec until = kick_again();

			cpu_kick(&m->cpus[i]);
			pthread_cond_timedwait(&m->pause_cond, &m->pause_lock, &until);
		}
	}
	pthread_mutex_unlock(&m->pause_lock);
}

void cpus_resume(struct machine *m)
{
	m->pauses--;
	cpus_wake(m);
}

void cpus_wake(struct machine *m)
{
	pthread_mutex_lock(&m->pause_lock);
	pthread_cond_broadcast(&m->pause_cond);
	pthread_mutex_unlock(&m->pause_lock);
}
