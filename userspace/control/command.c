// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of the control socket, and of gdb's "monitor".
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "../virtio/virtio.h"

#define WORDS_MAX	4

/* @word as a vCPU's number; NULL after saying why not. */
static struct cpu *cpu_of(struct machine *m, const char *word, FILE *out)
{
	char *end;
	unsigned long id = strtoul(word, &end, 10);

	if (*end || end == word || id >= m->opt->cpus) {
		fprintf(out, "%s: vCPUs are 0 to %u\n", word, m->opt->cpus - 1);
		return NULL;
	}
	return &m->cpus[id];
}

static void do_registers(struct machine *m, char **words, FILE *out)
{
	const struct cpu *one = NULL;
	unsigned int i;

	if (words[1]) {
		one = cpu_of(m, words[1], out);
		if (!one)
			return;
	}
	cpus_pause(m);
	for (i = 0; i < m->opt->cpus; i++)
		if (!one || one == &m->cpus[i])
			cpu_dump(&m->cpus[i], out);
	cpus_resume(m);
}

static void do_exits(struct machine *m, char **words, FILE *out)
{
	(void)words;
	/* The kernel tells of a vCPU that is out of the guest. */
	cpus_pause(m);
	cpu_stats(m, out);
	cpus_resume(m);
}

static void do_walk(struct machine *m, char **words, FILE *out)
{
	const struct cpu *cpu = &m->cpus[0];
	uint64_t linear;
	char *end;

	if (!words[1]) {
		fprintf(out, "walk: which address?\n");
		return;
	}
	linear = strtoull(words[1], &end, 0);
	if (*end || end == words[1]) {
		fprintf(out, "walk %s: not an address; say 0x1000\n", words[1]);
		return;
	}
	if (words[2]) {
		cpu = cpu_of(m, words[2], out);
		if (!cpu)
			return;
	}
	cpus_pause(m);
	walk_show(cpu, linear, out);
	cpus_resume(m);
}

static void do_balloon(struct machine *m, char **words, FILE *out)
{
	uint64_t bytes;

	if (!m->balloon) {
		fprintf(out, "balloon: this machine has none (vellum run --balloon)\n");
		return;
	}
	if (words[1]) {
		if (parse_size(words[1], 1 << 20, &bytes) || bytes > m->ram.size) {
			fprintf(out, "balloon %s: not a size up to the guest's memory\n",
				words[1]);
			return;
		}
		balloon_set(m->balloon, bytes);
	}
	balloon_show(m->balloon, out);
}

static void do_power(struct machine *m, char **words, FILE *out)
{
	(void)words;
	(void)out;
	power_button(m);
}

static void do_reset(struct machine *m, char **words, FILE *out)
{
	(void)words;
	(void)out;
	machine_end(m, END_RESET);
}

static void do_quit(struct machine *m, char **words, FILE *out)
{
	(void)words;
	(void)out;
	machine_end(m, END_QUIT);
}

static void do_continue(struct machine *m, char **words, FILE *out)
{
	(void)words;
	if (atomic_exchange(&m->waits, false))
		cpus_resume(m);
	else
		fprintf(out, "continue: it runs already\n");
}

static void do_help(struct machine *m, char **words, FILE *out);

static const struct {
	const char *name;
	void (*fn)(struct machine *m, char **words, FILE *out);
	const char *what;
} commands[] = {
	{ "registers", do_registers, "[CPU]: registers, and the code at RIP" },
	{ "walk", do_walk, "ADDRESS [CPU]: through the guest's tables and the EPT" },
	{ "exits", do_exits, ": exits so far, by reason" },
	{ "balloon", do_balloon, "[SIZE]: how much the guest shall do without" },
	{ "continue", do_continue, ": begin, after vellum run --wait" },
	{ "power", do_power, ": press the power button" },
	{ "reset", do_reset, ": reset the machine" },
	{ "quit", do_quit, ": end the machine" },
	{ "help", do_help, ": this list" },
};

#define COMMANDS	(sizeof(commands) / sizeof(*commands))

static void do_help(struct machine *m, char **words, FILE *out)
{
	size_t i;

	(void)m;
	(void)words;
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "%s%s%s\n", commands[i].name, *commands[i].what == ':' ? "" : " ",
			commands[i].what);
}

void command_run(struct machine *m, const char *line, FILE *out)
{
	char copy[256], *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	unsigned int n = 0;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", line);
	words[0] = strtok_r(copy, " \t", &rest);
	while (words[n] && ++n < WORDS_MAX)
		words[n] = strtok_r(NULL, " \t", &rest);
	for (i = 0; words[0] && i < COMMANDS; i++)
		if (!strcmp(commands[i].name, words[0])) {
			commands[i].fn(m, words, out);
			return;
		}
	fprintf(out, "%s: not a command; \"help\" lists them\n", words[0] ? words[0] : "");
}
