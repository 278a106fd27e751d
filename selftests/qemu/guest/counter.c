// SPDX-License-Identifier: GPL-2.0-only
/*
 * A firmware that counts the ticks of its PIT, a hundred to the second, and writes each
 * into the next of its pages. Every tenth tick it looks whether all pages hold what
 * they should and says so at the serial port:
 *	tick 0000000a tsc 0000000001c9c380 good
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

#define PAGES		1024
#define WORDS		1024
#define HZ_COUNT	11932	/* of 1193182 Hz */

struct gate {
	u16 low, selector, type, high;
};

static volatile u32 ticks;
static struct gate idt[33];
static volatile u32 (*const pages)[WORDS] = (void *)0x100000;

void tick_entry(void);
void tick(void);
void counted(u32 n);

static void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void put(char c)
{
	outb(0x3f8, c);
}

static void say(const char *text)
{
	while (*text)
		put(*text++);
}

static void hex(u32 value)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

/* Once for each tick; where a debugger stops. */
__attribute__((noinline)) void counted(u32 n)
{
	pages[n % PAGES][1] = n;
	pages[n % PAGES][WORDS - 1] = ~n;
}

void tick(void)
{
	ticks++;
	outb(0x20, 0x20);
}

/* The last tick that came to this page; none yet leaves what was there at first. */
static int page_is_good(u32 page, u32 n)
{
	u32 last = n - (n - page) % PAGES;

	if (pages[page][0] != page * 2654435761u)
		return 0;
	if ((int)last <= 0)
		return !pages[page][1] && !pages[page][WORDS - 1];
	return pages[page][1] == last && pages[page][WORDS - 1] == ~last;
}

static void report(u32 n)
{
	u32 low, high, page, bad = 0;

	for (page = 0; page < PAGES; page++)
		bad += !page_is_good(page, n);
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	say("tick ");
	hex(n);
	say(" tsc ");
	hex(high);
	hex(low);
	say(bad ? " bad\n" : " good\n");
}

/* The local APIC, as a firmware leaves it: on, LINT0 for the PIC. */
static void virtual_wire(void)
{
	*(volatile u32 *)0xfee000f0 = 0x1ff;
	*(volatile u32 *)0xfee00350 = 0x700;
}

static void interrupts(void)
{
	struct { u16 limit; u32 base; } __attribute__((packed)) idtr = {
		sizeof(idt) - 1, (u32)idt
	};

	idt[32] = (struct gate){ (u32)tick_entry, 8, 0x8e00, (u32)tick_entry >> 16 };
	__asm__ volatile("lidt %0" : : "m"(idtr));
	outb(0x20, 0x11);
	outb(0x21, 32);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa1, 0xff);
	outb(0x21, 0xfe);
	outb(0x43, 0x34);
	outb(0x40, HZ_COUNT & 0xff);
	outb(0x40, HZ_COUNT >> 8);
}

/* Registers that no code here needs, to be found again in a saved state. */
static void vectors(void)
{
	__asm__ volatile("mov %%cr4, %%eax\n\t"
			 "or $0x600, %%eax\n\t"
			 "mov %%eax, %%cr4\n\t"
			 "movd %%esp, %%xmm0\n\t"
			 "pshufd $0, %%xmm0, %%xmm7\n\t"
			 "fldpi\n\t"
			 "mov $0x12345678, %%eax\n\t"
			 "mov %%eax, %%dr0"
			 : : : "eax");
}

__attribute__((noreturn)) void main(void)
{
	u32 page, seen = 0;

	for (page = 0; page < PAGES; page++) {
		pages[page][0] = page * 2654435761u;
		pages[page][1] = 0;
		pages[page][WORDS - 1] = 0;
	}
	virtual_wire();
	interrupts();
	vectors();
	say("counts\n");
	for (;;) {
		__asm__ volatile("sti; hlt; cli" : : : "memory");
		while (seen != ticks) {
			counted(++seen);
			if (!(seen % 10))
				report(seen);
		}
	}
}
