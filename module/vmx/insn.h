/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMX instructions.  Nothing outside module/vmx/ includes this header.
 *
 * Each one may fail in two ways: VMfail (CF or ZF set), which is a bug of ours
 * or of the CPU, and #UD, which happens when VMX operation was taken away
 * under us by a reboot.  Both end at the same label, and vmx_insn_failed()
 * tells them apart.
 */
#ifndef VELLUM_VMX_INSN_H
#define VELLUM_VMX_INSN_H

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <asm/asm.h>
#include <asm/vmx.h>

/**
 * vmx_insn_failed() - report a VMX instruction that failed
 * @insn: its name
 * @operand: the field encoding or physical address it was given
 * @where: the code that executed it
 *
 * Silent when this CPU is no longer in VMX operation.  Any context.
 */
void vmx_insn_failed(const char *insn, u64 operand, const void *where);

/*
 * Reports a failure from where the compiler has no call to reckon with: every register
 * is kept, so what precedes it need not save any.
 */
#define VMX_INSN_FAILED(insn, operand)				\
	asm volatile("push %[name]\n\t"			\
		     "push %[value]\n\t"			\
		     "call vmx_insn_failed_asm\n\t"		\
		     "add $16, %%rsp"				\
		     : ASM_CALL_CONSTRAINT			\
		     : [name] "i" (insn), [value] "r" (operand)	\
		     : "cc", "memory")

/* "jbe" takes CF or ZF: SDM 3C, "Conventions" of the VMX instructions. */
#define VMX_INSN_OR_FAIL(insn, ...)				\
	asm goto("1: " insn "\n\t"				\
		 "jbe %l[fail]\n\t"				\
		 _ASM_EXTABLE(1b, %l[fail])			\
		 : : __VA_ARGS__ : "cc", "memory" : fail)

/* Bits 14:13 of an encoding are the width, bit 0 the high-half access type. */
enum vmcs_width { VMCS_W16, VMCS_W64, VMCS_W32, VMCS_WNATURAL };

#define vmcs_field_width(f)	(((f) >> 13) & 3)

static __always_inline unsigned long __vmread(unsigned long field)
{
	unsigned long value;

	asm goto("1: vmread %[field], %[value]\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : [value] "=rm" (value)
		 : [field] "r" (field)
		 : "cc" : fail);
	return value;
fail:
	VMX_INSN_FAILED("vmread", field);
	return 0;
}

/* For fields that the CPU need not have: false then, and nothing is reported. */
static inline bool vmread_try(unsigned long field, unsigned long *value)
{
	asm goto("1: vmread %[field], %[value]\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : [value] "=rm" (*value)
		 : [field] "r" (field)
		 : "cc" : fail);
	return true;
fail:
	return false;
}

static __always_inline void __vmwrite(unsigned long field, unsigned long value)
{
	VMX_INSN_OR_FAIL("vmwrite %[value], %[field]",
			 [field] "r" (field), [value] "rm" (value));
	return;
fail:
	VMX_INSN_FAILED("vmwrite", field);
}

#define VMCS_ACCESSORS(suffix, type, width)					\
static __always_inline type vmcs_read##suffix(unsigned long field)		\
{										\
	BUILD_BUG_ON(__builtin_constant_p(field) &&				\
		     vmcs_field_width(field) != (width));			\
	return __vmread(field);							\
}										\
static __always_inline void vmcs_write##suffix(unsigned long field, type value)	\
{										\
	BUILD_BUG_ON(__builtin_constant_p(field) &&				\
		     vmcs_field_width(field) != (width));			\
	__vmwrite(field, value);						\
}

VMCS_ACCESSORS(16, u16, VMCS_W16)
VMCS_ACCESSORS(32, u32, VMCS_W32)
VMCS_ACCESSORS(64, u64, VMCS_W64)
VMCS_ACCESSORS(l, unsigned long, VMCS_WNATURAL)

/* Each returns false when the instruction failed. */

static inline bool vmxon(u64 pa)
{
	VMX_INSN_OR_FAIL("vmxon %[pa]", [pa] "m" (pa));
	return true;
fail:
	return false;
}

static inline bool vmxoff(void)
{
	asm goto("1: vmxoff\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : : "cc", "memory" : fail);
	return true;
fail:
	return false;
}

static inline bool vmclear(u64 pa)
{
	VMX_INSN_OR_FAIL("vmclear %[pa]", [pa] "m" (pa));
	return true;
fail:
	VMX_INSN_FAILED("vmclear", pa);
	return false;
}

static inline bool vmptrld(u64 pa)
{
	VMX_INSN_OR_FAIL("vmptrld %[pa]", [pa] "m" (pa));
	return true;
fail:
	VMX_INSN_FAILED("vmptrld", pa);
	return false;
}

static inline void invept(unsigned long type, u64 eptp)
{
	struct { u64 eptp, zero; } desc = { eptp, 0 };

	VMX_INSN_OR_FAIL("invept %[desc], %[type]",
			 [desc] "m" (desc), [type] "r" (type));
	return;
fail:
	VMX_INSN_FAILED("invept", eptp);
}

static inline void invvpid(unsigned long type, u16 vpid, u64 gva)
{
	struct { u64 vpid, gva; } desc = { vpid, gva };

	VMX_INSN_OR_FAIL("invvpid %[desc], %[type]",
			 [desc] "m" (desc), [type] "r" (type));
	return;
fail:
	VMX_INSN_FAILED("invvpid", (u64)vpid);
}

#endif /* VELLUM_VMX_INSN_H */
