/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words that the rules are made of.  In each rule, s is the state and msr
 * the entry of an MSR area that is asked about.
 */
#ifndef VELLUM_DOCTOR_COND_H
#define VELLUM_DOCTOR_COND_H

#include "bits.h"
#include "doctor.h"

static inline u64 doctor_value(struct doctor_state *s, enum doctor_field field)
{
	if (!s->have[field])
		s->unknown = true;
	return s->value[field];
}

/* A field, and a member of the capabilities. */
#define V(field)	doctor_value(s, DF_##field)
#define C(member)	(s->caps.member)

/* A control that is on; those of a field that is not activated are off. */
#define pin(bit)	(V(PIN) & PIN_##bit)
#define proc(bit)	(V(PROC) & PROC_##bit)
#define proc2(bit)	(proc(SECONDARY) && (V(PROC2) & PROC2_##bit))
#define proc3(bit)	(proc(TERTIARY) && (V(PROC3) & PROC3_##bit))
#define exits(bit)	(V(EXIT) & EXIT_##bit)
#define entry(bit)	(V(ENTRY) & ENTRY_##bit)

/* One bit is on only where the other is. */
#define implies(a, b)	(!(a) || (b))

/* A capability MSR of controls: bits that must be 1, bits that may be. */
#define required(cap, value)	(!((u32)(cap) & ~(u32)(value)))
#define allowed(cap, value)	(!((u32)(value) & ~(u32)((cap) >> 32)))

/* No bits that a physical address has not. */
static inline bool physical(struct doctor_state *s, u64 address)
{
	/* A dump may say anything. */
	return s->caps.physical_bits > 63 || !(address >> s->caps.physical_bits);
}

/* Two bits of CR3 may be there for linear-address masking. */
static inline bool cr3_valid(struct doctor_state *s, u64 cr3)
{
	return physical(s, s->caps.lam ? cr3 & ~CR3_LAM : cr3);
}

/* Addresses that controls hold are of 32 bits on some CPUs. */
static inline bool structure(struct doctor_state *s, u64 address)
{
	return physical(s, address) && implies(s->caps.basic & BASIC_32_BIT, !(address >> 32));
}

/* The last byte of an MSR area; no more than 2^32 entries of 16 bytes. */
static inline bool area(struct doctor_state *s, u64 address, u32 count)
{
	return address + (u64)count * 16 - 1 >= address &&
	       structure(s, address + (u64)count * 16 - 1);
}

/* Bits 63 to @bits are all the same. */
static inline bool same_from(u64 address, unsigned int bits)
{
	u64 high = bits < 64 ? address >> bits : 0;

	return !high || high == ~0ull >> bits;
}

static inline bool canonical(struct doctor_state *s, u64 address)
{
	return s->caps.linear_bits && same_from(address, s->caps.linear_bits - 1);
}

/* Eight memory types, of which 2, 3 and those from 8 on are none. */
static inline bool pat_valid(u64 pat)
{
	for (; pat; pat >>= 8) {
		if ((pat & 0xff) > 7 || (pat & 0xfe) == 2)
			return false;
	}
	return true;
}

/* IA32_S_CET: the rest of the register is a linear address. */
static inline bool s_cet_valid(u64 value)
{
	return !(value & S_CET_RESERVED) &&
	       (value & (S_CET_SUPPRESS | S_CET_TRACKER)) != (S_CET_SUPPRESS | S_CET_TRACKER);
}

#define type_of_cs()	RIGHTS_TYPE(V(GUEST_CS_AR))
#define v8086()		(V(GUEST_RFLAGS) & RFLAGS_VM)
#define unrestricted()	proc2(UNRESTRICTED)
#define usable(ar)	(!((ar) & RIGHTS_UNUSABLE))
#define code64()	(entry(IA32E) && (V(GUEST_CS_AR) & RIGHTS_L))

/* The event to be injected. */
#define injects()	(V(EVENT) & EVENT_VALID)
#define injects_type(t)	(injects() && EVENT_TYPE(V(EVENT)) == (t))
#define vector()	((u32)V(EVENT) & EVENT_VECTOR)

/* Vectors of exceptions that push an error code: SDM 3A, "Exception and Interrupt Reference". */
static inline bool pushes_error(u32 vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* SDM 3C, "Activity state": what may be injected into a CPU that halted. */
static inline bool wakes_halted(u32 type, u32 vector)
{
	switch (type) {
	case TYPE_EXTERNAL:
	case TYPE_NMI:
		return true;
	case TYPE_HARDWARE:
		return vector == 1 || vector == 18;
	case TYPE_OTHER:
		return vector == 0;
	}
	return false;
}

/* Granularity and limit must agree. */
static inline bool fine_limit(u32 limit, u32 ar)
{
	return implies((limit & 0xfff) != 0xfff, !(ar & RIGHTS_G));
}

static inline bool coarse_limit(u32 limit, u32 ar)
{
	return implies(limit & 0xfff00000, ar & RIGHTS_G);
}

/* PAE paging, with the four entries in the VMCS. */
#define pae_in_vmcs()	((V(GUEST_CR0) & CR0_PG) && (V(GUEST_CR4) & CR4_PAE) && \
			 !entry(IA32E) && proc2(EPT))

static inline bool pdpte_valid(struct doctor_state *s, u64 pdpte)
{
	return !(pdpte & 1) || (!(pdpte & 0x1e6) && physical(s, pdpte));
}

/* Blocking by STI or MOV SS, or a halt: SDM 3C, "Checks on Guest Non-Register State". */
#define holds_debug()	((V(INTERRUPTIBILITY) & (BLOCKING_STI | BLOCKING_MOV_SS)) || \
			 V(ACTIVITY) == ACTIVITY_HLT)
#define single_steps()	((V(GUEST_RFLAGS) & RFLAGS_TF) && !(V(GUEST_DEBUGCTL) & DEBUGCTL_BTF))

/*
 * IA32_SYSENTER_ESP and EIP, IA32_DS_AREA, IA32_INTERRUPT_SSP_TABLE_ADDR, IA32_LSTAR,
 * IA32_CSTAR, IA32_KERNEL_GS_BASE
 */
static inline bool msr_is_linear(u32 index)
{
	switch (index) {
	case 0x175:
	case 0x176:
	case 0x600:
	case 0x6a8:
	case 0xc0000082:
	case 0xc0000083:
	case 0xc0000102:
		return true;
	}
	return false;
}

#endif /* VELLUM_DOCTOR_COND_H */
