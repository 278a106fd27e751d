/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bits that the rules of VM entry name.  Pure: user space builds with it too,
 * where the kernel's <asm/vmx.h> is not to be had.
 */
#ifndef VELLUM_DOCTOR_BITS_H
#define VELLUM_DOCTOR_BITS_H

#include <linux/bits.h>

/* SDM 3C, "Pin-Based VM-Execution Controls" */
#define PIN_EXTERNAL_INTERRUPT	BIT(0)
#define PIN_NMI			BIT(3)
#define PIN_VIRTUAL_NMIS	BIT(5)
#define PIN_PREEMPTION_TIMER	BIT(6)
#define PIN_POSTED		BIT(7)

/* SDM 3C, "Processor-Based VM-Execution Controls" */
#define PROC_TERTIARY		BIT(17)
#define PROC_TPR_SHADOW		BIT(21)
#define PROC_NMI_WINDOW		BIT(22)
#define PROC_IO_BITMAPS		BIT(25)
#define PROC_MONITOR_TRAP	BIT(27)
#define PROC_MSR_BITMAPS	BIT(28)
#define PROC_SECONDARY		BIT(31)

#define PROC2_APIC_ACCESSES	BIT(0)
#define PROC2_EPT		BIT(1)
#define PROC2_X2APIC		BIT(4)
#define PROC2_VPID		BIT(5)
#define PROC2_UNRESTRICTED	BIT(7)
#define PROC2_APIC_REGISTERS	BIT(8)
#define PROC2_INTERRUPT_DELIVERY BIT(9)
#define PROC2_VMFUNC		BIT(13)
#define PROC2_SHADOWING		BIT(14)
#define PROC2_PML		BIT(17)
#define PROC2_EPT_VE		BIT(18)
#define PROC2_PASID		BIT(21)
#define PROC2_MODE_EXECUTE	BIT(22)
#define PROC2_SUB_PAGE		BIT(23)
#define PROC2_PT_GPA		BIT(24)
#define PROC2_TSC_SCALING	BIT(25)

#define PROC3_HLAT		BIT(1)
#define PROC3_PAGING_WRITE	BIT(2)
#define PROC3_VERIFICATION	BIT(3)
#define PROC3_IPI		BIT(4)

/* SDM 3C, "VM-Exit Controls" */
#define EXIT_HOST_64		BIT(9)
#define EXIT_PERF_CTL		BIT(12)
#define EXIT_ACK_INTERRUPT	BIT(15)
#define EXIT_PAT		BIT(19)
#define EXIT_EFER		BIT(21)
#define EXIT_SAVE_TIMER		BIT(22)
#define EXIT_CLEAR_RTIT		BIT(25)
#define EXIT_CET		BIT(28)
#define EXIT_PKRS		BIT(29)
#define EXIT_SECONDARY		BIT(31)

/* SDM 3C, "VM-Entry Controls" */
#define ENTRY_DEBUG		BIT(2)
#define ENTRY_IA32E		BIT(9)
#define ENTRY_SMM		BIT(10)
#define ENTRY_DEACTIVATE	BIT(11)
#define ENTRY_PERF_CTL		BIT(13)
#define ENTRY_PAT		BIT(14)
#define ENTRY_EFER		BIT(15)
#define ENTRY_BNDCFGS		BIT(16)
#define ENTRY_RTIT_CTL		BIT(18)
#define ENTRY_UINV		BIT(19)
#define ENTRY_CET		BIT(20)
#define ENTRY_LBR_CTL		BIT(21)
#define ENTRY_PKRS		BIT(22)

/* SDM 3C, "VM-Entry Controls for Event Injection" */
#define EVENT_VECTOR		0xffu
#define EVENT_TYPE(info)	(((info) >> 8) & 7)
#define EVENT_HAS_ERROR		BIT(11)
#define EVENT_RESERVED		0x7ffff000u
#define EVENT_VALID		BIT(31)

#define TYPE_EXTERNAL		0
#define TYPE_RESERVED		1
#define TYPE_NMI		2
#define TYPE_HARDWARE		3
#define TYPE_SOFTWARE_INT	4
#define TYPE_PRIVILEGED		5
#define TYPE_SOFTWARE		6
#define TYPE_OTHER		7

/* SDM 3C, "Guest Register State": access rights */
#define RIGHTS_TYPE(ar)		((ar) & 15)
#define RIGHTS_S			BIT(4)
#define RIGHTS_DPL(ar)		(((ar) >> 5) & 3)
#define RIGHTS_P			BIT(7)
#define RIGHTS_L			BIT(13)
#define RIGHTS_DB			BIT(14)
#define RIGHTS_G			BIT(15)
#define RIGHTS_UNUSABLE		BIT(16)
#define RIGHTS_RESERVED_LOW		0xf00u
#define RIGHTS_RESERVED_HIGH	0xfffe0000u

#define SEL_RPL(sel)		((sel) & 3)
#define SEL_TI			4u

/* SDM 3C, "Guest Non-Register State" */
#define BLOCKING_STI		BIT(0)
#define BLOCKING_MOV_SS		BIT(1)
#define BLOCKING_SMI		BIT(2)
#define BLOCKING_NMI		BIT(3)
#define BLOCKING_ENCLAVE	BIT(4)

#define ACTIVITY_ACTIVE		0
#define ACTIVITY_HLT		1
#define ACTIVITY_SHUTDOWN	2
#define ACTIVITY_WAIT_SIPI	3

#define PENDING_BS		BIT(14)
#define PENDING_RTM		BIT(16)

/* SDM 3A, "Control Registers"; SDM 3D, "Architectural MSRs" */
#define CR0_PE			BIT(0)
#define CR0_WP			BIT(16)
#define CR0_NW_CD		(3u << 29)
#define CR0_PG			BIT(31)
#define CR3_LAM			(3ull << 61)
#define CR4_PAE			BIT(5)
#define CR4_PCIDE		BIT(17)
#define CR4_CET			BIT(23)
#define EFER_VALID		0xd01u
#define EFER_LME_BIT		BIT(8)
#define EFER_LMA_BIT		BIT(10)
#define RFLAGS_FIXED		BIT(1)
#define RFLAGS_TF		BIT(8)
#define RFLAGS_IF		BIT(9)
#define RFLAGS_VM		BIT(17)
#define RFLAGS_RESERVED		(~0x3fffffull | BIT(15) | BIT(5) | BIT(3))
#define DEBUGCTL_RESERVED	(~0xffffull | 7u << 3)
#define DEBUGCTL_BTF		BIT(1)
#define RTIT_RESERVED		(0x7full << 57 | 0x7full << 48 | 7u << 28 | BIT(23) | BIT(18))
#define LBR_RESERVED		(~0x7fffffull | 0xfff0u)
#define S_CET_RESERVED		(0xfull << 6)
#define S_CET_SUPPRESS		BIT(10)
#define S_CET_TRACKER		BIT(11)
#define BNDCFGS_RESERVED	0xffcu

/* SDM 3D, "VMX Capability Reporting Facility" */
#define BASIC_32_BIT		BIT_ULL(48)
#define BASIC_ANY_ERROR_CODE	BIT_ULL(56)
#define MISC_ACTIVITIES(misc)	(((misc) >> 6) & 7)
#define MISC_CR3_TARGETS(misc)	(((misc) >> 16) & 0x1ff)
#define MISC_LENGTH_0		BIT_ULL(30)
#define EPTCAP_WALK_4		BIT_ULL(6)
#define EPTCAP_WALK_5		BIT_ULL(7)
#define EPTCAP_UC		BIT_ULL(8)
#define EPTCAP_WB		BIT_ULL(14)
#define EPTCAP_AD		BIT_ULL(21)
#define EPTCAP_SHADOW_STACK	BIT_ULL(23)

#endif /* VELLUM_DOCTOR_BITS_H */
