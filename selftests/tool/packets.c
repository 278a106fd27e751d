// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugger's stub against what may come over its socket: first what gdb says,
 * then packets of every kind of wrong, then at random. The sanitizers watch. The
 * vCPUs are two structures; their memory is mapped as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../userspace/control/control.h"
#include "../../userspace/gdb/gdb.h"
#include "test.h"

#define RAM_SIZE	(64u << 10)

static struct machine m;
static struct options options = { .cpus = 2 };
static struct kvm_regs regs[2];
static struct kvm_sregs sregs[2];
static struct kvm_fpu fpu[2];
static struct kvm_guest_debug debug[2];
static struct gdb *stub;
static int far_end;
static char got[65536];

int vellum_vcpu_get_regs(const struct vellum_vcpu *vcpu, struct kvm_regs *r)
{
	*r = regs[vcpu->id];
	return 0;
}

int vellum_vcpu_set_regs(const struct vellum_vcpu *vcpu, const struct kvm_regs *r)
{
	regs[vcpu->id] = *r;
	return 0;
}

int vellum_vcpu_get_sregs(const struct vellum_vcpu *vcpu, struct kvm_sregs *s)
{
	*s = sregs[vcpu->id];
	return 0;
}

int vellum_vcpu_set_sregs(const struct vellum_vcpu *vcpu, const struct kvm_sregs *s)
{
	sregs[vcpu->id] = *s;
	return 0;
}

int vellum_vcpu_get_fpu(const struct vellum_vcpu *vcpu, struct kvm_fpu *f)
{
	*f = fpu[vcpu->id];
	return 0;
}

int vellum_vcpu_set_fpu(const struct vellum_vcpu *vcpu, const struct kvm_fpu *f)
{
	fpu[vcpu->id] = *f;
	return 0;
}

int vellum_vcpu_get_mp_state(const struct vellum_vcpu *vcpu, uint32_t *state)
{
	*state = vcpu->id;
	return 0;
}

int vellum_vcpu_set_guest_debug(const struct vellum_vcpu *vcpu, const struct kvm_guest_debug *d)
{
	debug[vcpu->id] = *d;
	return 0;
}

int vellum_vcpu_translate(const struct vellum_vcpu *vcpu, uint64_t linear,
			  struct kvm_translation *out)
{
	(void)vcpu;
	*out = (struct kvm_translation){ .physical_address = linear, .valid = linear < 1 << 20 };
	return 0;
}

void cpus_pause(struct machine *machine)
{
	machine->pauses++;
}

void cpus_resume(struct machine *machine)
{
	machine->pauses--;
}

void machine_end(struct machine *machine, enum ending ending)
{
	(void)machine;
	(void)ending;
}

void command_run(struct machine *machine, const char *line, FILE *out)
{
	(void)machine;
	fprintf(out, "heard %s\n", line);
}

static void attach(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		abort();
	far_end = fds[1];
	stub = gdb_attach(&m, fds[0]);
	CHECK(stub && m.pauses == 1);
}

static void detach(void)
{
	gdb_detach(stub);
	CHECK(m.pauses == 0);
	close(far_end);
}

/* What the stub has answered since the last look. */
static void listen_all(void)
{
	ssize_t n, len = 0;

	while (len < (ssize_t)sizeof(got) - 1 &&
	       (n = recv(far_end, got + len, sizeof(got) - 1 - len, MSG_DONTWAIT)) > 0)
		len += n;
	got[len] = 0;
}

static int send_raw(const void *data, size_t len)
{
	int gone;

	if (send(far_end, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	gone = gdb_input(stub);
	listen_all();
	return gone;
}

static int ask(const char *text)
{
	char packet[1024];
	uint8_t sum = 0;
	size_t i;

	for (i = 0; text[i]; i++)
		sum += text[i];
	snprintf(packet, sizeof(packet), "$%s#%02x", text, sum);
	return send_raw(packet, strlen(packet));
}

#define ANSWERS(packet, answer)	CHECK(!ask(packet) && strstr(got, "$" answer "#"))

static void test_talk(void)
{
	attach();
	CHECK(!ask("qSupported:swbreak+") && strstr(got, "PacketSize=4000"));
	ANSWERS("?", "T05thread:1;");
	ANSWERS("qfThreadInfo", "m1,2");
	ANSWERS("T2", "OK");
	ANSWERS("T3", "E01");
	ANSWERS("Hg3", "E01");
	ANSWERS("vMustReplyEmpty", "");
	CHECK(!ask("qXfer:features:read:target.xml:0,3fff") && strstr(got, "org.vellum.system"));
	ANSWERS("qXfer:features:read:target.xml:fffff,10", "E01");
	m.ram.base[0x1000] = 0xab;
	ANSWERS("m1000,1", "ab");
	ANSWERS("m200000,4", "E01");
	ANSWERS("M1001,2:cdef", "OK");
	CHECK(m.ram.base[0x1001] == 0xcd && m.ram.base[0x1002] == 0xef);
	ANSWERS("Mfffe,4:01020304", "E01");
	ANSWERS("X1003,2:}]}\003", "OK");
	CHECK(m.ram.base[0x1003] == '}' && m.ram.base[0x1004] == '#');
	regs[1].rbx = 0x1122334455667788;
	ANSWERS("Hg2", "OK");
	ANSWERS("p1", "8877665544332211");
	ANSWERS("P1=0100000000000000", "OK");
	CHECK(regs[1].rbx == 1);
	ANSWERS("P1=01", "E01");
	ANSWERS("pfff", "E01");
	ANSWERS("qRcmd,68656c6c6f", "OK");
	CHECK(strstr(got, "$O6865617264"));
	detach();
}

static void test_breaks(void)
{
	char packet[32];
	unsigned int i;

	attach();
	m.ram.base[0x2000] = 0x90;
	ANSWERS("Z0,2000,1", "OK");
	CHECK(m.ram.base[0x2000] == 0xcc);
	ANSWERS("z0,2000,1", "OK");
	CHECK(m.ram.base[0x2000] == 0x90);
	ANSWERS("Z0,200000,1", "E01");
	for (i = 0; i < 64; i++) {
		snprintf(packet, sizeof(packet), "Z0,%x,1", 0x3000 + i);
		ANSWERS(packet, "OK");
	}
	ANSWERS("Z0,2000,1", "E01");
	ANSWERS("Z1,2000,1", "OK");
	ANSWERS("Z2,2008,8", "OK");
	ANSWERS("Z4,2010,4", "OK");
	ANSWERS("Z2,2011,4", "E01");
	ANSWERS("Z3,2010,4", "");
	ANSWERS("Z1,2001,1", "OK");
	ANSWERS("Z1,2002,1", "E01");
	CHECK(!ask("vCont;s:2;c") && m.pauses == 0);
	CHECK(debug[1].control & KVM_GUESTDBG_SINGLESTEP &&
	      !(debug[0].control & KVM_GUESTDBG_SINGLESTEP));
	CHECK(debug[0].arch.debugreg[1] == 0x2008 && debug[0].arch.debugreg[7] >> 20 == 0xf9);
	/* Nothing is taken while it runs, but Ctrl-C. */
	CHECK(!ask("m0,1") && !strstr(got, "$"));
	CHECK(!send_raw("\003", 1) && strstr(got, "$T02thread"));
	ANSWERS("vCont;c:9", "");
	detach();
	for (i = 0; i < 64; i++)
		CHECK(m.ram.base[0x3000 + i] != 0xcc);
	CHECK(!debug[0].control && !m.cpus[1].held);
}

static void test_trap(void)
{
	attach();
	CHECK(!ask("Z0,2000,1") && !ask("c"));
	m.cpus[1].trap = (struct kvm_debug_exit_arch){ .exception = 3, .pc = 0x2000 };
	m.cpus[1].held = true;
	m.cpus[1].trapped = true;
	gdb_trap(stub);
	listen_all();
	CHECK(strstr(got, "$T05thread:2;swbreak:;#"));
	CHECK(!ask("c"));
	/* Not a breakpoint of ours: given to the guest, which goes on. */
	m.cpus[0].trap = (struct kvm_debug_exit_arch){ .exception = 3, .pc = 0x2468 };
	m.cpus[0].held = true;
	m.cpus[0].trapped = true;
	gdb_trap(stub);
	listen_all();
	CHECK(!*got && m.pauses == 0 && !m.cpus[0].held);
	gdb_end(stub, 0);
	listen_all();
	CHECK(strstr(got, "$W00#"));
	detach();
}

static void test_malformed(void)
{
	static const char * const wrong[] = {
		"", "m", "m,", "m1", "m1,", "mzz,zz", "M", "M0", "M0,", "M0,1", "M0,4:zz",
		"Mffffffffffffffff,ffffffffffffffff:00", "X", "X0,5:ab", "X0,1:}", "P", "P1",
		"P1=", "P=", "p", "G", "G00", "Z", "Z0", "Z0,", "Z9,0,1", "Z1,0,0", "z", "z1",
		"H", "Hg", "Hgzz", "Hc-1", "T", "T0", "vCont", "vCont;", "vCont;c:zz", "vCont;;;",
		"vCont;s:99", "q", "qXfer:features:read:target.xml:", "qRcmd,", "qRcmd,zz",
		"qThreadExtraInfo,", "qThreadExtraInfo,ff", "Q", "v", "!", "R00",
	};
	size_t i;

	attach();
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK(!ask(wrong[i]));
		if (m.pauses == 0)
			send_raw("\003", 1);
	}
	CHECK(!send_raw("$m0,1", 5) && !send_raw("#", 1) && !send_raw("f9", 2));
	CHECK(strstr(got, "$"));
	detach();
}

static void test_random(void)
{
	static const char alphabet[] = "mMXgGpPZzHTqQvcsDk?0123456789abcdef,:;=#$+-}\003";
	unsigned int i, n, gone = 0;
	char bytes[64];

	attach();
	for (i = 0; i < 100000; i++) {
		size_t len = random32() % sizeof(bytes);

		for (n = 0; n < len; n++)
			bytes[n] = random32() % 8 ? alphabet[random32() % (sizeof(alphabet) - 1)] :
				(char)random32();
		if (len && random32() % 4)
			bytes[0] = '$';
		if (len > 4 && random32() % 2)
			memcpy(bytes + len - 3, "#00", 3);
		if (!len || !send_raw(bytes, len))
			continue;
		detach();
		attach();
		gone++;
	}
	printf("packets: %u pieces, %u debuggers gone\n", i, gone);
	detach();
	CHECK(gone > 10);
}

int main(void)
{
	m.opt = &options;
	m.cpus[1].vcpu.id = 1;
	m.cpus[0].machine = &m;
	m.cpus[1].machine = &m;
	test_ram(&m.ram, RAM_SIZE);
	test_talk();
	test_breaks();
	test_trap();
	test_malformed();
	test_random();
	test_ram_free(&m.ram);
	return test_end("packets");
}
