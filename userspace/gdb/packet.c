// SPDX-License-Identifier: GPL-2.0-only
/*
 * What gdb's packets ask for. An empty answer means: not here, try otherwise.
 */
#include <stdlib.h>
#include <string.h>

#include "../control/control.h"
#include "proto.h"

#define ERROR(g)	text_add(&(g)->reply, "E01")
#define OK(g)		text_add(&(g)->reply, "OK")
#define MEMORY_MAX_BYTES ((GDB_PACKET - 16) / 2)

static struct cpu *current_cpu(struct gdb *g)
{
	return &g->machine->cpus[g->current];
}

/* A thread's number, from 1; 0 and -1 stand for any and all. -1: there is none such. */
static int thread_of(const struct gdb *g, const char *p, int any)
{
	long id = strtol(p, NULL, 16);

	if (id <= 0)
		return any;
	return id <= (long)g->machine->opt->cpus ? id - 1 : -1;
}

static void read_memory(struct gdb *g, char *p)
{
	static uint8_t buf[MEMORY_MAX_BYTES];
	char *end;
	uint64_t linear = strtoull(p, &end, 16);
	size_t len = *end == ',' ? strtoull(end + 1, NULL, 16) : 0, n;

	if (len > sizeof(buf))
		len = sizeof(buf);
	n = linear_read(current_cpu(g), linear, buf, len);
	if (n || !len)
		text_hex(&g->reply, buf, n);
	else
		ERROR(g);
}

/* M: in hexadecimal; X: as it is, but for what the protocol needs itself. */
static void write_memory(struct gdb *g, char *p, size_t left, bool binary)
{
	static uint8_t buf[GDB_PACKET];
	char *end, *data = memchr(p, ':', left);
	uint64_t linear = strtoull(p, &end, 16);
	size_t len = *end == ',' ? strtoull(end + 1, NULL, 16) : 0, n = 0;

	if (!data || len > sizeof(buf)) {
		ERROR(g);
		return;
	}
	left -= ++data - p;
	if (!binary) {
		n = hex_read(data, buf, len);
	} else {
		for (; left && n < len; left--, data++) {
			if (*data == '}' && left > 1) {
				data++;
				left--;
				buf[n++] = *data ^ 0x20;
			} else {
				buf[n++] = *data;
			}
		}
	}
	if (n == len && linear_write(current_cpu(g), linear, buf, len) == len)
		OK(g);
	else
		ERROR(g);
}

/* Z and z: TYPE,ADDRESS,KIND. */
static void breakpoint(struct gdb *g, char *p, bool add)
{
	static const unsigned int hard[] = { [1] = HARD_EXEC, [2] = HARD_WRITE, [4] = HARD_ACCESS };
	unsigned int type = p[0] - '0', len;
	char *end;
	uint64_t linear = strtoull(p + 2, &end, 16);
	int err;

	/* x86 has no watchpoint for reads alone. */
	if (type > 4 || type == 3)
		return;
	len = *end == ',' ? strtoul(end + 1, NULL, 16) : 1;
	if (type == 0)
		err = add ? break_soft_add(&g->breaks, current_cpu(g), linear) :
			break_soft_remove(&g->breaks, g->machine, linear);
	else
		err = add ? break_hard_add(&g->breaks, linear, len, hard[type]) :
			break_hard_remove(&g->breaks, linear, len, hard[type]);
	if (err)
		ERROR(g);
	else
		OK(g);
}

static void go_all(struct gdb *g, enum gdb_go go)
{
	unsigned int i;

	for (i = 0; i < g->machine->opt->cpus; i++)
		g->go[i] = go;
}

/* vCont;ACTION[:THREAD]...: the first that names a thread is its. */
static bool vcont(struct gdb *g, char *p)
{
	unsigned int i;
	bool any = false;

	go_all(g, GO_UNSET);
	while (*p == ';') {
		enum gdb_go go = p[1] == 's' || p[1] == 'S' ? GO_STEP : GO_RUN;
		char *next = strchr(p + 1, ';'), *colon = strchr(p + 1, ':');
		int thread = -2;

		if (colon && (!next || colon < next))
			thread = thread_of(g, colon + 1, -2);
		for (i = 0; i < g->machine->opt->cpus; i++)
			if (g->go[i] == GO_UNSET && (thread == -2 || thread == (int)i)) {
				g->go[i] = go;
				any = true;
			}
		p = next ? next : p + strlen(p);
	}
	for (i = 0; i < g->machine->opt->cpus; i++)
		if (g->go[i] == GO_UNSET)
			g->go[i] = GO_NOT;
	return any;
}

static void thread_list(struct gdb *g)
{
	unsigned int i;

	text_add(&g->reply, "m");
	for (i = 0; i < g->machine->opt->cpus; i++)
		text_add(&g->reply, "%s%x", i ? "," : "", i + 1);
}

static void thread_words(struct gdb *g, const char *p)
{
	static const char * const states[] = { "runnable", "not yet started", "INIT received",
					       "halted", "SIPI received" };
	int thread = thread_of(g, p, 0);
	uint32_t state = 0;
	char words[64];

	if (thread < 0) {
		ERROR(g);
		return;
	}
	vellum_vcpu_get_mp_state(&g->machine->cpus[thread].vcpu, &state);
	snprintf(words, sizeof(words), "vCPU %d, %s", thread,
		 state < sizeof(states) / sizeof(*states) ? states[state] : "?");
	text_hex(&g->reply, words, strlen(words));
}

static void send_xml(struct gdb *g, const char *p)
{
	const char *xml = regs_xml();
	unsigned long at, len;

	if (sscanf(p, "%lx,%lx", &at, &len) != 2 || at > strlen(xml)) {
		ERROR(g);
		return;
	}
	if (len > GDB_PACKET - 16)
		len = GDB_PACKET - 16;
	text_add(&g->reply, "%c%.*s", strlen(xml + at) > len ? 'm' : 'l', (int)len, xml + at);
}

/* "monitor": a command of the control socket, its answer in O packets. */
static void monitor(struct gdb *g, const char *hex)
{
	char line[256], *text = NULL;
	size_t size = 0, at, part;
	FILE *out;

	line[hex_read(hex, line, sizeof(line) - 1)] = 0;
	out = open_memstream(&text, &size);
	if (!out) {
		ERROR(g);
		return;
	}
	command_run(g->machine, line, out);
	fclose(out);
	for (at = 0; at < size; at += part) {
		part = size - at < MEMORY_MAX_BYTES ? size - at : MEMORY_MAX_BYTES;
		g->reply.len = 0;
		text_add(&g->reply, "O");
		text_hex(&g->reply, text + at, part);
		gdb_send(g, &g->reply);
	}
	free(text);
	g->reply.len = 0;
	OK(g);
}

static bool begins(const char *p, const char *word, const char **rest)
{
	size_t len = strlen(word);

	if (strncmp(p, word, len))
		return false;
	*rest = p + len;
	return true;
}

static void query(struct gdb *g, const char *p)
{
	const char *rest;

	if (begins(p, "qSupported", &rest))
		text_add(&g->reply, "PacketSize=%x;qXfer:features:read+;swbreak+;hwbreak+;"
			 "vContSupported+;QStartNoAckMode+", GDB_PACKET);
	else if (begins(p, "qXfer:features:read:target.xml:", &rest))
		send_xml(g, rest);
	else if (begins(p, "qfThreadInfo", &rest))
		thread_list(g);
	else if (begins(p, "qsThreadInfo", &rest))
		text_add(&g->reply, "l");
	else if (begins(p, "qThreadExtraInfo,", &rest))
		thread_words(g, rest);
	else if (begins(p, "qRcmd,", &rest))
		monitor(g, rest);
	else if (begins(p, "qAttached", &rest))
		text_add(&g->reply, "1");
	else if (!strcmp(p, "qC"))
		text_add(&g->reply, "QC%x", g->current + 1);
}

static void set_thread(struct gdb *g, const char *p)
{
	int thread = thread_of(g, p + 1, -2);

	if (thread == -1) {
		ERROR(g);
		return;
	}
	if (p[0] == 'g' && thread >= 0)
		g->current = thread;
	OK(g);
}

static void write_register(struct gdb *g, char *p)
{
	char *end;
	unsigned int n = strtoul(p, &end, 16);

	if (*end == '=' && !reg_write(current_cpu(g), n, end + 1))
		OK(g);
	else
		ERROR(g);
}

/* The packets that let the machine go on; gdb_go() answers when it stops again. */
static bool go_packet(struct gdb *g, char *p)
{
	if (!strncmp(p, "vCont;", 6)) {
		if (!vcont(g, p + 5))
			return false;
	} else if (p[0] == 'c') {
		go_all(g, GO_RUN);
	} else if (p[0] == 's') {
		go_all(g, GO_RUN);
		g->go[g->current] = GO_STEP;
	} else {
		return false;
	}
	gdb_go(g);
	return true;
}

static void data_packet(struct gdb *g, char *p, size_t len)
{
	switch (p[0]) {
	case 'g':
		if (regs_read(current_cpu(g), &g->reply))
			ERROR(g);
		break;
	case 'G':
		text_add(&g->reply, "%s", regs_write(current_cpu(g), p + 1) ? "E01" : "OK");
		break;
	case 'p':
		if (reg_read(current_cpu(g), strtoul(p + 1, NULL, 16), &g->reply))
			ERROR(g);
		break;
	case 'P':
		write_register(g, p + 1);
		break;
	case 'm':
		read_memory(g, p + 1);
		break;
	case 'M':
	case 'X':
		write_memory(g, p + 1, len - 1, p[0] == 'X');
		break;
	}
}

void gdb_packet(struct gdb *g, char *p, size_t len)
{
	/* While vCPUs run gdb sends nothing but Ctrl-C; what it sends is too early. */
	if (g->running || go_packet(g, p))
		return;
	g->reply.len = 0;
	switch (p[0]) {
	case '?':
		gdb_report(g);
		return;
	case 'Z':
	case 'z':
		breakpoint(g, p + 1, p[0] == 'Z');
		break;
	case 'H':
		set_thread(g, p + 1);
		break;
	case 'T':
		text_add(&g->reply, "%s", thread_of(g, p + 1, 0) < 0 ? "E01" : "OK");
		break;
	case 'q':
		query(g, p);
		break;
	case 'Q':
		if (!strcmp(p, "QStartNoAckMode")) {
			OK(g);
			g->no_ack = true;
		}
		break;
	case 'v':
		if (!strcmp(p, "vCont?"))
			text_add(&g->reply, "vCont;c;C;s;S");
		break;
	case 'D':
		OK(g);
		gdb_send(g, &g->reply);
		g->gone = true;
		return;
	case 'k':
		machine_end(g->machine, END_QUIT);
		g->gone = true;
		return;
	default:
		data_packet(g, p, len);
	}
	gdb_send(g, &g->reply);
}
