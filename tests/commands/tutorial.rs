//! The pages of `docs` that say what to do, done as they say.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::pervade;

/// A block of a page: the words after its fence, and its lines.
struct Block<'t> {
    words: Vec<&'t str>,
    lines: Vec<&'t str>,
}

fn blocks(page: &'static str) -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in page.lines() {
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

/// A page is what happened.
#[test]
fn the_tutorial_is_true() {
    check(include_str!("../../docs/vendors-hour.md"));
}

/// A page is what happened.
#[test]
fn the_page_about_tasks_is_true() {
    check(include_str!("../../docs/tasks.md"));
}

/// Its files are written, its commands are run in an empty folder, and what they said is compared. `…` stands for
/// anything within a line, and alone for any lines; `$NAME` at a line's end for what is said there first, and
/// for the same wherever it comes again.
fn check(page: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let _stop = Stop(folder.path());
    let mut names = BTreeMap::new();
    for block in blocks(page) {
        match block.words.as_slice() {
            ["console"] => {
                for (command, said) in commands(&block.lines) {
                    run(folder.path(), command, &said, &mut names);
                }
            }
            [_, path] => {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, format!("{}\n", block.lines.join("\n"))).unwrap();
                if path.extension().is_some_and(|extension| extension == "sh") {
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
                }
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

fn run(folder: &Path, command: &str, said: &[&str], names: &mut BTreeMap<String, String>) {
    let command = named(command, names);
    let words: Vec<&str> = command.split_whitespace().collect();
    let (program, args) = words.split_first().unwrap();
    assert_eq!(*program, "pervade", "{command}");
    let output = pervade(args).current_dir(folder).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    // People see both, what is said to them first.
    let all: Vec<&str> = out.lines().chain(err.lines()).collect();
    learn(said, &all, names);
    let said: Vec<String> = said.iter().map(|line| named(line, names)).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    assert!(
        fits(&said, &all),
        "{command}\nis said to give\n{}\nand gives\n{}",
        said.join("\n"),
        all.join("\n")
    );
}

/// A line with what its names stand for.
fn named(line: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value))
}

/// Takes down what names stand for that were not said before.
fn learn(said: &[&str], found: &[&str], names: &mut BTreeMap<String, String>) {
    for line in said {
        let Some((before, name)) = line.rsplit_once('$') else { continue };
        let name = format!("${name}");
        let is_name = name.bytes().skip(1).all(|b| b.is_ascii_uppercase());
        let value = found.iter().find_map(|found| found.strip_prefix(before));
        if let (true, false, Some(value)) = (is_name, names.contains_key(&name), value) {
            names.insert(name, value.to_owned());
        }
    }
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
