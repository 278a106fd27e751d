/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SDM 3C, "Checks on Guest Segment Registers".  The form of a row:
 * rules_controls.h.
 */

/* A virtual-8086 guest's segments are those of an 8086. */
#define VM86(R, r)								\
VM_RULE(guest_##r##_vm86_base, GUEST_SEGMENTS, v8086(),				\
	V(GUEST_##R##_BASE) == V(GUEST_##R##_SEL) << 4,				\
	"guest " #R " base must be the selector times 16 in virtual-8086 mode",	\
	GUEST_##R##_BASE, GUEST_##R##_SEL)						\
VM_RULE(guest_##r##_vm86_limit, GUEST_SEGMENTS, v8086(), V(GUEST_##R##_LIMIT) == 0xffff,	\
	"guest " #R " limit must be FFFFH in virtual-8086 mode", GUEST_##R##_LIMIT)	\
VM_RULE(guest_##r##_vm86_ar, GUEST_SEGMENTS, v8086(), V(GUEST_##R##_AR) == 0xf3,	\
	"guest " #R " access rights must be F3H in virtual-8086 mode", GUEST_##R##_AR)

/* What holds of code, data, TSS and LDT alike. */
#define COMMON(R, r, on)							\
VM_RULE(guest_##r##_present, GUEST_SEGMENTS, on, V(GUEST_##R##_AR) & RIGHTS_P,		\
	"guest " #R " access rights: P (bit 7) must be 1", GUEST_##R##_AR)		\
VM_RULE(guest_##r##_reserved, GUEST_SEGMENTS, on,					\
	!(V(GUEST_##R##_AR) & (RIGHTS_RESERVED_LOW | RIGHTS_RESERVED_HIGH)),		\
	"guest " #R " access rights: bits 11:8 and 31:17 must be 0", GUEST_##R##_AR)	\
VM_RULE(guest_##r##_fine, GUEST_SEGMENTS, on,					\
	fine_limit(V(GUEST_##R##_LIMIT), V(GUEST_##R##_AR)),			\
	"guest " #R " access rights: G (bit 15) must be 0 when a bit of the limit's 11:0 is 0",	\
	GUEST_##R##_AR, GUEST_##R##_LIMIT)						\
VM_RULE(guest_##r##_coarse, GUEST_SEGMENTS, on,					\
	coarse_limit(V(GUEST_##R##_LIMIT), V(GUEST_##R##_AR)),			\
	"guest " #R " access rights: G (bit 15) must be 1 when a bit of the limit's 31:20 is 1", \
	GUEST_##R##_AR, GUEST_##R##_LIMIT)

#define CODE_OR_DATA(R, r, on)							\
VM86(R, r)									\
VM_RULE(guest_##r##_s, GUEST_SEGMENTS, on, V(GUEST_##R##_AR) & RIGHTS_S,		\
	"guest " #R " access rights: S (bit 4) must be 1", GUEST_##R##_AR)		\
COMMON(R, r, on)

#define BASE_CANONICAL(R, r, on)						\
VM_RULE(guest_##r##_base, GUEST_SEGMENTS, on, canonical(s, V(GUEST_##R##_BASE)),	\
	"guest " #R " base must be canonical", GUEST_##R##_BASE)
#define BASE_32(R, r, on)							\
VM_RULE(guest_##r##_base, GUEST_SEGMENTS, on, !(V(GUEST_##R##_BASE) >> 32),	\
	"bits 63:32 of the guest " #R " base must be 0", GUEST_##R##_BASE)

#define loaded(R)	(!v8086() && usable(V(GUEST_##R##_AR)))

/* DS, ES, FS and GS */
#define DATA(R, r)								\
CODE_OR_DATA(R, r, loaded(R))							\
VM_RULE(guest_##r##_accessed, GUEST_SEGMENTS, loaded(R), V(GUEST_##R##_AR) & 1,	\
	"guest " #R " access rights: bit 0 of the type must be 1 (accessed)",	\
	GUEST_##R##_AR)								\
VM_RULE(guest_##r##_readable, GUEST_SEGMENTS, loaded(R),				\
	implies(V(GUEST_##R##_AR) & 8, V(GUEST_##R##_AR) & 2),			\
	"guest " #R " access rights: bit 1 of the type must be 1 for a code segment (readable)", \
	GUEST_##R##_AR)								\
VM_RULE(guest_##r##_dpl, GUEST_SEGMENTS,						\
	loaded(R) && !unrestricted() && RIGHTS_TYPE(V(GUEST_##R##_AR)) <= 11,		\
	RIGHTS_DPL(V(GUEST_##R##_AR)) >= SEL_RPL(V(GUEST_##R##_SEL)),			\
	"guest " #R " DPL must not be below the RPL when \"unrestricted guest\" is 0",	\
	GUEST_##R##_AR, GUEST_##R##_SEL)

VM_RULE(guest_tr_ti, GUEST_SEGMENTS, true, !(V(GUEST_TR_SEL) & SEL_TI),
	"guest TR selector: TI (bit 2) must be 0", GUEST_TR_SEL)
VM_RULE(guest_ldtr_ti, GUEST_SEGMENTS, usable(V(GUEST_LDTR_AR)), !(V(GUEST_LDTR_SEL) & SEL_TI),
	"guest LDTR selector: TI (bit 2) must be 0", GUEST_LDTR_SEL)
VM_RULE(guest_ss_rpl, GUEST_SEGMENTS, !v8086() && !unrestricted(),
	SEL_RPL(V(GUEST_SS_SEL)) == SEL_RPL(V(GUEST_CS_SEL)),
	"guest SS and CS must have the same RPL when \"unrestricted guest\" is 0",
	GUEST_SS_SEL, GUEST_CS_SEL)

CODE_OR_DATA(CS, cs, !v8086())
BASE_32(CS, cs, !v8086())
VM_RULE(guest_cs_type, GUEST_SEGMENTS, !v8086(),
	type_of_cs() == 9 || type_of_cs() == 11 || type_of_cs() == 13 || type_of_cs() == 15 ||
	(type_of_cs() == 3 && unrestricted()),
	"guest CS type must be 9, 11, 13 or 15, or 3 with \"unrestricted guest\"",
	GUEST_CS_AR)
VM_RULE(guest_cs_dpl_0, GUEST_SEGMENTS, !v8086() && type_of_cs() == 3, !RIGHTS_DPL(V(GUEST_CS_AR)),
	"guest CS DPL must be 0 when its type is 3", GUEST_CS_AR)
VM_RULE(guest_cs_dpl, GUEST_SEGMENTS, !v8086() && (type_of_cs() == 9 || type_of_cs() == 11),
	RIGHTS_DPL(V(GUEST_CS_AR)) == RIGHTS_DPL(V(GUEST_SS_AR)),
	"guest CS DPL must be equal to SS DPL for a non-conforming segment",
	GUEST_CS_AR, GUEST_SS_AR)
VM_RULE(guest_cs_dpl_conforming, GUEST_SEGMENTS,
	!v8086() && (type_of_cs() == 13 || type_of_cs() == 15),
	RIGHTS_DPL(V(GUEST_CS_AR)) <= RIGHTS_DPL(V(GUEST_SS_AR)),
	"guest CS DPL must not be above SS DPL for a conforming segment", GUEST_CS_AR, GUEST_SS_AR)
VM_RULE(guest_cs_db, GUEST_SEGMENTS, !v8086() && code64(), !(V(GUEST_CS_AR) & RIGHTS_DB),
	"guest CS access rights: D/B (bit 14) must be 0 in 64-bit mode", GUEST_CS_AR, ENTRY)

CODE_OR_DATA(SS, ss, loaded(SS))
BASE_32(SS, ss, loaded(SS))
VM_RULE(guest_ss_type, GUEST_SEGMENTS, loaded(SS),
	RIGHTS_TYPE(V(GUEST_SS_AR)) == 3 || RIGHTS_TYPE(V(GUEST_SS_AR)) == 7,
	"guest SS type must be 3 or 7", GUEST_SS_AR)
VM_RULE(guest_ss_dpl, GUEST_SEGMENTS, !v8086() && !unrestricted(),
	RIGHTS_DPL(V(GUEST_SS_AR)) == SEL_RPL(V(GUEST_SS_SEL)),
	"guest SS DPL must be equal to its RPL when \"unrestricted guest\" is 0",
	GUEST_SS_AR, GUEST_SS_SEL)
VM_RULE(guest_ss_dpl_0, GUEST_SEGMENTS,
	!v8086() && (type_of_cs() == 3 || !(V(GUEST_CR0) & CR0_PE)), !RIGHTS_DPL(V(GUEST_SS_AR)),
	"guest SS DPL must be 0 in real mode, and when CS has type 3",
	GUEST_SS_AR, GUEST_CR0, GUEST_CS_AR)

DATA(DS, ds)
BASE_32(DS, ds, loaded(DS))
DATA(ES, es)
BASE_32(ES, es, loaded(ES))
DATA(FS, fs)
BASE_CANONICAL(FS, fs, true)
DATA(GS, gs)
BASE_CANONICAL(GS, gs, true)

BASE_CANONICAL(TR, tr, true)
COMMON(TR, tr, true)
VM_RULE(guest_tr_type, GUEST_SEGMENTS, true,
	RIGHTS_TYPE(V(GUEST_TR_AR)) == 11 || (RIGHTS_TYPE(V(GUEST_TR_AR)) == 3 && !entry(IA32E)),
	"guest TR type must be 11 (busy TSS), or 3 outside IA-32e mode", GUEST_TR_AR, ENTRY)
VM_RULE(guest_tr_s, GUEST_SEGMENTS, true, !(V(GUEST_TR_AR) & RIGHTS_S),
	"guest TR access rights: S (bit 4) must be 0", GUEST_TR_AR)
VM_RULE(guest_tr_usable, GUEST_SEGMENTS, true, usable(V(GUEST_TR_AR)),
	"guest TR must be usable", GUEST_TR_AR)

BASE_CANONICAL(LDTR, ldtr, usable(V(GUEST_LDTR_AR)))
COMMON(LDTR, ldtr, usable(V(GUEST_LDTR_AR)))
VM_RULE(guest_ldtr_type, GUEST_SEGMENTS, usable(V(GUEST_LDTR_AR)),
	RIGHTS_TYPE(V(GUEST_LDTR_AR)) == 2,
	"guest LDTR type must be 2", GUEST_LDTR_AR)
VM_RULE(guest_ldtr_s, GUEST_SEGMENTS, usable(V(GUEST_LDTR_AR)), !(V(GUEST_LDTR_AR) & RIGHTS_S),
	"guest LDTR access rights: S (bit 4) must be 0", GUEST_LDTR_AR)

#undef VM86
#undef COMMON
#undef CODE_OR_DATA
#undef BASE_CANONICAL
#undef BASE_32
#undef DATA
