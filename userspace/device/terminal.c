// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal's mode, changed and put back on every way out.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "console.h"

static struct termios before;
static volatile sig_atomic_t changed;

void terminal_restore(void)
{
	if (!changed)
		return;
	changed = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* tcsetattr() is among what a signal handler may call. */
static void on_crash(int sig)
{
	terminal_restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

void terminal_raw(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct termios raw;
	static bool once;
	size_t i;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &raw))
		return;
	before = raw;
	if (!once) {
		once = true;
		atexit(terminal_restore);
		for (i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
			signal(crashes[i], on_crash);
	}
	raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	changed = 1;
	/* Output stays as it is: messages of this program end in a bare newline. */
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}
