/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports by which the guest turns itself off, and starts again.
 */
#ifndef POWER_H
#define POWER_H

#define PORT_PM1_EVENT	0x600
#define PORT_PM1_CNT	0x604
#define PORT_PM_TIMER	0x608
#define PORT_RESET	0xcf9

#define SLEEP_S5	0	/* SLP_TYP of soft off */
#define RESET_VALUE	6

#endif /* POWER_H */
