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
#include "core/watch.h"
#include "exits/exit.h"

/* Names that are no macros mean nothing to who reads the format. */
TRACE_DEFINE_ENUM(VLM_TO_USER);
TRACE_DEFINE_ENUM(VLM_RESUME);
TRACE_DEFINE_ENUM(VLM_DOOR);

#define show_reason(reason)	__print_symbolic(reason, VMX_EXIT_REASONS)

#define show_by(by) \
	__print_symbolic(by, { 0, "none" }, { VELLUM_BY_FAST, "fast" }, \
			 { VELLUM_BY_SLOW, "slow" }, { VELLUM_BY_USER, "user" })

#define show_cr_type(type) \
	__print_symbolic(type, { 0, "to" }, { 1, "from" }, { 2, "clts" }, { 3, "lmsw" })

#define show_next(next) \
	__print_symbolic(next, { VLM_TO_USER, "user" }, { VLM_RESUME, "resume" }, \
			 { VLM_DOOR, "door" })

#define show_access(access) \
	__print_flags(access, "", { EPT_READ, "r" }, { EPT_WRITE, "w" }, { EPT_EXEC, "x" })

TRACE_EVENT_FN(vm_entry,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 rip, u32 event, u32 error, u64 host),
	TP_ARGS(vcpu, rip, event, error, host),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, rip)
		__field(u32, event)
		__field(u32, error)
		__field(u32, reason)
		__field(u32, by)
		__field(u64, exit_rip)
		__field(u64, cause)
		__field(u64, host)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->rip = rip;
		__entry->event = event;
		__entry->error = error;
		__entry->reason = vcpu->watch.reason;
		__entry->by = vcpu->watch.by;
		__entry->exit_rip = vcpu->watch.rip;
		__entry->cause = vcpu->watch.cause;
		__entry->host = host;
	),
	TP_printk("vm %u vcpu %u rip 0x%llx event 0x%x error 0x%x after %s cause 0x%llx rip 0x%llx by %s host %llu",
		  __entry->vm, __entry->vcpu, __entry->rip, __entry->event, __entry->error,
		  show_reason(__entry->reason), __entry->cause, __entry->exit_rip,
		  show_by(__entry->by), __entry->host),
	vlm_watch_get, vlm_watch_put
);

TRACE_EVENT_FN(vm_exit,
	TP_PROTO(const struct vlm_vcpu *vcpu, const struct vlm_exit *exit, u8 cpl, u8 bits),
	TP_ARGS(vcpu, exit, cpl, bits),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u64, rip)
		__field(u64, qualification)
		__field(u64, gpa)
		__field(u64, cause)
		__field(u64, tsc)
		__field(u32, intr_info)
		__field(u32, intr_error)
		__field(u32, vectoring)
		__field(u32, vectoring_error)
		__field(u8, cpl)
		__field(u8, bits)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->reason = exit->reason;
		__entry->rip = vcpu->watch.rip;
		__entry->qualification = exit->qualification;
		__entry->gpa = exit->gpa;
		__entry->cause = vcpu->watch.cause;
		__entry->tsc = vcpu->watch.tsc;
		__entry->intr_info = exit->intr_info;
		__entry->intr_error = exit->intr_error;
		__entry->vectoring = exit->vectoring_info;
		__entry->vectoring_error = exit->vectoring_error;
		__entry->cpl = cpl;
		__entry->bits = bits;
	),
	TP_printk("vm %u vcpu %u reason %s rip 0x%llx cause 0x%llx qual 0x%llx gpa 0x%llx intr 0x%x error 0x%x vectoring 0x%x error 0x%x ring %u bits %u",
		  __entry->vm, __entry->vcpu, show_reason(__entry->reason), __entry->rip,
		  __entry->cause, __entry->qualification, __entry->gpa, __entry->intr_info,
		  __entry->intr_error, __entry->vectoring, __entry->vectoring_error,
		  __entry->cpl, __entry->bits),
	vlm_watch_get, vlm_watch_put
);

TRACE_EVENT(vm_exit_done,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 reason, int next),
	TP_ARGS(vcpu, reason, next),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(int, next)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->reason = reason;
		__entry->next = next;
	),
	TP_printk("vm %u vcpu %u reason %s next %s",
		  __entry->vm, __entry->vcpu,
		  show_reason(__entry->reason), show_next(__entry->next))
);

TRACE_EVENT(entry_failed,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 reason, u32 error),
	TP_ARGS(vcpu, reason, error),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->reason = reason;
		__entry->error = error;
	),
	TP_printk("vm %u vcpu %u reason 0x%x error %u", __entry->vm, __entry->vcpu, __entry->reason,
		  __entry->error)
);

/* A device is read or written; a port is 16 bits, and named as such. */
DECLARE_EVENT_CLASS(vlm_access,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u64 address, u32 len, u64 value),
	TP_ARGS(vcpu, write, address, len, value),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(bool, write)
		__field(u32, len)
		__field(u64, address)
		__field(u64, value)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->write = write;
		__entry->len = len;
		__entry->address = address;
		__entry->value = value;
	),
	TP_printk("vm %u vcpu %u %s gpa 0x%llx len %u value 0x%llx", __entry->vm, __entry->vcpu,
		  __entry->write ? "write" : "read", __entry->address, __entry->len,
		  __entry->value)
);

DEFINE_EVENT(vlm_access, mmio,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u64 address, u32 len, u64 value),
	TP_ARGS(vcpu, write, address, len, value)
);

DEFINE_EVENT_PRINT(vlm_access, pio,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u64 address, u32 len, u64 value),
	TP_ARGS(vcpu, write, address, len, value),
	TP_printk("vm %u vcpu %u %s port 0x%llx size %u value 0x%llx", __entry->vm,
		  __entry->vcpu, __entry->write ? "out" : "in", __entry->address, __entry->len,
		  __entry->value)
);

TRACE_EVENT(msr,
	TP_PROTO(const struct vlm_vcpu *vcpu, bool write, u32 index, u64 value, bool refused),
	TP_ARGS(vcpu, write, index, value, refused),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, index)
		__field(u64, value)
		__field(bool, write)
		__field(bool, refused)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->index = index;
		__entry->value = value;
		__entry->write = write;
		__entry->refused = refused;
	),
	TP_printk("vm %u vcpu %u %s msr 0x%x value 0x%llx%s", __entry->vm, __entry->vcpu,
		  __entry->write ? "write" : "read", __entry->index, __entry->value,
		  __entry->refused ? " refused" : "")
);

TRACE_EVENT(cpuid,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 leaf, u32 index),
	TP_ARGS(vcpu, leaf, index),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, leaf)
		__field(u32, index)
		__field(u32, eax)
		__field(u32, ebx)
		__field(u32, ecx)
		__field(u32, edx)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->leaf = leaf;
		__entry->index = index;
		__entry->eax = vcpu->gpr[GPR_RAX];
		__entry->ebx = vcpu->gpr[GPR_RBX];
		__entry->ecx = vcpu->gpr[GPR_RCX];
		__entry->edx = vcpu->gpr[GPR_RDX];
	),
	TP_printk("vm %u vcpu %u leaf 0x%x index 0x%x eax 0x%x ebx 0x%x ecx 0x%x edx 0x%x",
		  __entry->vm, __entry->vcpu, __entry->leaf, __entry->index, __entry->eax,
		  __entry->ebx, __entry->ecx, __entry->edx)
);

TRACE_EVENT(cr,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 number, u32 type, u64 value, int refused),
	TP_ARGS(vcpu, number, type, value, refused),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, number)
		__field(u32, type)
		__field(u64, value)
		__field(bool, refused)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->number = number;
		__entry->type = type;
		__entry->value = value;
		__entry->refused = refused;
	),
	TP_printk("vm %u vcpu %u %s cr%u value 0x%llx%s", __entry->vm, __entry->vcpu,
		  show_cr_type(__entry->type), __entry->number, __entry->value,
		  __entry->refused ? " refused" : "")
);

TRACE_EVENT(hypercall,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 number, u64 result),
	TP_ARGS(vcpu, number, result),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, number)
		__field(u64, a0)
		__field(u64, a1)
		__field(u64, a2)
		__field(u64, a3)
		__field(u64, result)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->number = number;
		__entry->a0 = vcpu->gpr[GPR_RBX];
		__entry->a1 = vcpu->gpr[GPR_RCX];
		__entry->a2 = vcpu->gpr[GPR_RDX];
		__entry->a3 = vcpu->gpr[GPR_RSI];
		__entry->result = result;
	),
	TP_printk("vm %u vcpu %u number %llu arguments 0x%llx 0x%llx 0x%llx 0x%llx result %lld",
		  __entry->vm, __entry->vcpu, __entry->number, __entry->a0, __entry->a1,
		  __entry->a2, __entry->a3, (long long)__entry->result)
);

TRACE_EVENT(ept_fault,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 gpa, u32 access, int level, bool fast,
		 u64 ticks),
	TP_ARGS(vcpu, gpa, access, level, fast, ticks),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, access)
		__field(u64, gpa)
		__field(int, level)
		__field(bool, fast)
		__field(u64, ticks)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->gpa = gpa;
		__entry->access = access;
		__entry->level = level;
		__entry->fast = fast;
		__entry->ticks = ticks;
	),
	TP_printk("vm %u vcpu %u gpa 0x%llx access %s page %s %s ticks %llu",
		  __entry->vm, __entry->vcpu, __entry->gpa,
		  show_access(__entry->access),
		  __print_symbolic(__entry->level, { 0, "none" }, { 1, "4K" }, { 2, "2M" },
				   { 3, "1G" }),
		  __entry->fast ? "fast" : "slow", __entry->ticks)
);

TRACE_EVENT(ept_invalidate,
	TP_PROTO(const struct vlm_vm *vm, u64 start, u64 end),
	TP_ARGS(vm, start, end),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, start)
		__field(u64, end)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->start = start;
		__entry->end = end;
	),
	TP_printk("vm %u gpa 0x%llx to 0x%llx", __entry->vm, __entry->start, __entry->end)
);

TRACE_EVENT(vcpu_load,
	TP_PROTO(const struct vlm_vcpu *vcpu, int from, int cpu),
	TP_ARGS(vcpu, from, cpu),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(int, from)
		__field(int, cpu)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->from = from;
		__entry->cpu = cpu;
	),
	TP_printk("vm %u vcpu %u from cpu %d to cpu %d", __entry->vm, __entry->vcpu,
		  __entry->from, __entry->cpu)
);

TRACE_EVENT(halt,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 ns, bool polled),
	TP_ARGS(vcpu, ns, polled),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, ns)
		__field(bool, polled)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->ns = ns;
		__entry->polled = polled;
	),
	TP_printk("vm %u vcpu %u %s %llu ns", __entry->vm, __entry->vcpu,
		  __entry->polled ? "polled" : "slept", __entry->ns)
);

TRACE_EVENT(kick,
	TP_PROTO(const struct vlm_vcpu *vcpu, int cpu),
	TP_ARGS(vcpu, cpu),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(int, cpu)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->cpu = cpu;
	),
	TP_printk("vm %u vcpu %u on cpu %d", __entry->vm, __entry->vcpu, __entry->cpu)
);

#endif /* VELLUM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
