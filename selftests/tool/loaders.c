// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loaders of `vellum run`: files that are right end up where they should,
 * files that are wrong are told so in terms of the file.
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/boot/image.h"
#include "../../userspace/run/machine.h"
#include "test.h"

#define MIB	(1u << 20)

static struct ram ram;
static struct load load = { .ram = &ram, .cmdline = "a b=c", .rsdp = LOW_ACPI };
static struct entry entry;

/* A copy on the heap, of exactly the size, so that reading beyond it shows. */
static struct image image(const void *data, size_t size)
{
	struct image img = { .name = "file", .data = malloc(size ? size : 1), .size = size };

	memcpy(img.data, data, size);
	return img;
}

static int kernel(const void *data, size_t size)
{
	struct image img = image(data, size);
	int err;

	said_clear();
	err = load_kernel(&img, &load, &entry);
	free(img.data);
	return err;
}

static bool says(const char *words)
{
	return strstr(said, words);
}

/* bzImage */

struct bzimage {
	uint8_t bytes[8192];
};

static struct setup_header *header(struct bzimage *b)
{
	return (struct setup_header *)(b->bytes + 0x1f1);
}

static void make_bzimage(struct bzimage *b)
{
	struct setup_header *h = header(b);

	memset(b, 0x90, sizeof(*b));
	memset(h, 0, sizeof(*h));
	h->setup_sects = 1;
	h->boot_flag = 0xaa55;
	memcpy(&h->header, "HdrS", 4);
	((uint8_t *)b->bytes)[0x201] = 0x6a;
	h->version = 0x20f;
	h->loadflags = LOADED_HIGH;
	h->xloadflags = XLF_KERNEL_64;
	h->syssize = (sizeof(*b) - 1024) / 16;
	h->cmdline_size = 2047;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_alignment = 2 * MIB;
	h->relocatable_kernel = 1;
	h->pref_address = 16 * MIB;
	h->init_size = 4 * MIB;
}

static void test_bzimage_good(void)
{
	struct bzimage b;
	struct boot_params *zp;

	make_bzimage(&b);
	CHECK(!kernel(&b, sizeof(b)));
	CHECK(entry.mode == ENTRY_LONG && entry.rip == 16 * MIB + 0x200);
	CHECK(entry.rsi == LOW_ZEROPAGE);
	CHECK(!memcmp(ram.base + 16 * MIB, b.bytes + 1024, sizeof(b) - 1024));
	zp = (void *)(ram.base + LOW_ZEROPAGE);
	CHECK(zp->hdr.cmd_line_ptr == LOW_CMDLINE);
	CHECK(!strcmp((char *)ram.base + LOW_CMDLINE, "a b=c"));
	CHECK(zp->acpi_rsdp_addr == LOW_ACPI && zp->e820_entries == 3);
	CHECK(zp->e820_table[2].addr == MIB && zp->e820_table[2].size == ram.size - MIB);

	/* Memory that ends before the preferred address: relocated. */
	header(&b)->pref_address = 64 * MIB;
	CHECK(!kernel(&b, sizeof(b)));
	CHECK(entry.rip == 2 * MIB + 0x200);
}

static void test_bzimage_bad(void)
{
	static const char code[4096];
	char cmdline[3000];
	struct bzimage b;
	size_t size;

	CHECK(kernel(code, sizeof(code)) && says("not a bzImage: no HdrS at 0x202"));
	CHECK(kernel(code, 1) && says("no HdrS at 0x202"));
	make_bzimage(&b);
	header(&b)->version = 0x20a;
	CHECK(kernel(&b, sizeof(b)) && says("boot protocol 2.10 at 0x206"));
	make_bzimage(&b);
	header(&b)->xloadflags = 0;
	CHECK(kernel(&b, sizeof(b)) && says("no 64-bit entry (bit 0 of 0x236"));
	make_bzimage(&b);
	header(&b)->loadflags = 0;
	CHECK(kernel(&b, sizeof(b)) && says("zImage"));
	make_bzimage(&b);
	header(&b)->boot_flag = 0;
	CHECK(kernel(&b, sizeof(b)) && says("no aa55 at 0x1fe"));
	make_bzimage(&b);
	header(&b)->setup_sects = 255;
	CHECK(kernel(&b, sizeof(b)) && says("setup_sects at 0x1f1"));
	make_bzimage(&b);
	header(&b)->init_size = 1024 * MIB;
	CHECK(kernel(&b, sizeof(b)) && says("give more --memory"));
	make_bzimage(&b);
	CHECK(kernel(&b, sizeof(b) - 64) && says("cut short"));
	for (size = 0x200; size <= sizeof(b) - 16; size += 13)
		CHECK(kernel(&b, size));

	memset(cmdline, 'x', sizeof(cmdline));
	cmdline[sizeof(cmdline) - 1] = 0;
	load.cmdline = cmdline;
	CHECK(kernel(&b, sizeof(b)) && says("a command line of up to 2047 characters"));
	load.cmdline = "a b=c";
	load.initrd = "/nonexistent/initrd";
	CHECK(kernel(&b, sizeof(b)) && says("/nonexistent/initrd: No such file"));
	load.initrd = NULL;
}

/* ELF */

struct elf {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
	struct {
		Elf64_Nhdr n;
		char name[4];
		uint32_t entry;
	} note;
	uint8_t code[512];
};

static void make_elf(struct elf *e)
{
	memset(e, 0, sizeof(*e));
	memcpy(e->h.e_ident, ELFMAG, SELFMAG);
	e->h.e_ident[EI_CLASS] = ELFCLASS64;
	e->h.e_ident[EI_DATA] = ELFDATA2LSB;
	e->h.e_machine = EM_X86_64;
	e->h.e_phoff = offsetof(struct elf, p);
	e->h.e_phentsize = sizeof(Elf64_Phdr);
	e->h.e_phnum = 2;
	e->h.e_entry = 16 * MIB;
	e->p[0].p_type = PT_LOAD;
	e->p[0].p_offset = offsetof(struct elf, code);
	e->p[0].p_paddr = 16 * MIB;
	e->p[0].p_filesz = 512;
	e->p[0].p_memsz = 4096;
	e->p[1].p_type = PT_NOTE;
	e->p[1].p_offset = offsetof(struct elf, note);
	e->p[1].p_filesz = sizeof(e->note);
	e->p[1].p_memsz = sizeof(e->note);
	e->note.n.n_namesz = 4;
	e->note.n.n_descsz = 4;
	e->note.n.n_type = 18;
	memcpy(e->note.name, "Xen", 4);
	e->note.entry = 16 * MIB + 16;
	memset(e->code, 0xcc, sizeof(e->code));
}

static void test_elf_good(void)
{
	struct elf e;

	make_elf(&e);
	memset(ram.base + 16 * MIB, 0xaa, 4096);
	CHECK(!kernel(&e, sizeof(e)));
	CHECK(entry.mode == ENTRY_FLAT32 && entry.rip == 16 * MIB + 16);
	CHECK(entry.rbx == LOW_STARTINFO);
	CHECK(ram.base[16 * MIB + 511] == 0xcc && ram.base[16 * MIB + 512] == 0);
	CHECK(*(uint32_t *)(ram.base + LOW_STARTINFO) == 0x336ec578);
}

static void test_elf_bad(void)
{
	struct elf e;
	size_t size;

	make_elf(&e);
	e.note.n.n_type = 17;
	CHECK(kernel(&e, sizeof(e)) && says("without a PVH note"));
	make_elf(&e);
	e.note.n.n_descsz = 0xfffffffc;
	CHECK(kernel(&e, sizeof(e)) && says("without a PVH note"));
	make_elf(&e);
	e.note.entry = 4;
	CHECK(kernel(&e, sizeof(e)) && says("PVH entry 0x4 lies outside"));
	make_elf(&e);
	e.h.e_machine = EM_AARCH64;
	CHECK(kernel(&e, sizeof(e)) && says("made for machine 183 (0x12), not for x86"));
	make_elf(&e);
	e.h.e_ident[EI_CLASS] = 9;
	CHECK(kernel(&e, sizeof(e)) && says("ELF class 9 at 0x4"));
	make_elf(&e);
	e.h.e_phoff = UINT64_MAX - 8;
	CHECK(kernel(&e, sizeof(e)) && says("ends before its program header 0"));
	make_elf(&e);
	e.p[0].p_offset = UINT64_MAX;
	CHECK(kernel(&e, sizeof(e)) && says("cut short: segment 0"));
	make_elf(&e);
	e.p[0].p_paddr = UINT64_MAX - 100;
	CHECK(kernel(&e, sizeof(e)) && says("contradict"));
	make_elf(&e);
	e.p[0].p_memsz = 100;
	CHECK(kernel(&e, sizeof(e)) && says("contradict"));
	make_elf(&e);
	e.p[0].p_paddr = 0x1000;
	e.note.entry = 0x1010;
	CHECK(kernel(&e, sizeof(e)) && says("does not fit into memory"));
	make_elf(&e);
	e.p[0].p_paddr = ram.size - 4095;
	CHECK(kernel(&e, sizeof(e)) && says("does not fit into memory"));
	for (size = 1; size < sizeof(e); size += 7)
		CHECK(kernel(&e, size));
}

/* multiboot, by the addresses in its header */

static void make_multiboot(uint32_t w[64])
{
	memset(w, 0, 256);
	w[8] = 0x1badb002;
	w[9] = 1 << 16;
	w[10] = -(w[8] + w[9]);
	w[11] = MIB + 32;	/* header, load, end of load, end of bss, entry */
	w[12] = MIB;
	w[13] = MIB + 256;
	w[14] = MIB + 512;
	w[15] = MIB + 64;
}

static void test_multiboot(void)
{
	uint32_t w[64];

	make_multiboot(w);
	CHECK(!kernel(w, sizeof(w)));
	CHECK(entry.mode == ENTRY_FLAT32 && entry.rax == 0x2badb002 && entry.rip == MIB + 64);
	CHECK(!memcmp(ram.base + MIB, w, sizeof(w)));
	w[10]++;
	CHECK(kernel(w, sizeof(w)) && says("nor multiboot: no 1badb002"));
	make_multiboot(w);
	w[13] = MIB + 1024;
	CHECK(kernel(w, sizeof(w)) && says("asks for more than the file has"));
	make_multiboot(w);
	w[12] = MIB + 64;
	CHECK(kernel(w, sizeof(w)) && says("does not go with its header"));
	make_multiboot(w);
	w[15] = 0;
	CHECK(kernel(w, sizeof(w)) && says("entry 0x0 lies outside"));
	make_multiboot(w);
	w[9] |= 1 << 5;
	w[10] = -(w[8] + w[9]);
	CHECK(kernel(w, sizeof(w)) && says("ask for what is not known"));
	make_multiboot(w);
	w[14] = 0xfffffff0;
	CHECK(kernel(w, sizeof(w)) && says("do not fit into memory"));
	make_multiboot(w);
	CHECK(kernel(w, 48) && says("ends within its multiboot header"));
}

static void test_flat(void)
{
	static const uint8_t code[1024] = { 0xf4 };
	struct image img = image(code, sizeof(code));

	CHECK(!load_flat(&img, &load, &entry));
	CHECK(entry.mode == ENTRY_REAL && entry.rip == 0x7c00 && ram.base[0x7c00] == 0xf4);
	CHECK(!load_long(&img, &load, &entry) && entry.rip == MIB);
	load.address = 0x10000;
	CHECK(load_flat(&img, &load, &entry) && says("real mode begins in the first 64 KiB"));
	load.address = 0x9000;
	CHECK(load_long(&img, &load, &entry) && says("the page tables are there"));
	load.address = ram.size - 1023;
	CHECK(load_long(&img, &load, &entry) && says("do not fit into memory"));
	load.address = 0;
	free(img.data);
}

/* Bytes of right files, changed at random: any answer will do that is one. */
static void test_mutated(void)
{
	union {
		struct bzimage b;
		struct elf e;
		uint32_t w[64];
	} u;
	unsigned int i, k, good = 0;

	for (i = 0; i < 30000; i++) {
		size_t size = i % 3 == 0 ? sizeof(u.b) : i % 3 == 1 ? sizeof(u.e) : sizeof(u.w);
		size_t head = i % 3 == 0 ? 0x1f1 : 0, span = i % 3 == 0 ? 128 : 256;

		switch (i % 3) {
		case 0:
			make_bzimage(&u.b);
			break;
		case 1:
			make_elf(&u.e);
			break;
		default:
			make_multiboot(u.w);
		}
		for (k = random32() % 4; k; k--)
			((uint8_t *)&u)[head + random32() % span] = random32();
		good += !kernel(&u, size - (random32() % 8 ? 0 : random32() % size));
	}
	CHECK(good > 1000 && good < 29000);
}

int main(void)
{
	test_ram(&ram, 24 * MIB);
	test_bzimage_good();
	test_bzimage_bad();
	test_elf_good();
	test_elf_bad();
	test_multiboot();
	test_flat();
	test_mutated();
	test_ram_free(&ram);
	return test_end("loaders");
}
