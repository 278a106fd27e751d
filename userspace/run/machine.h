/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine: memory, buses, vCPUs, devices, and how it ends.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../lib/vellum.h"
#include "../device/bus.h"
#include "options.h"
#include "ram.h"
#include "say.h"
#include "thread.h"

#define MAX_CPUS	64
#define MAX_VIRTIO	8
#define MEMORY_MIN	(2ull << 20)
#define MEMORY_MAX	(1ull << 40)

/* Interrupt lines; those of the serial ports are theirs. */
#define GSI_SCI		9
#define GSI_VIRTIO	16	/* the first; each device has its own, up to 23 */

/*
 * Where things lie below 1 MiB. The loaders agree on this; the guest may use
 * all of it once it has read what it needs.
 */
#define LOW_GDT		0x00500u
#define LOW_STARTINFO	0x06000u
#define LOW_ZEROPAGE	0x07000u
#define LOW_TABLES	0x09000u	/* 6 pages: identity map of 4 GiB */
#define LOW_STACK	0x20000u	/* grows down */
#define LOW_CMDLINE	0x20000u
#define LOW_CMDLINE_MAX	0x10000u
#define LOW_END		0x9fc00u	/* of RAM below the EBDA */
#define LOW_ACPI	0xe0000u	/* up to 1 MiB, not RAM to the guest */
#define HIGH_START	0x100000u

#define MMIO_VIRTIO	0xd0000000u	/* one page a device */

#define EXIT_REASONS	48

struct machine;
struct console;
struct control;

struct cpu {
	struct machine *machine;
	struct vellum_vcpu vcpu;
	pthread_t thread;
	bool started;
	bool paused;		/* under machine.pause_lock */
	atomic_bool held;	/* by the debugger, while others run */
	bool unfinished;	/* an access is served, and the guest has not seen it yet */
	atomic_bool trapped;	/* for the debugger, who finds why in @trap */
	struct kvm_debug_exit_arch trap;
	uint64_t exits[EXIT_REASONS];
};

struct machine {
	const struct options *opt;
	struct vellum dev;
	struct vellum_vm vm;
	bool irqchip;
	struct ram ram;
	struct bus pio;
	struct bus mmio;
	struct cpu cpus[MAX_CPUS];
	struct console *console;
	struct virtio_dev *virtio[MAX_VIRTIO];
	unsigned int nr_virtio;

	pthread_mutex_t end_lock;
	bool ended;
	enum ending ending;	/* valid once @ended */
	int end_fd;		/* eventfd: readable once @ended */
	atomic_bool stop;	/* vCPU threads leave */

	pthread_mutex_t pause_lock;
	pthread_cond_t pause_cond;
	atomic_uint pauses;	/* reasons for vCPUs to stay out of the guest */
	atomic_bool waits;	/* one of them is --wait */

	struct control *control;	/* NULL: none */
	struct virtio_dev *balloon;	/* NULL: none */
};

/* The end, by whoever sees it first; callable from any thread. */
void machine_end(struct machine *m, enum ending ending);

/* Move interrupt line @gsi. */
void machine_irq(struct machine *m, unsigned int gsi, bool level);

/* machine.c */
int machine_create(struct machine *m, const struct options *opt);
int machine_start(struct machine *m);
void machine_stop(struct machine *m);
void machine_destroy(struct machine *m);

/* needs.c: 0, or -1 when a capability that @m must have is missing, told in words. */
int machine_needs(const struct machine *m);

/* cpu.c */
int cpu_create(struct machine *m, unsigned int id);
int cpu_start(struct cpu *cpu);
void cpu_kick(struct cpu *cpu);
/* Bring all vCPUs out of the guest; each pause has its resume, and the last one counts. */
void cpus_pause(struct machine *m);
void cpus_resume(struct machine *m);
/*
 * For what a vCPU's thread waits for outside of the guest: pause there if asked to. The
 * access that it serves is not finished, so RIP may be that of its instruction.
 */
void cpu_pause_point(void);
/* Let those that wait look again at what they wait for. */
void cpus_wake(struct machine *m);
/* The vCPU's registers and the code at RIP. */
void cpu_dump(const struct cpu *cpu, FILE *out);
void cpu_stats(const struct machine *m, FILE *out);
/* last.c */
void cpu_last_exits(const struct cpu *cpu, FILE *out);
void machine_record(const struct machine *m);

/* cpuid.c */
int cpu_set_cpuid(struct machine *m, struct cpu *cpu);

/* devices without virtio */
struct serial;
int rtc_add(struct machine *m);
int power_add(struct machine *m);
void power_button(struct machine *m);
void acpi_build(struct machine *m);

#endif /* MACHINE_H */
