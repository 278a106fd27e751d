/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program does between two of its marks, instruction by instruction:
 *
 *	xchg %bx, %bx	begin
 *	xchg %cx, %cx	end
 *	xchg %si, %si	forget what was seen; RAX operations lie between later marks,
 *			or none that anybody wants to know about
 *
 * The marks work in a guest and in the host, and on a CPU they do nothing. Of several
 * stretches the shortest is kept, and written to LAB_ACCOUNT.N, where N counts the
 * kinds of operations: the number of operations, of ticks, of those in which the CPU had
 * halted, of instructions of guests, and a line for each address of the host: how
 * often, and k for the kernel or u for user space. One CPU.
 */
#include <map>
#include <memory>

#include "bochs.h"
#include "cpu/cpu.h"
#include "pc_system.h"

/* Counts of the instructions that begin in a page. */
struct page {
	Bit64u count[4096];
};

struct stretch {
	std::map<Bit64u, std::unique_ptr<page>> pages;
	Bit64u guest = 0, ticks = 0, instructions = 0;
};

bool account_on;

static stretch now, best;
static Bit64u operations;
static unsigned number;
static Bit64u started, ticks_then;	/* when the present stretch began */
/* What is executing, and the instructions that had been executed before it. */
static Bit64u *executing, before;
/* The page that was used last. */
static Bit64u last_number = ~0ULL;
static page *last_page;

static Bit64u *counter(unsigned cpu)
{
	Bit64u rip = BX_CPU(cpu)->get_rip();

	if (BX_CPU(cpu)->in_vmx_guest)
		return &now.guest;
	if (rip >> 12 != last_number) {
		std::unique_ptr<page> &found = now.pages[rip >> 12];

		if (!found)
			found.reset(new page());
		last_number = rip >> 12;
		last_page = found.get();
	}
	return &last_page->count[rip & 0xfff];
}

static void write_best()
{
	const char *name = getenv("LAB_ACCOUNT");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s.%u", name ? name : "account", number);
	file = fopen(path, "w");
	if (!file)
		return;
	fprintf(file, "operations %llu\nticks %llu\nhalted %llu\nguest %llu\n",
		(unsigned long long)operations, (unsigned long long)best.ticks,
		(unsigned long long)(best.ticks - best.instructions),
		(unsigned long long)best.guest);
	for (const auto &it : best.pages)
		for (unsigned i = 0; i < 4096; i++)
			if (it.second->count[i])
				fprintf(file, "%c %016llx %llu\n", it.first >> 51 ? 'k' : 'u',
					(unsigned long long)(it.first << 12 | i),
					(unsigned long long)it.second->count[i]);
	fclose(file);
}

/* What the time-stamp counter will say when it has caught up. */
static Bit64u ticks(unsigned cpu)
{
	return bx_pc_system.time_ticks() + BX_CPU(cpu)->get_icount() -
	       BX_CPU(cpu)->get_icount_last_sync();
}

static void begin(unsigned cpu)
{
	if (!operations)
		return;
	now = stretch();
	last_number = ~0ULL;
	executing = NULL;
	before = started = BX_CPU(cpu)->get_icount();
	ticks_then = ticks(cpu);
	account_on = true;
}

static void end(unsigned cpu)
{
	if (!account_on)
		return;
	account_on = false;
	now.instructions = BX_CPU(cpu)->get_icount() - started;
	now.ticks = ticks(cpu) - ticks_then;
	if (best.ticks && now.ticks >= best.ticks)
		return;
	best = std::move(now);
	write_best();
}

static void forget(unsigned cpu)
{
	account_on = false;
	operations = BX_CPU(cpu)->gen_reg[BX_64BIT_REG_RAX].rrx;
	number += operations != 0;
	best = stretch();
}

/* An instruction that repeats itself, and one that ends in an exception, count fully. */
void account(unsigned cpu, const bxInstruction_c *i)
{
	Bit64u done = BX_CPU(cpu)->get_icount();

	if (account_on && executing)
		*executing += done - before;
	before = done;
	if (i->getIaOpcode() == BX_IA_XCHG_EwGw && i->modC0() && i->src() == i->dst()) {
		switch (i->dst()) {
		case BX_16BIT_REG_BX:
			begin(cpu);
			break;
		case BX_16BIT_REG_CX:
			end(cpu);
			break;
		case BX_16BIT_REG_SI:
			forget(cpu);
			break;
		}
	}
	if (account_on)
		executing = counter(cpu);
}
