/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction emulator: what MMIO and string port I/O need of x86.
 *
 * Pure: it knows no vCPU and no VMCS.  Registers are a copy in the context,
 * memory and ports are reached through ops.  It builds in user space too, where
 * selftests/unit compares it with Zydis and with a real CPU.
 *
 * One call executes one instruction, or with REP one round of it: one
 * iteration, or several elements of INS and OUTS.  Any answer but EM_OK leaves
 * the registers as they were, so the instruction can be executed again.
 */
#ifndef VELLUM_EMUL_EMUL_H
#define VELLUM_EMUL_EMUL_H

#include <linux/types.h>

/* Numbers of general registers; the rest follow as encoded. */
enum { EM_RAX, EM_RCX, EM_RDX, EM_RBX, EM_RSP, EM_RBP, EM_RSI, EM_RDI, EM_NR_GPRS = 16 };

/* Numbers of segment registers, as encoded. */
enum { EM_ES, EM_CS, EM_SS, EM_DS, EM_FS, EM_GS, EM_NR_SEGS };

/* In place of a base or index register. */
#define EM_NO_REG	0xff
#define EM_RIP		0x10

/**
 * enum em_result - what came of an instruction
 * @EM_OK: done; or, when em->retired is false, one round of REP is
 * @EM_FAULT: em->fault is to be injected
 * @EM_WAIT: an op has to ask elsewhere; execute again when the answer is there
 * @EM_AGAIN: a locked access lost a race; let the guest try again
 * @EM_SHORT: the bytes end before the instruction does
 * @EM_UNHANDLED: the emulator cannot do it
 * @EM_ERROR: an op failed in a way that is not the guest's doing
 * @EM_DEVICE: only from em_ops.probe: there is no plain memory
 */
enum em_result {
	EM_OK,
	EM_FAULT,
	EM_WAIT,
	EM_AGAIN,
	EM_SHORT,
	EM_UNHANDLED,
	EM_ERROR,
	EM_DEVICE,
};

/* Exceptions that the emulator itself raises. */
enum {
	EM_VECTOR_UD = 6,
	EM_VECTOR_NM = 7,
	EM_VECTOR_SS = 12,
	EM_VECTOR_GP = 13,
	EM_VECTOR_PF = 14,
	EM_VECTOR_AC = 17,
};

/* Kinds of access; both for the read half of a read-modify-write. */
#define EM_READ		1
#define EM_WRITE	2

/* Segment attributes where a descriptor, and the VMCS, have them. */
#define EM_AR_WRITABLE	0x00002		/* data; code: readable */
#define EM_AR_DOWN	0x00004		/* data: expand-down */
#define EM_AR_CODE	0x00008
#define EM_AR_BIG	0x04000		/* the D/B flag */
#define EM_AR_UNUSABLE	0x10000

/* RFLAGS */
#define EM_CF		0x00001
#define EM_PF		0x00004
#define EM_AF		0x00010
#define EM_ZF		0x00040
#define EM_SF		0x00080
#define EM_DF		0x00400
#define EM_OF		0x00800
#define EM_RF		0x10000
#define EM_STATUS	(EM_CF | EM_PF | EM_AF | EM_ZF | EM_SF | EM_OF)

#define EM_MAX_INSN	15

/* The widest operand, and the widest access: a YMM register. */
#define EM_MAX_OPERAND	32

/**
 * struct em_segment - a segment register
 * @base: linear address
 * @limit: last byte, granularity applied
 * @ar: EM_AR_*
 * @selector: what MOV from it stores
 */
struct em_segment {
	u64 base;
	u32 limit;
	u32 ar;
	u16 selector;
};

/**
 * struct em_fault - an exception
 * @vector: which
 * @has_error: it has an error code
 * @error: this one
 * @cr2: of a page fault
 */
struct em_fault {
	u8 vector;
	bool has_error;
	u32 error;
	u64 cr2;
};

/**
 * struct em_operand - where an operand is
 * @kind: OP_* of insn.h
 * @reg: its number, for registers
 * @size: bytes
 * @high: AH, CH, DH or BH
 */
struct em_operand {
	u8 kind;
	u8 reg;
	u8 size;
	bool high;
};

/**
 * struct em_address - the memory operand as encoded
 * @seg: segment register
 * @base: general register, EM_RIP or EM_NO_REG
 * @index: general register or EM_NO_REG
 * @scale: 1, 2, 4 or 8
 * @disp: displacement, or the whole offset
 */
struct em_address {
	u8 seg;
	u8 base;
	u8 index;
	u8 scale;
	u64 disp;
};

/**
 * struct em_insn - a decoded instruction
 * @length: bytes
 * @op: enum em_op of insn.h
 * @flags: of its row in the table
 * @op_size: operand size, 2 to 8
 * @addr_size: address size, 2 to 8
 * @rex: REX prefix, or the same bits of a VEX prefix
 * @rep: 0, F2H or F3H
 * @opsize_prefix: there is a 66H
 * @lock: there is a LOCK prefix
 * @override: segment register of an override that counts, or EM_NO_REG
 * @vex: there is a VEX prefix
 * @opcode: last byte of the opcode
 * @modrm: ModR/M byte
 * @dst: first operand
 * @src: second operand
 * @mem: the memory operand, if one of them is in memory
 * @imm: immediate, sign-extended
 */
struct em_insn {
	u8 length;
	u8 op;
	u16 flags;
	u8 op_size;
	u8 addr_size;
	u8 rex;
	u8 rep;
	bool opsize_prefix;
	bool lock;
	u8 override;
	bool vex;
	u8 opcode;
	u8 modrm;
	struct em_operand dst;
	struct em_operand src;
	struct em_address mem;
	u64 imm;
};

struct em_ops;

/**
 * struct em - an instruction and the state that it works on
 * @ops: memory, ports and vector registers
 * @gpr: general registers
 * @rip: of the instruction; not moved
 * @rflags: RFLAGS
 * @seg: segment registers
 * @code_bits: 16, 32 or 64
 * @cpl: current privilege level
 * @la_bits: linear address bits, 48 or 57
 * @protected: segments have types: neither real-address nor virtual-8086 mode
 * @align_check: CR0.AM, RFLAGS.AC and CPL 3
 * @bytes: the instruction
 * @nbytes: how many of @bytes there are
 * @io: buffer for elements of INS and OUTS, in the order of the port accesses
 * @io_size: bytes in @io; at least 4
 * @insn: decoded
 * @fault: when the answer is EM_FAULT
 * @retired: RIP is to be moved by insn.length
 */
struct em {
	const struct em_ops *ops;
	u64 gpr[EM_NR_GPRS];
	u64 rip;
	u64 rflags;
	struct em_segment seg[EM_NR_SEGS];
	u8 code_bits;
	u8 cpl;
	u8 la_bits;
	bool protected;
	bool align_check;
	u8 bytes[EM_MAX_INSN];
	u8 nbytes;
	u8 *io;
	u32 io_size;
	struct em_insn insn;
	struct em_fault fault;
	bool retired;
};

/**
 * struct em_ops - what the emulator cannot do itself; enum em_result each
 * @read: from linear memory; @access has EM_WRITE if a write will follow
 * @write: to linear memory; all of it, or EM_FAULT and nothing
 * @cmpxchg: write @new if memory still holds @old, else EM_AGAIN
 * @probe: would this access fault?  EM_DEVICE if it would go to a device
 * @port_in: @count elements into em->io
 * @port_out: @count elements from em->io
 * @vector_check: may the instruction use vector registers?  (@vex: AVX's)
 * @vector_read: the low @len bytes of a vector register
 * @vector_write: likewise; the rest of the register becomes 0 with @zero
 *
 * Reads and writes are of 1 to EM_MAX_OPERAND bytes, but for those of INS and
 * OUTS: a probe answered EM_OK for them, and they do not cross a page.
 */
struct em_ops {
	int (*read)(struct em *em, u64 linear, void *buf, unsigned int len, u32 access);
	int (*write)(struct em *em, u64 linear, const void *buf, unsigned int len);
	int (*cmpxchg)(struct em *em, u64 linear, const void *old, const void *new,
		       unsigned int len);
	int (*probe)(struct em *em, u64 linear, unsigned int len, u32 access);
	int (*port_in)(struct em *em, u16 port, unsigned int size, unsigned int count);
	int (*port_out)(struct em *em, u16 port, unsigned int size, unsigned int count);
	int (*vector_check)(struct em *em, bool vex);
	int (*vector_read)(struct em *em, unsigned int reg, void *buf, unsigned int len);
	int (*vector_write)(struct em *em, unsigned int reg, const void *buf,
			    unsigned int len, bool zero);
};

/**
 * em_decode() - take the bytes of an instruction apart
 * @em: with bytes and mode; the result goes to em->insn
 *
 * Return: EM_OK, EM_FAULT, EM_SHORT or EM_UNHANDLED.
 */
int em_decode(struct em *em);

/** em_execute() - do what em_decode() has just decoded; enum em_result. */
int em_execute(struct em *em);

/** em_is_port() - is the decoded instruction INS or OUTS? */
bool em_is_port(const struct em *em);

#endif /* VELLUM_EMUL_EMUL_H */
