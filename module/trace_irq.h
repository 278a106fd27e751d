/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of interrupts, timers, and the life of objects; trace.h has those of
 * exits.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vellum
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR vellum_irq

#if !defined(VELLUM_TRACE_IRQ_H) || defined(TRACE_HEADER_MULTI_READ)
#define VELLUM_TRACE_IRQ_H

#include <linux/tracepoint.h>
#include <asm/vmx.h>

#include "core/vcpu.h"

/* SDM 3C, "VM-Entry Controls for Event Injection". */
#define show_event_type(type) \
	__print_symbolic(type, { INTR_TYPE_EXT_INTR, "interrupt" }, \
			 { INTR_TYPE_NMI_INTR, "nmi" }, \
			 { INTR_TYPE_HARD_EXCEPTION, "exception" }, \
			 { INTR_TYPE_SOFT_INTR, "int_n" }, \
			 { INTR_TYPE_PRIV_SW_EXCEPTION, "int1" }, \
			 { INTR_TYPE_SOFT_EXCEPTION, "int3" })

#define show_irq_mode(mode) \
	__print_symbolic(mode, { 0, "fixed" }, { 1, "lowest" }, { 2, "smi" }, { 4, "nmi" }, \
			 { 5, "init" }, { 6, "sipi" }, { 7, "extint" })

TRACE_EVENT(inject,
	TP_PROTO(const struct vlm_vcpu *vcpu, u32 info, u32 error),
	TP_ARGS(vcpu, info, error),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u8, vector)
		__field(u32, type)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->vector = info;
		__entry->type = info & INTR_INFO_INTR_TYPE_MASK;
		__entry->error = error;
	),
	TP_printk("vm %u vcpu %u %s vector 0x%x error 0x%x", __entry->vm, __entry->vcpu,
		  show_event_type(__entry->type), __entry->vector, __entry->error)
);

TRACE_EVENT(irq_set,
	TP_PROTO(const struct vlm_vm *vm, u32 source, u32 gsi, int level, int result),
	TP_ARGS(vm, source, gsi, level, result),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, source)
		__field(u32, gsi)
		__field(int, level)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->source = source;
		__entry->gsi = gsi;
		__entry->level = level;
		__entry->result = result;
	),
	TP_printk("vm %u gsi %u level %d source %u result %d", __entry->vm, __entry->gsi,
		  __entry->level, __entry->source, __entry->result)
);

TRACE_EVENT(msi,
	TP_PROTO(const struct vlm_vm *vm, u64 address, u32 data, int result),
	TP_ARGS(vm, address, data, result),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, address)
		__field(u32, data)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->address = address;
		__entry->data = data;
		__entry->result = result;
	),
	TP_printk("vm %u address 0x%llx data 0x%x vector 0x%x mode %s result %d", __entry->vm,
		  __entry->address, __entry->data, __entry->data & 0xff,
		  show_irq_mode(__entry->data >> 8 & 7), __entry->result)
);

TRACE_EVENT(irq_deliver,
	TP_PROTO(const struct vlm_vcpu *vcpu, u8 vector, bool level, bool merged),
	TP_ARGS(vcpu, vector, level, merged),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u8, vector)
		__field(bool, level)
		__field(bool, merged)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->vector = vector;
		__entry->level = level;
		__entry->merged = merged;
	),
	TP_printk("vm %u vcpu %u vector 0x%x %s%s", __entry->vm, __entry->vcpu,
		  __entry->vector, __entry->level ? "level" : "edge",
		  __entry->merged ? " merged" : "")
);

TRACE_EVENT(irq_eoi,
	TP_PROTO(const struct vlm_vcpu *vcpu, u8 vector),
	TP_ARGS(vcpu, vector),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u8, vector)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->vector = vector;
	),
	TP_printk("vm %u vcpu %u vector 0x%x", __entry->vm, __entry->vcpu, __entry->vector)
);

TRACE_EVENT(timer_set,
	TP_PROTO(const struct vlm_vcpu *vcpu, u64 ns, u64 period),
	TP_ARGS(vcpu, ns, period),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, ns)
		__field(u64, period)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->ns = ns;
		__entry->period = period;
	),
	TP_printk("vm %u vcpu %u in %llu ns period %llu ns", __entry->vm, __entry->vcpu,
		  __entry->ns, __entry->period)
);

TRACE_EVENT(timer_fire,
	TP_PROTO(const struct vlm_vcpu *vcpu, s64 late),
	TP_ARGS(vcpu, late),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(s64, late)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->late = late;
	),
	TP_printk("vm %u vcpu %u late %lld ns", __entry->vm, __entry->vcpu, __entry->late)
);

DECLARE_EVENT_CLASS(vlm_vm,
	TP_PROTO(const struct vlm_vm *vm),
	TP_ARGS(vm),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, owner)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->owner = vm->owner;
	),
	TP_printk("vm %u of process %u", __entry->vm, __entry->owner)
);

DEFINE_EVENT(vlm_vm, vm_create,
	TP_PROTO(const struct vlm_vm *vm),
	TP_ARGS(vm)
);

DEFINE_EVENT(vlm_vm, vm_destroy,
	TP_PROTO(const struct vlm_vm *vm),
	TP_ARGS(vm)
);

DECLARE_EVENT_CLASS(vlm_vcpu,
	TP_PROTO(const struct vlm_vcpu *vcpu),
	TP_ARGS(vcpu),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, index)
		__field(u64, exits)
	),
	TP_fast_assign(
		__entry->vm = vcpu->vm->id;
		__entry->vcpu = vcpu->id;
		__entry->index = vcpu->index;
		__entry->exits = vlm_vcpu_exits(vcpu);
	),
	TP_printk("vm %u vcpu %u index %u", __entry->vm, __entry->vcpu, __entry->index)
);

DEFINE_EVENT(vlm_vcpu, vcpu_create,
	TP_PROTO(const struct vlm_vcpu *vcpu),
	TP_ARGS(vcpu)
);

DEFINE_EVENT_PRINT(vlm_vcpu, vcpu_destroy,
	TP_PROTO(const struct vlm_vcpu *vcpu),
	TP_ARGS(vcpu),
	TP_printk("vm %u vcpu %u after %llu exits", __entry->vm, __entry->vcpu, __entry->exits)
);

#endif /* VELLUM_TRACE_IRQ_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_irq

#include <trace/define_trace.h>
