/* How many instructions an emulated program has executed, said whenever it asks for its priority under a number of its own.

   A plugin of QEMU's user emulation, built against nothing: what it needs of qemu-plugin.h (version 1) is declared here.
   The program calls getpriority(PRIO_PROCESS, n), which changes nothing, and "n instructions" is written to the log. */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t plugin_id;
struct qemu_info;
struct qemu_plugin_tb;
typedef void (*translated_callback)(plugin_id, struct qemu_plugin_tb *);
typedef void (*system_call_callback)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                     uint64_t, uint64_t, uint64_t);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translated_callback);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, system_call_callback);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int operation, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern void qemu_plugin_outs(const char *);

enum { ADD_U64 = 0, GETPRIORITY_ON_ARM64 = 141 };

int qemu_plugin_version = 1;
static uint64_t executed; /* one thread works at a time: LiteRT is asked for one */

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static char *written_before(char *end, uint64_t number) {
    do *--end = '0' + number % 10;
    while (number /= 10);
    return end;
}

static void called(plugin_id id, unsigned processor, int64_t number, uint64_t which, uint64_t mark, uint64_t a3,
                   uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
    char line[64], *start = line + sizeof line;
    if (number != GETPRIORITY_ON_ARM64) return;
    *--start = 0;
    *--start = '\n';
    start = written_before(start, executed);
    *--start = ' ';
    qemu_plugin_outs(written_before(start, mark));
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int count, char **words) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
