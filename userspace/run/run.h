/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RUN_H
#define RUN_H

/* `vellum run`; the exit status. */
int run_main(int argc, char **argv);

/* `vellum info`; the exit status. */
int info_main(int argc, char **argv);

#endif /* RUN_H */
