// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio devices against drivers that mean harm: rings of every kind of wrong,
 * first one by one, then at random. The sanitizers watch the tool's memory;
 * what must hold is that the device stops with a message, or serves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>

#include "../../userspace/device/console.h"
#include "../../userspace/run/helper.h"
#include "../../userspace/virtio/virtio.h"
#include "test.h"

#define RAM_SIZE	(256u << 10)
#define RING		16u
#define DESC		0x1000u
#define AVAIL		0x2000u
#define USED		0x3000u
#define TABLE		0x4000u		/* indirect */
#define HEAD		0x5000u		/* of a disk request */
#define DATA		0x6000u
#define STATUS		0x7fffu

static struct machine m;
static struct virtio_dev *disk, *rng, *console, *balloon, *net;
static int wire;		/* the other end of the network card's */
static const struct options options;
static unsigned int interrupts;
static size_t written_out;

void machine_irq(struct machine *machine, unsigned int gsi, bool level)
{
	(void)machine;
	(void)gsi;
	interrupts += level;
}

void console_write(const void *data, size_t len)
{
	static volatile uint8_t sum;
	size_t i;

	/* Touch it all, as write() would. */
	for (i = 0; i < len; i++)
		sum += ((const uint8_t *)data)[i];
	written_out += len;
}

/* The card is given another wire than this helper's. */
int helper_find(const char *name, char *path, size_t size)
{
	(void)name;
	snprintf(path, size, "/bin/true");
	return 0;
}

static void reg(struct virtio_dev *dev, uint32_t offset, uint32_t value)
{
	bus_access(&m.mmio, MMIO_VIRTIO + dev->slot * 4096 + offset, &value, 4, true);
}

static uint32_t reg_read(struct virtio_dev *dev, uint32_t offset)
{
	uint32_t value;

	bus_access(&m.mmio, MMIO_VIRTIO + dev->slot * 4096 + offset, &value, 4, false);
	return value;
}

static struct vring_desc *desc(unsigned int i)
{
	return (struct vring_desc *)(m.ram.base + DESC) + i;
}

static struct vring_avail *avail(void)
{
	return (struct vring_avail *)(m.ram.base + AVAIL);
}

static struct vring_used *used(void)
{
	return (struct vring_used *)(m.ram.base + USED);
}

static void set_up(struct virtio_dev *dev, unsigned int q)
{
	memset(m.ram.base, 0, RAM_SIZE);
	said_clear();
	reg(dev, VIRTIO_MMIO_STATUS, 0);
	reg(dev, VIRTIO_MMIO_STATUS, 1 | 2);
	reg(dev, VIRTIO_MMIO_STATUS, 1 | 2 | 8);
	reg(dev, VIRTIO_MMIO_QUEUE_SEL, q);
	reg(dev, VIRTIO_MMIO_QUEUE_NUM, RING);
	reg(dev, VIRTIO_MMIO_QUEUE_DESC_LOW, DESC);
	reg(dev, VIRTIO_MMIO_QUEUE_AVAIL_LOW, AVAIL);
	reg(dev, VIRTIO_MMIO_QUEUE_USED_LOW, USED);
	reg(dev, VIRTIO_MMIO_QUEUE_READY, 1);
	reg(dev, VIRTIO_MMIO_STATUS, 1 | 2 | 8 | 4);
}

static void kick(struct virtio_dev *dev, unsigned int q)
{
	if (!dev->broken && dev->queues[q].ready)
		dev->ops->kick(dev, q);
}

/* A read of one sector, as a driver makes it. */
static void disk_request(uint32_t type, uint64_t sector)
{
	struct virtio_blk_outhdr head = { .type = type, .sector = sector };
	uint16_t in = type == VIRTIO_BLK_T_OUT ? 0 : VRING_DESC_F_WRITE;

	memcpy(m.ram.base + HEAD, &head, sizeof(head));
	m.ram.base[STATUS] = 0xee;
	*desc(0) = (struct vring_desc){ HEAD, sizeof(head), VRING_DESC_F_NEXT, 1 };
	*desc(1) = (struct vring_desc){ DATA, 512, VRING_DESC_F_NEXT | in, 2 };
	*desc(2) = (struct vring_desc){ STATUS, 1, VRING_DESC_F_WRITE, 0 };
	avail()->ring[avail()->idx % RING] = 0;
	avail()->idx++;
}

static void test_disk_serves(void)
{
	set_up(disk, 0);
	memset(m.ram.base + DATA, 0x5a, 512);
	disk_request(VIRTIO_BLK_T_OUT, 3);
	interrupts = 0;
	kick(disk, 0);
	CHECK(m.ram.base[STATUS] == VIRTIO_BLK_S_OK && used()->idx == 1 && interrupts == 1);
	memset(m.ram.base + DATA, 0, 512);
	disk_request(VIRTIO_BLK_T_IN, 3);
	kick(disk, 0);
	CHECK(m.ram.base[STATUS] == VIRTIO_BLK_S_OK && m.ram.base[DATA + 511] == 0x5a);
	CHECK(used()->ring[1].len == 513);
	disk_request(VIRTIO_BLK_T_IN, 1u << 30);
	kick(disk, 0);
	CHECK(m.ram.base[STATUS] == VIRTIO_BLK_S_IOERR);
	disk_request(VIRTIO_BLK_T_IN, UINT64_MAX / 512 + 2);
	kick(disk, 0);
	CHECK(m.ram.base[STATUS] == VIRTIO_BLK_S_IOERR);
	disk_request(77, 0);
	kick(disk, 0);
	CHECK(m.ram.base[STATUS] == VIRTIO_BLK_S_UNSUPP);
	disk_request(VIRTIO_BLK_T_GET_ID, 0);
	kick(disk, 0);
	CHECK(!strcmp((char *)m.ram.base + DATA, "vellum-0"));
	CHECK(!disk->broken);
}

static void expect_stop(const char *words)
{
	kick(disk, 0);
	CHECK(disk->broken && strstr(said, "virtio disk (device 0) stopped"));
	CHECK(strstr(said, words));
	CHECK(reg_read(disk, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	CHECK(!used()->idx);
	set_up(disk, 0);
	disk_request(VIRTIO_BLK_T_IN, 0);
}

static void test_malformed(void)
{
	struct vring_desc *table = (struct vring_desc *)(m.ram.base + TABLE);
	unsigned int i;

	set_up(disk, 0);
	disk_request(VIRTIO_BLK_T_IN, 0);
	avail()->ring[0] = RING;
	expect_stop("a descriptor's number beyond the table");
	desc(1)->next = 0xffff;
	expect_stop("a descriptor's number beyond the table");
	desc(2)->flags |= VRING_DESC_F_NEXT;
	desc(2)->next = 2;
	expect_stop("a chain that bites its own tail");
	desc(1)->addr = RAM_SIZE - 511;
	expect_stop("a buffer that is not all in RAM");
	desc(1)->addr = UINT64_MAX - 100;
	expect_stop("a buffer that is not all in RAM");
	desc(1)->len = UINT32_MAX;
	expect_stop("a buffer that is not all in RAM");
	desc(2)->flags = 0;
	expect_stop("a buffer to be read behind one to be written");
	avail()->idx += RING;
	expect_stop("more offered than the ring has entries");
	desc(0)->flags = 0;
	expect_stop("without room for its head and its answer");
	*desc(0) = (struct vring_desc){ TABLE, 17, VRING_DESC_F_INDIRECT, 0 };
	expect_stop("an indirect table that is not all in RAM");
	*desc(0) = (struct vring_desc){ TABLE, 16, VRING_DESC_F_INDIRECT, 0 };
	table[0] = (struct vring_desc){ TABLE, 16, VRING_DESC_F_INDIRECT, 0 };
	expect_stop("an indirect table within an indirect table");
	*desc(0) = (struct vring_desc){ TABLE, 16 * 300, VRING_DESC_F_INDIRECT, 0 };
	for (i = 0; i < 300; i++)
		table[i] = (struct vring_desc){ DATA, 1, VRING_DESC_F_NEXT, i + 1 };
	expect_stop("a chain of more than 256 buffers");
}

static void test_bad_queues(void)
{
	set_up(disk, 0);
	reg(disk, VIRTIO_MMIO_QUEUE_READY, 0);
	reg(disk, VIRTIO_MMIO_QUEUE_NUM, 3);
	reg(disk, VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK(disk->broken && !disk->queues[0].ready && strstr(said, "no power of two"));
	set_up(disk, 0);
	reg(disk, VIRTIO_MMIO_QUEUE_READY, 0);
	reg(disk, VIRTIO_MMIO_QUEUE_USED_LOW, RAM_SIZE - 64);
	reg(disk, VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK(disk->broken && strstr(said, "do not lie in RAM"));
	set_up(disk, 0);
	/* A queue in use cannot be moved under the device. */
	reg(disk, VIRTIO_MMIO_QUEUE_DESC_LOW, RAM_SIZE);
	reg(disk, VIRTIO_MMIO_QUEUE_NUM, 1u << 31);
	CHECK(disk->queues[0].num == RING && disk->queues[0].desc_addr == DESC);
	reg(disk, VIRTIO_MMIO_QUEUE_SEL, 77);
	reg(disk, VIRTIO_MMIO_QUEUE_READY, 1);
	CHECK(!reg_read(disk, VIRTIO_MMIO_QUEUE_NUM_MAX) && !disk->broken);
}

static void test_console(void)
{
	set_up(console, 1);
	*desc(0) = (struct vring_desc){ DATA, 5000, 0, 0 };
	avail()->idx = 1;
	written_out = 0;
	kick(console, 1);
	CHECK(written_out == 5000 && used()->idx == 1);
	set_up(console, 0);
	*desc(0) = (struct vring_desc){ DATA, 3, VRING_DESC_F_WRITE, 0 };
	avail()->idx = 1;
	CHECK(virtio_console_input(console, (const uint8_t *)"hello", 5) == 5);
	kick(console, 0);
	CHECK(!memcmp(m.ram.base + DATA, "hel", 4) && used()->ring[0].len == 3);
}

#define NET_HEADER	sizeof(struct virtio_net_hdr_v1)

static void new_wire(void)
{
	int fds[2];

	close(wire);
	if (net->backend_fd >= 0)
		close(net->backend_fd);
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
	net->backend_fd = fds[0];
	wire = fds[1];
}

static void test_net(void)
{
	static const char frame[] = "a frame";
	char buf[64];

	new_wire();
	set_up(net, 0);
	*desc(0) = (struct vring_desc){ DATA, 1600, VRING_DESC_F_WRITE, 0 };
	avail()->idx = 1;
	CHECK(write(wire, frame, sizeof(frame)) == sizeof(frame));
	net->ops->input(net);
	CHECK(used()->idx == 1 && used()->ring[0].len == NET_HEADER + sizeof(frame));
	CHECK(!memcmp(m.ram.base + DATA + NET_HEADER, frame, sizeof(frame)));
	/* Nothing waits: the buffer stays the driver's. */
	avail()->idx = 2;
	net->ops->input(net);
	CHECK(used()->idx == 1 && net->queues[0].seen == 1 && !net->broken);
	desc(0)->len = NET_HEADER + sizeof(frame) - 1;
	CHECK(write(wire, frame, sizeof(frame)) == sizeof(frame));
	net->ops->input(net);
	CHECK(net->broken && strstr(said, "too small for a frame"));

	set_up(net, 1);
	*desc(0) = (struct vring_desc){ DATA, NET_HEADER, VRING_DESC_F_NEXT, 1 };
	*desc(1) = (struct vring_desc){ HEAD, sizeof(frame), 0, 0 };
	memcpy(m.ram.base + HEAD, frame, sizeof(frame));
	avail()->idx = 1;
	kick(net, 1);
	CHECK(read(wire, buf, sizeof(buf)) == sizeof(frame) && !strcmp(buf, frame));
	CHECK(used()->idx == 1);
	desc(0)->len = NET_HEADER - 1;
	desc(0)->flags = 0;
	avail()->idx = 2;
	kick(net, 1);
	CHECK(net->broken && strstr(said, "a frame without its header"));
}

/* Told once, however often the driver asks; and what it sends goes nowhere. */
static void test_net_gone(void)
{
	new_wire();
	set_up(net, 0);
	*desc(0) = (struct vring_desc){ DATA, 1600, VRING_DESC_F_WRITE, 0 };
	avail()->idx = 1;
	close(wire);
	wire = -1;
	net->ops->input(net);
	CHECK(strstr(said, "the network has gone") && net->backend_fd == -1 && !net->broken);
	said_clear();
	kick(net, 0);
	CHECK(!*said && !used()->idx);
	set_up(net, 1);
	*desc(0) = (struct vring_desc){ DATA, 100, 0, 0 };
	avail()->idx = 1;
	kick(net, 1);
	CHECK(!*said && used()->idx == 1 && !net->broken);
	new_wire();
}

/* Mostly sensible numbers, so that the depths are reached too. */
static uint64_t some_address(void)
{
	switch (random32() % 8) {
	case 0:
		return random32();
	case 1:
		return RAM_SIZE - random32() % 1024;
	case 2:
		return (uint64_t)random32() << 32 | random32();
	}
	return random32() % RAM_SIZE;
}

static void random_ring(struct virtio_dev *dev, unsigned int q)
{
	unsigned int i;

	set_up(dev, q);
	for (i = 0; i < RAM_SIZE; i += 512)
		m.ram.base[i + random32() % 512] = random32();
	for (i = 0; i < RING; i++)
		*desc(i) = (struct vring_desc){
			some_address(), random32() % 4 ? random32() % 2048 : random32(),
			random32() % 8, random32() % (RING + (random32() % 8 == 0)),
		};
	if (random32() % 2) {
		disk_request(random32() % 16, random32() % 64);
		desc(random32() % 3)->len = 16 * (random32() % 200);
	}
	for (i = 0; i < RING; i++)
		avail()->ring[i] = random32() % (RING + (random32() % 16 == 0));
	avail()->idx = random32() % (RING + 2);
}

static void test_random(void)
{
	struct {
		struct virtio_dev *dev;
		unsigned int q;
	} targets[] = { { disk, 0 }, { rng, 0 }, { console, 0 }, { console, 1 },
			{ balloon, 0 }, { balloon, 1 }, { net, 0 }, { net, 1 } };
	static uint8_t frame[2048];
	unsigned int i, stopped = 0, served = 0;

	for (i = 0; i < 40000; i++) {
		struct virtio_dev *dev = targets[i % 8].dev;

		random_ring(dev, targets[i % 8].q);
		virtio_console_input(console, (const uint8_t *)"keys", 4);
		kick(dev, targets[i % 8].q);
		if (dev == net && targets[i % 8].q == 0) {
			CHECK(write(wire, frame, 1 + random32() % sizeof(frame)) > 0);
			if (!dev->broken)
				net->ops->input(net);
			while (read(net->backend_fd, frame, sizeof(frame)) > 0)
				;
		}
		while (read(wire, frame, sizeof(frame)) > 0)
			;
		stopped += dev->broken;
		served += used()->idx > 0;
		/* Registers at random too. */
		reg(dev, random32() % 1024 & ~3u, random32());
		reg_read(dev, random32() % 1024 & ~3u);
	}
	printf("rings: %u random rings, %u devices stopped, %u served\n", i, stopped, served);
	CHECK(stopped > 1000 && served > 1000);
}

int main(void)
{
	char path[] = "/tmp/vellum-disk.XXXXXX";
	struct disk_option option = { .path = path };
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, 64 << 10))
		return 2;
	close(fd);
	/* What wakes a device's thread, where vCPUs have a handler for it. */
	signal(SIG_KICK, SIG_IGN);
	m.dev.fd = -1;
	m.opt = &options;
	test_ram(&m.ram, RAM_SIZE);
	CHECK(!virtio_blk_add(&m, &option));
	CHECK(!virtio_rng_add(&m));
	CHECK(!virtio_console_add(&m, &console));
	CHECK(!virtio_balloon_add(&m));
	CHECK(!virtio_net_add(&m));
	balloon = m.balloon;
	net = m.virtio[4];
	disk = m.virtio[0];
	rng = m.virtio[1];
	unlink(path);
	test_disk_serves();
	test_malformed();
	test_bad_queues();
	test_console();
	wire = -1;
	test_net();
	test_net_gone();
	test_random();
	while (m.nr_virtio)
		virtio_destroy(m.virtio[--m.nr_virtio]);
	test_ram_free(&m.ram);
	return test_end("rings");
}
