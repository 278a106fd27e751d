/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, /sys/kernel/tracing/events/vellum: docs/tracing.md.  Numbers are
 * recorded, names are given when the trace is printed.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vellum

#if !defined(VELLUM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VELLUM_TRACE_H

#include <linux/tracepoint.h>
#include <asm/vmx.h>

#include "core/vcpu.h"
#include "exits/exit.h"

#define show_reason(reason)	__print_symbolic(reason, VMX_EXIT_REASONS)

#define show_next(next) \
	__print_symbolic(next, { VLM_TO_USER, "user" }, { VLM_RESUME, "resume" }, \
			 { VLM_DOOR, "door" })

#define show_access(access) \
	__print_flags(access, "", { EPT_READ, "r" }, { EPT_WRITE, "w" }, { EPT_EXEC, "x" })

TRACE_EVENT(vm_entry,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 rip, u32 event, u32 error),
	TP_ARGS(vcpu, rip, event, error),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u64, rip)
		__field(u32, event)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->rip = rip;
		__entry->event = event;
		__entry->error = error;
	),
	TP_printk("vcpu %u rip 0x%llx event 0x%x error 0x%x", __entry->vcpu, __entry->rip,
		  __entry->event, __entry->error)
);

TRACE_EVENT(vm_exit,
	TP_PROTO(const struct vlm_vcpu *vcpu, const struct vlm_exit *exit, u64 rip, u8 cpl,
		 u8 bits),
	TP_ARGS(vcpu, exit, rip, cpl, bits),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u64, rip)
		__field(u64, qualification)
		__field(u64, gpa)
		__field(u32, intr_info)
		__field(u32, intr_error)
		__field(u32, vectoring)
		__field(u8, cpl)
		__field(u8, bits)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->reason = exit->reason;
		__entry->rip = rip;
		__entry->qualification = exit->qualification;
		__entry->gpa = exit->gpa;
		__entry->intr_info = exit->intr_info;
		__entry->intr_error = exit->intr_error;
		__entry->vectoring = exit->vectoring_info;
		__entry->cpl = cpl;
		__entry->bits = bits;
	),
	TP_printk("vcpu %u reason %s rip 0x%llx qual 0x%llx gpa 0x%llx intr 0x%x error 0x%x vectoring 0x%x ring %u bits %u",
		  __entry->vcpu, show_reason(__entry->reason), __entry->rip,
		  __entry->qualification, __entry->gpa, __entry->intr_info,
		  __entry->intr_error, __entry->vectoring, __entry->cpl, __entry->bits)
);

TRACE_EVENT(vm_exit_done,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 reason, int next),
	TP_ARGS(vcpu, reason, next),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, reason)
		__field(int, next)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->reason = reason;
		__entry->next = next;
	),
	TP_printk("vcpu %u reason %s next %s", __entry->vcpu, show_reason(__entry->reason),
		  show_next(__entry->next))
);

TRACE_EVENT(entry_failed,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 reason, u32 error),
	TP_ARGS(vcpu, reason, error),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->reason = reason;
		__entry->error = error;
	),
	TP_printk("vcpu %u reason 0x%x error %u", __entry->vcpu, __entry->reason,
		  __entry->error)
);

TRACE_EVENT(pio,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool in, u16 port, u8 size, u32 value),
	TP_ARGS(vcpu, in, port, size, value),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u16, port)
		__field(u8, size)
		__field(bool, in)
		__field(u32, value)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->port = port;
		__entry->size = size;
		__entry->in = in;
		__entry->value = value;
	),
	TP_printk("vcpu %u %s port 0x%x size %u value 0x%x", __entry->vcpu,
		  __entry->in ? "in" : "out", __entry->port, __entry->size, __entry->value)
);

TRACE_EVENT(mmio,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u64 gpa, u32 len, u64 value),
	TP_ARGS(vcpu, write, gpa, len, value),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(bool, write)
		__field(u32, len)
		__field(u64, gpa)
		__field(u64, value)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->write = write;
		__entry->len = len;
		__entry->gpa = gpa;
		__entry->value = value;
	),
	TP_printk("vcpu %u %s gpa 0x%llx len %u value 0x%llx", __entry->vcpu,
		  __entry->write ? "write" : "read", __entry->gpa, __entry->len,
		  __entry->value)
);

TRACE_EVENT(msr,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u32 index, u64 value, bool refused),
	TP_ARGS(vcpu, write, index, value, refused),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, index)
		__field(u64, value)
		__field(bool, write)
		__field(bool, refused)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->index = index;
		__entry->value = value;
		__entry->write = write;
		__entry->refused = refused;
	),
	TP_printk("vcpu %u %s msr 0x%x value 0x%llx%s", __entry->vcpu,
		  __entry->write ? "write" : "read", __entry->index, __entry->value,
		  __entry->refused ? " refused" : "")
);

TRACE_EVENT(cpuid,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 leaf, u32 index),
	TP_ARGS(vcpu, leaf, index),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, leaf)
		__field(u32, index)
		__field(u32, eax)
		__field(u32, ebx)
		__field(u32, ecx)
		__field(u32, edx)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->leaf = leaf;
		__entry->index = index;
		__entry->eax = vcpu->gpr[GPR_RAX];
		__entry->ebx = vcpu->gpr[GPR_RBX];
		__entry->ecx = vcpu->gpr[GPR_RCX];
		__entry->edx = vcpu->gpr[GPR_RDX];
	),
	TP_printk("vcpu %u leaf 0x%x index 0x%x eax 0x%x ebx 0x%x ecx 0x%x edx 0x%x",
		  __entry->vcpu, __entry->leaf, __entry->index, __entry->eax, __entry->ebx,
		  __entry->ecx, __entry->edx)
);

TRACE_EVENT(ept_fault,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 gpa, u32 access, int level, bool fast),
	TP_ARGS(vcpu, gpa, access, level, fast),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u32, access)
		__field(u64, gpa)
		__field(int, level)
		__field(bool, fast)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->gpa = gpa;
		__entry->access = access;
		__entry->level = level;
		__entry->fast = fast;
	),
	TP_printk("vcpu %u gpa 0x%llx access %s page %s %s", __entry->vcpu, __entry->gpa,
		  show_access(__entry->access),
		  __print_symbolic(__entry->level, { 0, "none" }, { 1, "4K" }, { 2, "2M" },
				   { 3, "1G" }),
		  __entry->fast ? "fast" : "slow")
);

TRACE_EVENT(halt,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 ns),
	TP_ARGS(vcpu, ns),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->ns = ns;
	),
	TP_printk("vcpu %u slept %llu ns", __entry->vcpu, __entry->ns)
);

TRACE_EVENT(kick,
	TP_PROTO(const struct vlm_vcpu *vcpu, int cpu),
	TP_ARGS(vcpu, cpu),
	TP_STRUCT__entry(
		__field(u32, vcpu)
		__field(int, cpu)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu->id;
		__entry->cpu = cpu;
	),
	TP_printk("vcpu %u on cpu %d", __entry->vcpu, __entry->cpu)
);

#endif /* VELLUM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
