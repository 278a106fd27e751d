// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of gdb's remote protocol (Debugging with GDB, "Remote Protocol"): in,
 * acknowledged, and given to gdb_packet(); the stop and the going on of vCPUs.
 */
#include "proto.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERRUPT	3	/* what Ctrl-C sends, outside any packet */
#define VECTOR_BP	3

static void send_all(struct gdb *g, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(g->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			g->gone = true;
			return;
		}
		data += n;
		len -= n;
	}
}

void gdb_send(struct gdb *g, const struct gdb_text *t)
{
	char tail[4];
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < t->len; i++)
		sum += t->data[i];
	snprintf(tail, sizeof(tail), "#%02x", sum);
	send_all(g, "$", 1);
	send_all(g, t->data, t->len);
	send_all(g, tail, 3);
}

static const char *watch_name(unsigned int type)
{
	return type == HARD_WRITE ? "watch" : "awatch";
}

/* Why the vCPU stopped. */
static void add_reason(const struct gdb *g, struct gdb_text *t)
{
	const struct kvm_debug_exit_arch *trap = &g->trap;
	unsigned int i;

	if (!g->trap_valid)
		return;
	if (trap->exception == VECTOR_BP) {
		text_add(t, "swbreak:;");
		return;
	}
	for (i = 0; i < GDB_HARD; i++) {
		if (!(trap->dr6 >> i & 1) || !g->breaks.hard[i].len)
			continue;
		if (g->breaks.hard[i].type == HARD_EXEC)
			text_add(t, "hwbreak:;");
		else
			text_add(t, "%s:%llx;", watch_name(g->breaks.hard[i].type),
				 (unsigned long long)g->breaks.hard[i].linear);
		return;
	}
}

void gdb_report(struct gdb *g)
{
	g->reply.len = 0;
	text_add(&g->reply, "T%02xthread:%x;", g->signal, g->stopped + 1);
	add_reason(g, &g->reply);
	gdb_send(g, &g->reply);
}

void gdb_go(struct gdb *g)
{
	struct machine *m = g->machine;
	unsigned int i;

	for (i = 0; i < m->opt->cpus; i++) {
		struct cpu *cpu = &m->cpus[i];
		int err = break_apply(&g->breaks, cpu, g->go[i] == GO_STEP);

		if (err)
			say("vCPU %u takes no breakpoints: %s", i, strerror(-err));
		cpu->trapped = false;
		cpu->held = g->go[i] == GO_NOT;
	}
	g->running = true;
	/* Who attached to a machine that --wait holds has it begin. */
	if (atomic_exchange(&m->waits, false))
		cpus_resume(m);
	cpus_resume(m);
}

static void stop_all(struct gdb *g)
{
	unsigned int i;

	cpus_pause(g->machine);
	for (i = 0; i < g->machine->opt->cpus; i++)
		g->machine->cpus[i].held = false;
	g->running = false;
}

/* An INT3 of the guest's own is the guest's to handle. */
static bool is_guests(const struct gdb *g, const struct cpu *cpu)
{
	return cpu->trap.exception == VECTOR_BP && !break_soft_at(&g->breaks, cpu->trap.pc);
}

static void hand_on(const struct cpu *cpu)
{
	struct kvm_guest_debug d = { .control = KVM_GUESTDBG_INJECT_BP };
	int err = vellum_vcpu_set_guest_debug(&cpu->vcpu, &d);

	if (err)
		say("vCPU %u: its breakpoint cannot be handed on: %s", cpu->vcpu.id,
		    strerror(-err));
}

static void interrupt(struct gdb *g)
{
	if (!g->running)
		return;
	stop_all(g);
	g->signal = SIGNAL_INT;
	g->trap_valid = false;
	gdb_report(g);
}

/* Others that trapped as well do so again when they go on. */
void gdb_trap(struct gdb *g)
{
	struct machine *m = g->machine;
	struct cpu *found = NULL;
	unsigned int i;

	if (!g->running)
		return;
	stop_all(g);
	for (i = 0; i < m->opt->cpus; i++) {
		struct cpu *cpu = &m->cpus[i];

		if (!cpu->trapped)
			continue;
		if (is_guests(g, cpu))
			g->hand_on[i] = true;
		else if (!found)
			found = cpu;
	}
	for (i = 0; i < m->opt->cpus; i++) {
		if (g->hand_on[i])
			hand_on(&m->cpus[i]);
		g->hand_on[i] = false;
	}
	if (!found) {
		gdb_go(g);
		return;
	}
	g->stopped = found->vcpu.id;
	g->current = g->stopped;
	g->trap = found->trap;
	g->trap_valid = true;
	g->signal = SIGNAL_TRAP;
	gdb_report(g);
}

/* One packet out of what has come: how many bytes it took, 0 for not all there. */
static size_t take_packet(struct gdb *g)
{
	char *end;
	size_t len;

	switch (g->in[0]) {
	case INTERRUPT:
		interrupt(g);
		return 1;
	case '-':
		gdb_send(g, &g->reply);
		return 1;
	case '$':
		break;
	default:
		return 1;
	}
	end = memchr(g->in, '#', g->in_len);
	if (!end || end + 2 >= g->in + g->in_len)
		return 0;
	len = end + 3 - g->in;
	*end = 0;
	if (!g->no_ack)
		send_all(g, "+", 1);
	gdb_packet(g, g->in + 1, end - g->in - 1);
	return len;
}

int gdb_input(struct gdb *g)
{
	ssize_t n = recv(g->fd, g->in + g->in_len, sizeof(g->in) - g->in_len, MSG_DONTWAIT);
	size_t took;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	g->in_len += n;
	while (g->in_len && (took = take_packet(g))) {
		g->in_len -= took;
		memmove(g->in, g->in + took, g->in_len);
	}
	/* More than was offered in a packet: not gdb. */
	return g->gone || g->in_len == sizeof(g->in) ? -1 : 0;
}

int gdb_fd(const struct gdb *g)
{
	return g->fd;
}

struct gdb *gdb_attach(struct machine *m, int fd)
{
	struct gdb *g = calloc(1, sizeof(*g));

	if (!g) {
		close(fd);
		say("no memory for a debugger");
		return NULL;
	}
	g->machine = m;
	g->fd = fd;
	g->signal = SIGNAL_TRAP;
	cpus_pause(m);
	return g;
}

void gdb_end(struct gdb *g, int ending)
{
	g->reply.len = 0;
	text_add(&g->reply, "W%02x", ending & 0xff);
	gdb_send(g, &g->reply);
}

void gdb_detach(struct gdb *g)
{
	unsigned int i;

	if (g->running)
		stop_all(g);
	break_remove_all(&g->breaks, g->machine);
	for (i = 0; i < MAX_CPUS; i++)
		g->go[i] = GO_RUN;
	gdb_go(g);
	close(g->fd);
	free(g);
}
