//! The tutorial in `docs/vendors-hour.md`, done as it says.

use std::fs;
use std::path::Path;

use crate::program::pervade;

const TUTORIAL: &str = include_str!("../../docs/vendors-hour.md");

/// A block of the tutorial: the words after its fence, and its lines.
struct Block<'t> {
    words: Vec<&'t str>,
    lines: Vec<&'t str>,
}

fn blocks() -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in TUTORIAL.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(words), None) => {
                open = Some(Block { words: words.split_whitespace().collect(), lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// The tutorial is what happened: its files are written, its commands are run in an empty folder,
/// and what they said is compared. `…` stands for anything within a line, and alone for any lines.
#[test]
fn the_tutorial_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let _stop = Stop(folder.path());
    for block in blocks() {
        match block.words.as_slice() {
            ["console"] => {
                for (command, said) in commands(&block.lines) {
                    run(folder.path(), command, &said);
                }
            }
            [_, path] => {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, format!("{}\n", block.lines.join("\n"))).unwrap();
            }
            _ => {}
        }
    }
}

/// A network that a failing test leaves behind is stopped.
struct Stop<'f>(&'f Path);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        // None runs if all went well.
        drop(pervade(&["network", "down"]).current_dir(self.0).output());
    }
}

/// The commands of a block, with what each says.
fn commands<'t>(lines: &[&'t str]) -> Vec<(&'t str, Vec<&'t str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, Vec::new())),
            (None, Some((_, said))) => said.push(line),
            (None, None) => commands.push((line, Vec::new())),
        }
    }
    commands
}

fn run(folder: &Path, command: &str, said: &[&str]) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let (program, args) = words.split_first().unwrap();
    assert_eq!(*program, "pervade", "{command}");
    let output = pervade(args).current_dir(folder).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    // People see both, what is said to them first.
    let all: Vec<&str> = out.lines().chain(err.lines()).collect();
    assert!(
        fits(said, &all),
        "{command}\nis said to give\n{}\nand gives\n{}",
        said.join("\n"),
        all.join("\n")
    );
}

fn fits(wanted: &[&str], found: &[&str]) -> bool {
    match (wanted, found) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=found.len()).any(|skipped| fits(rest, &found[skipped..])),
        ([line, rest @ ..], [first, others @ ..]) => fits_line(line, first) && fits(rest, others),
        _ => false,
    }
}

fn fits_line(wanted: &str, found: &str) -> bool {
    let mut rest = found.trim_end();
    let parts: Vec<&str> = wanted.trim_end().split('…').collect();
    let [first, others @ ..] = parts.as_slice() else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in others {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || wanted.ends_with('…')
}
