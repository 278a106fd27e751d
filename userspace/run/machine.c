// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine put together and taken apart.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../device/serial.h"
#include "../virtio/virtio.h"

/* Pages that KVM wants for itself on old CPUs; beside the hole's devices. */
#define IDENTITY_MAP	0xfffbc000u
#define TSS_ADDR	0xfffbd000u

void machine_end(struct machine *m, enum ending ending)
{
	pthread_mutex_lock(&m->end_lock);
	if (!m->ended) {
		m->ended = true;
		m->ending = ending;
		m->pauses++;
		eventfd_write(m->end_fd, 1);
	}
	pthread_mutex_unlock(&m->end_lock);
}

void machine_irq(struct machine *m, unsigned int gsi, bool level)
{
	int err;

	if (!m->irqchip)
		return;
	err = vellum_vm_irq_line(&m->vm, gsi, level);
	if (err) {
		say("interrupt line %u: %s", gsi, strerror(-err));
		machine_end(m, END_INTERNAL);
	}
}

static int open_device(struct machine *m)
{
	const char *path = m->opt->device;
	int err = vellum_open(&m->dev, path);

	if (!err)
		return 0;
	switch (-err) {
	case ENOENT:
		say("%s: there is no such device; is the module loaded? (modprobe %s)", path,
		    strstr(path, "kvm") ? "kvm_intel" : "vellum");
		break;
	case EACCES:
	case EPERM:
		say("%s: permission denied; be root, or join the group that owns it", path);
		break;
	case EPROTO:
	case ENOTTY:
		say("%s: does not speak version 12 of KVM's interface", path);
		break;
	default:
		say("%s: %s", path, strerror(-err));
	}
	return END_MISSING;
}

static int create_irqchip(struct machine *m)
{
	int err = vellum_vm_create_irqchip(&m->vm);

	if (err)
		return fail("cannot create the interrupt controllers: %s", strerror(-err));
	m->irqchip = true;
	err = vellum_vm_create_pit(&m->vm);
	if (err)
		return fail("cannot create the interval timer: %s", strerror(-err));
	return 0;
}

static int create_vm(struct machine *m)
{
	int err = vellum_vm_create(&m->dev, &m->vm);

	if (err)
		return fail("%s: cannot create a machine: %s", m->opt->device, strerror(-err));
	machine_record(m);
	err = vellum_vm_set_tss_addr(&m->vm, TSS_ADDR);
	if (!err && vellum_check(&m->dev, KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0)
		err = vellum_vm_set_identity_map_addr(&m->vm, IDENTITY_MAP);
	if (err)
		return fail("%s: cannot set the machine up: %s", m->opt->device, strerror(-err));
	return m->opt->no_irqchip ? 0 : create_irqchip(m);
}

static int create_memory(struct machine *m)
{
	struct ram *ram = &m->ram;
	struct ram_kind kind = { m->opt->memory_file, m->opt->memfd, m->opt->hugetlb };
	int err;

	if (ram_create(ram, m->opt->memory, &kind))
		return -1;
	err = vellum_vm_set_memory(&m->vm, 0, 0, ram->low, ram->base, 0);
	if (!err && ram->size > ram->low)
		err = vellum_vm_set_memory(&m->vm, 1, RAM_HOLE_END, ram->size - ram->low,
					   ram->base + ram->low, 0);
	if (err)
		return fail("%s refuses the guest's memory: %s", m->opt->device, strerror(-err));
	return 0;
}

static int create_cpus(struct machine *m)
{
	unsigned int i;
	int max = vellum_check(&m->dev, KVM_CAP_MAX_VCPUS);

	if (max > 0 && m->opt->cpus > (unsigned int)max)
		return fail("--cpus %u: %s allows %d in one machine", m->opt->cpus,
			    m->opt->device, max);
	for (i = 0; i < m->opt->cpus; i++)
		if (cpu_create(m, i))
			return -1;
	return 0;
}

/* 0, or the ending that the tool shall report. */
int machine_create(struct machine *m, const struct options *opt)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->opt = opt;
	m->dev.fd = -1;
	m->vm.fd = -1;
	for (i = 0; i < MAX_CPUS; i++)
		m->cpus[i].vcpu.fd = -1;
	pthread_mutex_init(&m->end_lock, NULL);
	pthread_mutex_init(&m->pause_lock, NULL);
	pthread_cond_init(&m->pause_cond, NULL);
	/* Who asked to wait lets them go by the control socket. */
	m->waits = opt->wait;
	m->pauses = opt->wait;
	m->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->end_fd < 0) {
		say("eventfd: %s", strerror(errno));
		return END_TOOL;
	}
	if (open_device(m) || machine_needs(m))
		return END_MISSING;
	if (create_vm(m) || create_memory(m) || create_cpus(m))
		return END_TOOL;
	return 0;
}

int machine_start(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_virtio; i++)
		if (virtio_start(m->virtio[i]))
			return -1;
	if (serial_start(m))
		return -1;
	for (i = 0; i < m->opt->cpus; i++)
		if (cpu_start(&m->cpus[i]))
			return -1;
	return 0;
}

/* The vCPUs first, so that nobody touches a device that is going. */
void machine_stop(struct machine *m)
{
	unsigned int i;

	m->stop = true;
	cpus_wake(m);
	for (i = 0; i < m->opt->cpus; i++)
		if (m->cpus[i].started)
			cpu_kick(&m->cpus[i]);
	for (i = 0; i < m->opt->cpus; i++) {
		if (m->cpus[i].started)
			thread_join(m->cpus[i].thread);
		m->cpus[i].started = false;
	}
	for (i = 0; i < m->nr_virtio; i++)
		virtio_stop(m->virtio[i]);
	serial_stop();
}

/* Takes what machine_create() left, finished or not. */
void machine_destroy(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_virtio; i++)
		virtio_destroy(m->virtio[i]);
	serial_destroy(m);
	for (i = 0; i < MAX_CPUS; i++)
		vellum_vcpu_close(&m->cpus[i].vcpu);
	vellum_vm_close(&m->vm);
	vellum_close(&m->dev);
	ram_destroy(&m->ram);
	if (m->end_fd >= 0)
		close(m->end_fd);
}
