/* SPDX-License-Identifier: GPL-2.0-only */
/* For parts of the module that are built in user space: they print nothing. */
