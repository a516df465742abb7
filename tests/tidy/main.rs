//! The house rules, asserted: arrows, paths, budgets and the table of requirements.

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod requirements;
#[cfg(test)]
mod tree;
