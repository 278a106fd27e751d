// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port I/O.
 */
#include "../vellum.h"

#include <linux/string.h>

#include "../core/vcpu.h"
#include "../trace.h"
#include "../vmx/section.h"
#include "exit.h"

/* SDM 3C, "Exit Qualification for I/O Instructions". */
#define IO_SIZE(q)	(((q) & 7) + 1)
#define IO_IN(q)	((q) & BIT(3))
#define IO_STRING(q)	((q) & BIT(4))
#define IO_PORT(q)	(((q) >> 16) & 0xffff)

static int complete_out(struct vlm_vcpu *vcpu)
{
	vlm_skip_pending(vcpu);
	return VLM_RESUME;
}

static noinline void trace_enabled(struct vlm_vcpu *vcpu, bool in, u16 port, const void *data,
				   u8 size)
{
	u32 value = 0;

	memcpy(&value, data, size);
	trace_pio(vcpu, !in, port, size, value);
}

static __always_inline void trace_port(struct vlm_vcpu *vcpu, bool in, u16 port,
				       const void *data, u8 size)
{
	if (trace_pio_enabled())
		trace_enabled(vcpu, in, port, data, size);
}

/* memcpy() of a length that is known to be 1, 2 or 4. */
static __always_inline void copy(void *to, const void *from, u8 size)
{
	if (size == 1)
		*(u8 *)to = *(const u8 *)from;
	else if (size == 2)
		*(u16 *)to = *(const u16 *)from;
	else
		*(u32 *)to = *(const u32 *)from;
}

/* A 32-bit result clears the upper half, smaller ones keep the rest. */
static void set_result(struct vlm_vcpu *vcpu, u16 port, const void *data, u8 size)
{
	u64 *rax = &vcpu->gpr[GPR_RAX];

	if (size == 4)
		*rax = *(const u32 *)data;
	else
		copy(rax, data, size);
	trace_port(vcpu, true, port, data, size);
}

static int complete_in(struct vlm_vcpu *vcpu)
{
	set_result(vcpu, READ_ONCE(vcpu->run->io.port), vcpu->pio_data, vcpu->pending.size);
	vlm_skip_pending(vcpu);
	return VLM_RESUME;
}

/* Does a device of the kernel answer? */
static bool kernel_in(struct vlm_vcpu *vcpu, u16 port, u8 size)
{
	u64 *rax = &vcpu->gpr[GPR_RAX];

	/* As many bytes as the guest asked for, the others of RAX stay. */
	if (vlm_bus_read(vcpu, BUS_PIO, port, size, rax) != BUS_HANDLED)
		return false;
	if (size == 4)
		*rax = (u32)*rax;
	trace_port(vcpu, true, port, rax, size);
	return true;
}

static bool kernel_out(struct vlm_vcpu *vcpu, u16 port, u8 size)
{
	trace_port(vcpu, false, port, &vcpu->gpr[GPR_RAX], size);
	return vlm_bus_write(vcpu, BUS_PIO, port, size, &vcpu->gpr[GPR_RAX]) == BUS_HANDLED;
}

static noinline int to_user(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct kvm_run *run = vcpu->run;
	u64 qual = exit->qualification;
	u8 size = IO_SIZE(qual);

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = IO_IN(qual) ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.size = size;
	run->io.port = IO_PORT(qual);
	run->io.count = 1;
	run->io.data_offset = KVM_PIO_PAGE_OFFSET * PAGE_SIZE;
	if (!IO_IN(qual))
		copy(vcpu->pio_data, &vcpu->gpr[GPR_RAX], size);

	vmx_read_exit(vcpu, exit, EXIT_LENGTH);
	vcpu->pending = (struct vlm_pending) {
		.complete = IO_IN(qual) ? complete_in : complete_out,
		.size = size,
		.length = exit->length,
		.rip = vmx_exit_rip(),
	};
	return VLM_TO_USER;
}

int exit_io(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 qual = exit->qualification;
	u8 size = IO_SIZE(qual);

	if (IO_STRING(qual))
		return VLM_DOOR;
	if (IO_IN(qual) ? kernel_in(vcpu, IO_PORT(qual), size) :
			  kernel_out(vcpu, IO_PORT(qual), size))
		return vmx_skip_exit(vcpu);
	return to_user(vcpu, exit);
}

/* The memory operands of INS and OUTS may sleep. */
int exit_io_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 qual = exit->qualification;

	return vlm_emul_string_io(vcpu, IO_PORT(qual), IO_SIZE(qual), IO_IN(qual));
}
