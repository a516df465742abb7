//! The house rules, asserted: arrows, paths, budgets and the table of requirements.

mod arrows;
mod budgets;
mod paths;
mod requirements;
mod tree;
