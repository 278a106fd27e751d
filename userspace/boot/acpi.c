// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI tables: the CPUs and interrupt controllers, how to turn the machine
 * off, and the devices that no bus would find.
 */
#include <string.h>

#include "aml.h"
#include "../run/machine.h"
#include "../device/power.h"
#include "../device/serial.h"

#define LAPIC_BASE	0xfee00000u
#define IOAPIC_BASE	0xfec00000u

#define FADT_LEGACY	(1u << 0)	/* boot architecture: serial port and the like */
#define FADT_NO_VGA	(1u << 2)
#define FADT_WBINVD	(1u << 0)	/* flags */
#define FADT_C1		(1u << 2)
#define FADT_NO_SLEEP	(1u << 5)
#define FADT_NO_RTC	(1u << 6)
#define FADT_RESET	(1u << 10)

struct sdt {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t checksum_all;
	uint8_t reserved[3];
} __attribute__((packed));

struct facs {
	char signature[4];
	uint32_t length;
	uint8_t rest[56];
} __attribute__((packed));

struct address {
	uint8_t space;		/* 1: ports */
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __attribute__((packed));

struct fadt {
	struct sdt head;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved1;
	uint8_t profile;
	uint16_t sci;
	uint8_t smi[8];
	uint32_t pm1a_event;
	uint32_t pm1b_event;
	uint32_t pm1a_control;
	uint32_t pm1b_control;
	uint32_t pm2_control;
	uint32_t pm_timer;
	uint32_t gpe[2];
	uint8_t pm1_event_len;
	uint8_t pm1_control_len;
	uint8_t pm2_control_len;
	uint8_t pm_timer_len;
	uint8_t gpe_len[4];
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint8_t cache[6];
	uint8_t rtc[3];
	uint16_t boot_arch;
	uint8_t reserved2;
	uint32_t flags;
	struct address reset;
	uint8_t reset_value;
	uint8_t rest[115];	/* up to revision 3's length: 64-bit addresses, not used */
} __attribute__((packed));

_Static_assert(sizeof(struct fadt) == 244, "FADT of revision 3");

struct madt {
	struct sdt head;
	uint32_t lapic;
	uint32_t flags;		/* 1: there are PICs too */
} __attribute__((packed));

struct madt_cpu {
	uint8_t type, length;
	uint8_t uid;
	uint8_t apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length;
	uint8_t bus;
	uint8_t irq;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

/* What has been written so far, from LOW_ACPI on. */
struct writer {
	uint8_t *base;
	size_t len;
};

static uint8_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return -sum;
}

static uint32_t put(struct writer *w, const void *data, size_t len)
{
	uint32_t at = LOW_ACPI + w->len;

	memcpy(w->base + w->len, data, len);
	w->len = (w->len + len + 63) & ~63ul;
	return at;
}

static struct sdt header(const char *signature, uint8_t revision, size_t length)
{
	struct sdt h = { .length = length, .revision = revision, .oem_revision = 1,
			 .creator_revision = 1 };

	memcpy(h.signature, signature, 4);
	memcpy(h.oem, "VELLUM", 6);
	memcpy(h.oem_table, "VELLUM  ", 8);
	memcpy(h.creator, "VLLM", 4);
	return h;
}

/* A table that is all there at @table, its header's length included. */
static uint32_t put_table(struct writer *w, void *table)
{
	struct sdt *h = table;

	h->checksum = 0;
	h->checksum = checksum(table, h->length);
	return put(w, table, h->length);
}

static void serial_device(struct aml *a, unsigned int i)
{
	const struct serial_place *place = &serial_places[i];
	uint8_t low = place->port, high = place->port >> 8;
	char name[5] = { 'C', 'O', 'M', '1' + i, 0 };
	const uint8_t resources[] = {
		0x47, 1, low, high, low, high, 1, 8,		/* 8 ports */
		0x22, 1 << place->gsi, 0,			/* their IRQ, of the first 8 */
		0x79, 0,
	};

	aml_device(a, name);
	aml_name_int(a, "_HID", 0x0105d041);			/* EISAID ("PNP0501") */
	aml_name_int(a, "_UID", i);
	aml_name_buffer(a, "_CRS", resources, sizeof(resources));
	aml_end(a);
}

static void virtio_device(struct aml *a, unsigned int i)
{
	uint32_t base = MMIO_VIRTIO + i * 4096, size = 4096, gsi = GSI_VIRTIO + i;
	char name[5] = { 'V', 'I', 'R', '0' + i, 0 };
	uint8_t resources[23] = {
		0x86, 9, 0, 1,					/* memory, writable */
		[12] = 0x89, 6, 0, 3, 1,			/* one interrupt: edge, high */
		[21] = 0x79, 0,
	};

	memcpy(resources + 4, &base, 4);
	memcpy(resources + 8, &size, 4);
	memcpy(resources + 17, &gsi, 4);
	aml_device(a, name);
	aml_name_string(a, "_HID", "LNRO0005");
	aml_name_int(a, "_UID", i);
	aml_name_buffer(a, "_CRS", resources, sizeof(resources));
	aml_end(a);
}

static uint32_t put_dsdt(struct machine *m, struct writer *w)
{
	static const uint8_t s5[4] = { SLEEP_S5, SLEEP_S5, 0, 0 };
	struct {
		struct sdt head;
		uint8_t body[AML_ROOM];
	} table;
	struct aml aml = { .len = 0 };
	unsigned int i;

	aml_name_package(&aml, "_S5_", s5, sizeof(s5));
	aml_scope_sb(&aml);
	for (i = 0; i < serial_ports(m); i++)
		serial_device(&aml, i);
	for (i = 0; i < m->nr_virtio; i++)
		virtio_device(&aml, i);
	aml_end(&aml);
	table.head = header("DSDT", 2, sizeof(table.head) + aml.len);
	memcpy(table.body, aml.buf, aml.len);
	return put_table(w, &table);
}

static uint32_t put_fadt(struct writer *w, uint32_t dsdt)
{
	struct facs facs = { .signature = "FACS", .length = sizeof(facs) };
	struct fadt fadt = {
		.head = header("FACP", 3, sizeof(fadt)),
		.facs = put(w, &facs, sizeof(facs)),
		.dsdt = dsdt,
		.sci = GSI_SCI,
		.pm1a_event = PORT_PM1_EVENT,
		.pm1a_control = PORT_PM1_CNT,
		.pm_timer = PORT_PM_TIMER,
		.pm1_event_len = 4,
		.pm1_control_len = 2,
		.pm_timer_len = 4,
		.c2_latency = 0xffff,
		.c3_latency = 0xffff,
		.boot_arch = FADT_LEGACY | FADT_NO_VGA,
		.flags = FADT_WBINVD | FADT_C1 | FADT_NO_SLEEP | FADT_NO_RTC | FADT_RESET,
		.reset = { .space = 1, .bits = 8, .access = 1, .address = PORT_RESET },
		.reset_value = RESET_VALUE,
	};

	return put_table(w, &fadt);
}

static uint32_t put_madt(struct machine *m, struct writer *w)
{
	struct {
		struct madt madt;
		struct madt_ioapic ioapic;
		struct madt_override timer;
		struct madt_override sci;
		struct madt_cpu cpus[MAX_CPUS];
	} __attribute__((packed)) table = {
		.madt = { .lapic = LAPIC_BASE, .flags = 1 },
		.ioapic = { 1, sizeof(table.ioapic), 0, 0, IOAPIC_BASE, 0 },
		.timer = { 2, sizeof(table.timer), 0, 0, 2, 0 },
		/* Active high, level: flags 1 and 3 << 2. */
		.sci = { 2, sizeof(table.sci), 0, GSI_SCI, GSI_SCI, 0xd },
	};
	unsigned int i;

	for (i = 0; i < m->opt->cpus; i++)
		table.cpus[i] = (struct madt_cpu){ 0, sizeof(table.cpus[i]), i, i, 1 };
	table.madt.head = header("APIC", 3, offsetof(typeof(table), cpus) +
				 i * sizeof(table.cpus[0]));
	return put_table(w, &table);
}

/* The root comes first, at LOW_ACPI, so that its address is known beforehand. */
void acpi_build(struct machine *m)
{
	struct writer w = { .base = ram_at(&m->ram, LOW_ACPI, HIGH_START - LOW_ACPI) };
	struct {
		struct sdt head;
		uint64_t tables[2];
	} __attribute__((packed)) xsdt;
	struct rsdp rsdp = { .signature = "RSD PTR ", .oem = "VELLUM", .revision = 2,
			     .length = sizeof(rsdp) };

	put(&w, &rsdp, sizeof(rsdp));
	xsdt.tables[0] = put_fadt(&w, put_dsdt(m, &w));
	xsdt.tables[1] = put_madt(m, &w);
	xsdt.head = header("XSDT", 1, sizeof(xsdt));
	rsdp.xsdt = put_table(&w, &xsdt);
	rsdp.checksum = checksum(&rsdp, 20);
	rsdp.checksum_all = checksum(&rsdp, sizeof(rsdp));
	memcpy(w.base, &rsdp, sizeof(rsdp));
}
