// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux bzImage, by the 64-bit boot protocol
 * (Documentation/arch/x86/boot.rst of Linux).
 */
#include <asm/bootparam.h>
#include <stdbool.h>
#include <string.h>

#include "image.h"
#include "../run/machine.h"

#define HEADER_OFFSET		0x1f1
#define VERSION_64BIT		0x20c	/* xloadflags came with it */
#define VERSION_RSDP		0x20e
#define ENTRY_64		0x200	/* behind the start of the loaded part */

static int check_header(const struct image *img, const struct setup_header *h)
{
	if (h->boot_flag != 0xaa55)
		return fail("%s: not a bzImage: no aa55 at 0x1fe", img->name);
	if (h->version < VERSION_64BIT)
		return fail("%s: boot protocol %u.%02u at 0x206; 64-bit entry came with 2.12",
			    img->name, h->version >> 8, h->version & 255);
	if (!(h->xloadflags & XLF_KERNEL_64))
		return fail("%s: no 64-bit entry (bit 0 of 0x236 is clear): a 32-bit kernel",
			    img->name);
	if (!(h->loadflags & LOADED_HIGH))
		return fail("%s: a zImage, made to be loaded below 1 MiB (bit 0 of 0x211 is clear)",
			    img->name);
	return 0;
}

/* Where the kernel's loaded part goes. 0: nowhere. */
static uint64_t place(const struct image *img, const struct load *load,
		      const struct setup_header *h, uint64_t size)
{
	uint64_t need = h->init_size > size ? h->init_size : size;
	uint64_t addr = h->pref_address, align = h->kernel_alignment;

	if (addr >= HIGH_START && ram_at(load->ram, addr, need))
		return addr;
	if (h->relocatable_kernel && align && !(align & (align - 1))) {
		addr = (HIGH_START + align - 1) & ~(align - 1);
		if (ram_at(load->ram, addr, need))
			return addr;
	}
	fail("%s: needs %llu MiB from 0x%llx on; give more --memory", img->name,
	     (unsigned long long)(need + (1 << 20) - 1) >> 20, (unsigned long long)addr);
	return 0;
}

static void fill_zeropage(struct boot_params *zp, const struct image *img,
			  const struct load *load, uint64_t initrd, uint64_t initrd_size)
{
	struct e820_area map[E820_AREAS];
	/* The header's length is the byte at 0x201, counted from 0x202. */
	size_t len = 0x202 + img->data[0x201] - HEADER_OFFSET;
	unsigned int i, n = ram_map(load->ram, map);

	if (len > sizeof(zp->hdr))
		len = sizeof(zp->hdr);
	memset(zp, 0, sizeof(*zp));
	memcpy(&zp->hdr, img->data + HEADER_OFFSET, len);
	zp->hdr.type_of_loader = 0xff;
	zp->hdr.loadflags &= ~CAN_USE_HEAP;
	zp->hdr.vid_mode = 0xffff;
	zp->hdr.cmd_line_ptr = LOW_CMDLINE;
	zp->hdr.ramdisk_image = initrd;
	zp->hdr.ramdisk_size = initrd_size;
	if (zp->hdr.version >= VERSION_RSDP)
		zp->acpi_rsdp_addr = load->rsdp;
	zp->e820_entries = n;
	for (i = 0; i < n; i++)
		zp->e820_table[i] = (struct boot_e820_entry){
			map[i].start, map[i].size, map[i].type,
		};
}

int load_linux(const struct image *img, const struct load *load, struct entry *entry)
{
	struct setup_header h;
	uint64_t setup, addr, need, initrd, initrd_size, initrd_max;

	if (!image_at(img, 0, HEADER_OFFSET + sizeof(h)) || memcmp(img->data + 0x202, "HdrS", 4))
		return fail("%s: not a bzImage: no HdrS at 0x202", img->name);
	memcpy(&h, img->data + HEADER_OFFSET, sizeof(h));
	if (check_header(img, &h))
		return -1;
	setup = ((h.setup_sects ? h.setup_sects : 4) + 1) * 512;
	if (setup + ENTRY_64 >= img->size)
		return fail("%s: ends at 0x%zx; by setup_sects at 0x1f1 the kernel is at 0x%llx",
			    img->name, img->size, (unsigned long long)setup);
	if (img->size < setup + h.syssize * 16ull - 15)
		return fail("%s: cut short: %zu bytes, and syssize at 0x1f4 says %llu", img->name,
			    img->size, (unsigned long long)(setup + h.syssize * 16ull));
	addr = place(img, load, &h, img->size - setup);
	if (!addr)
		return -1;
	memcpy(ram_at(load->ram, addr, img->size - setup), img->data + setup, img->size - setup);

	need = h.init_size > img->size - setup ? h.init_size : img->size - setup;
	initrd_max = h.initrd_addr_max ? h.initrd_addr_max + 1ull : 0x38000000;
	if (put_cmdline(img, load, h.cmdline_size ? h.cmdline_size : 255) ||
	    put_initrd(load, addr + need, initrd_max, &initrd, &initrd_size))
		return -1;
	fill_zeropage(ram_at(load->ram, LOW_ZEROPAGE, 4096), img, load, initrd, initrd_size);
	*entry = (struct entry){
		.mode = ENTRY_LONG,
		.rip = addr + ENTRY_64,
		.rsp = LOW_STACK,
		.rsi = LOW_ZEROPAGE,
	};
	return 0;
}
