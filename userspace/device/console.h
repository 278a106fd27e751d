/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal: bytes from the guest, keys to it, and the menu.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>
#include <stdint.h>

struct machine;

/* Takes up to @len bytes of input; returns how many it had room for. */
typedef size_t (*console_sink_t)(void *device, const uint8_t *data, size_t len);

/* Raw mode if standard input is a terminal; undone at exit and by a crash. */
void terminal_raw(void);
void terminal_restore(void);

/* To standard output, all of it. */
void console_write(const void *data, size_t len);

/*
 * To @fd, all of it, on a vCPU's thread: waits for whoever reads it, but lets the
 * machine pause and end meanwhile.
 */
void console_put(int fd, const void *data, size_t len);

/* What this thread writes from here on goes out together, at the release. */
void console_hold(void);
void console_release(void);

/*
 * Serve input and signals until the machine has ended. Returns how: what
 * machine_end() was told, END_QUIT, or END_SIGNAL and a number.
 */
int console_loop(struct machine *m, console_sink_t sink, void *device);

/* Signals that end the tool are read by console_loop(); before any thread starts. */
void console_block_signals(void);

#endif /* CONSOLE_H */
