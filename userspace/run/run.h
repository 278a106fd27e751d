/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RUN_H
#define RUN_H

/* `vellum run`; the exit status. */
int run_main(int argc, char **argv);

/* `vellum info`; the exit status. */
int info_main(int argc, char **argv);
int profile_main(int argc, char **argv);

/* `vellum stat`, `vellum top`; the exit status. */
int stat_main(int argc, char **argv);
int top_main(int argc, char **argv);

/* `vellum exec`; the exit status, when it returns. */
int exec_main(int argc, char **argv);

/* `vellum control`, `vellum walk`, `vellum debug`; the exit status. */
int control_main(int argc, char **argv);
int walk_main(int argc, char **argv);
int debug_main(int argc, char **argv);

#endif /* RUN_H */
