//! The small doors to the outside: clock, randomness, files, tasks.
