/* SPDX-License-Identifier: GPL-2.0-only */
/* An exception, and no IDT. */
	ud2
