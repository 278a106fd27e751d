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

/* A 32-bit result clears the upper half, smaller ones keep the rest. */
static void set_result(struct vlm_vcpu *vcpu, u16 port, const void *data, u8 size)
{
	u64 value = size == 4 ? 0 : vcpu->gpr[GPR_RAX];

	memcpy(&value, data, size);
	vcpu->gpr[GPR_RAX] = value;
	trace_port(vcpu, true, port, data, size);
}

static int complete_in(struct vlm_vcpu *vcpu)
{
	set_result(vcpu, READ_ONCE(vcpu->run->io.port), vcpu->pio_data, vcpu->pending.size);
	vlm_skip_pending(vcpu);
	return VLM_RESUME;
}

/* Does a device of the kernel answer? */
static bool kernel_io(struct vlm_vcpu *vcpu, u16 port, u8 size, bool in)
{
	u32 data;

	if (!in)
		return vlm_bus_write(vcpu, BUS_PIO, port, size, &vcpu->gpr[GPR_RAX]) ==
		       BUS_HANDLED;
	if (vlm_bus_read(vcpu, BUS_PIO, port, size, &data) != BUS_HANDLED)
		return false;
	set_result(vcpu, port, &data, size);
	return true;
}

int exit_io(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct kvm_run *run = vcpu->run;
	u64 qual = exit->qualification;
	u8 size = IO_SIZE(qual);

	if (IO_STRING(qual))
		return VLM_DOOR;
	if (!IO_IN(qual))
		trace_port(vcpu, false, IO_PORT(qual), &vcpu->gpr[GPR_RAX], size);
	if (kernel_io(vcpu, IO_PORT(qual), size, IO_IN(qual))) {
		vmx_skip(vcpu, exit->length);
		return VLM_RESUME;
	}

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = IO_IN(qual) ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.size = size;
	run->io.port = IO_PORT(qual);
	run->io.count = 1;
	run->io.data_offset = KVM_PIO_PAGE_OFFSET * PAGE_SIZE;
	if (!IO_IN(qual))
		memcpy(vcpu->pio_data, &vcpu->gpr[GPR_RAX], size);

	vcpu->pending = (struct vlm_pending) {
		.complete = IO_IN(qual) ? complete_in : complete_out,
		.size = size,
		.length = exit->length,
		.rip = vmx_exit_rip(),
	};
	return VLM_TO_USER;
}

/* The memory operands of INS and OUTS may sleep. */
int exit_io_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 qual = exit->qualification;

	return vlm_emul_string_io(vcpu, IO_PORT(qual), IO_SIZE(qual), IO_IN(qual));
}
