"""What a variant costs where it is used: time, memory, warmth and joules of the very machine.

The measuring is that of `evaluation`: the same fresh processes, the same calls in turns. Added is what only a device has: its sensors
(`sensors`), a meter of its power (`power_meters`, `meter_tables`) and a file that carries the figures home
(`result_files`, `into_run`). Begin with `bench.bench_bundle`.
"""
