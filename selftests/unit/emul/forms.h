/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line for each form of each instruction: what goes in, what must come out.
 *
 * Both are lists of words. What the second does not name must not change.
 *
 *	rax=5a		a general register, in hexadecimal
 *	m4000.2=1234	memory: address, bytes, value; up to 8 bytes
 *	x3.0=11		64 bits of a vector register: number, which of the four
 *	f=cz		the status flags that are set: o s z a p c; and d
 *	ds.base=100	a segment register: base, limit, ar, sel
 *	cpl=3 ac la57	privilege level; alignment checks; 5-level paging
 *	p=0102		bytes at the port, in the order of the accesses
 *	all		execute until REP is through, not one round
 *	rep		the round was not the last
 *	ud gp ss ac nm	the exception, with error code 0 if it has one
 *	pf=4000:2	#PF: CR2 and error code
 *	unhandled short	the answer
 *	lose		a locked access fails once and must be tried again
 *	ram		not with memory that answers late
 */
#ifndef VELLUM_UNIT_EMUL_FORMS_H
#define VELLUM_UNIT_EMUL_FORMS_H

/**
 * struct form - one line
 * @mode: 64, 32, 16, or 86 for real-address mode
 * @text: for people
 * @bytes: of the instruction, in hexadecimal
 * @in: state before
 * @out: what is different after
 */
struct form {
	int mode;
	const char *text;
	const char *bytes;
	const char *in;
	const char *out;
};

extern const struct form forms_arith[], forms_move[], forms_string[], forms_other[];

/* forms_parse_bytes() - hexadecimal to bytes; how many. */
unsigned int forms_parse_bytes(const char *text, unsigned char bytes[15]);

#endif /* VELLUM_UNIT_EMUL_FORMS_H */
