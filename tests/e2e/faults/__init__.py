"""The 22 faults of the fault list, each on the real broker and the real store, under load.

test_workers    F1 F2 F3 F4 F5 F6 F17 F20       processes that die, freeze, hang, come and go
test_network    F7 F8 F9 F22                    the broker, and the wires to it
test_data       F10 F11 F12 F13 F16 F18         refused output, bad input, the store, models
test_positions  F14 F15 F19 F21                 disks, offsets and logs that others changed
test_points     F13 F14 F15                     a crash at every call that touches the disk

Each module has one instance, its faults follow one another, its last test reads every topic. What
is asserted is correctness and that things go on; times are printed at the end of the run.
"""
