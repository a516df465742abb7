//! A device type's folder, however it was written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pervade_authoring::{Compiled, compile};
use pervade_package::{DevicePackage, PACKAGE_BYTES_MAX, check};

use super::problems::Told;
use super::turtle::Turtle;
use crate::failure::{Failure, OrFail as _};

/// Names of authored files; a folder has one of them at most.
pub(crate) const AUTHORED: &[&str] = &["device.yaml", "device.yml", "device.json"];

/// Names of mappings in YARRRML.
const MAPPINGS: &[&str] = &["mapping.yml", "mapping.yaml"];

/// Most files of a folder.
const FILES_MAX: usize = 1_000;

/// A device type as it was found in a folder.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) dir: PathBuf,
    /// The authored file, by its name, and what became of it.
    pub(crate) authored: Option<(String, Compiled)>,
    /// The mapping, if it was written in YARRRML.
    mapping: Option<Turtle>,
    /// The package, if its parts could be read; the check is another matter.
    pub(crate) package: Option<DevicePackage>,
    /// Examples that have no expected quads yet.
    pub(crate) unexpected: Vec<String>,
    problems: Vec<Told>,
}

impl Loaded {
    /// Reads a folder.
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        Ok(Self::of(dir, files(dir)?))
    }

    /// An authored file alone, without its examples.
    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let authored = if name.ends_with(".json") { "device.json" } else { "device.yaml" };
        let files = BTreeMap::from([(authored.to_owned(), text.as_bytes().to_vec())]);
        Self::of(Path::new(name), files)
    }

    fn of(dir: &Path, mut files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut loaded = Self {
            dir: dir.to_owned(),
            authored: None,
            mapping: None,
            package: None,
            unexpected: Vec::new(),
            problems: Vec::new(),
        };
        loaded.compile(&mut files);
        loaded.compile_mapping(&mut files);
        if loaded.problems.is_empty() {
            loaded.add_missing(&mut files);
            match DevicePackage::from_files(&files) {
                Ok(package) => loaded.package = Some(package),
                Err(problems) => {
                    loaded.problems = problems.iter().map(|problem| loaded.told(problem)).collect();
                }
            }
        }
        loaded
    }

    /// Puts the texts that an authored file stands for in its place.
    fn compile(&mut self, files: &mut BTreeMap<String, Vec<u8>>) {
        let found: Vec<&str> =
            AUTHORED.iter().copied().filter(|name| files.contains_key(*name)).collect();
        let [name] = found.as_slice() else {
            if let [first, second, ..] = found.as_slice() {
                let message = format!("{first} and {second} both describe the device");
                self.problems.push(Told::whole(second, "file", message));
            }
            return;
        };
        for by_hand in ["package.json", "schema.json", "mapping.ttl"] {
            if files.contains_key(by_hand) {
                let message = format!("{name} stands for this file: one of them goes");
                self.problems.push(Told::whole(by_hand, "file", message));
            }
        }
        let bytes = files.remove(*name).unwrap_or_default();
        let Ok(text) = String::from_utf8(bytes) else {
            self.problems.push(Told::whole(name, "file", "not UTF-8"));
            return;
        };
        let compiled = compile(name, &text);
        self.problems.extend(compiled.problems.iter().map(Told::from));
        if let Some(texts) = &compiled.texts {
            files.insert("package.json".to_owned(), texts.manifest.clone().into_bytes());
            files.insert("schema.json".to_owned(), texts.schema.clone().into_bytes());
            files.insert("mapping.ttl".to_owned(), texts.mapping.clone().into_bytes());
        }
        self.authored = Some(((*name).to_owned(), compiled));
    }

    /// A mapping in YARRRML stands for `mapping.ttl`.
    fn compile_mapping(&mut self, files: &mut BTreeMap<String, Vec<u8>>) {
        let found = MAPPINGS.iter().find(|name| files.contains_key(**name));
        let Some(name) = found.filter(|_| self.authored.is_none()) else { return };
        let text = files.remove(*name).map(String::from_utf8);
        let Some(Ok(text)) = text else {
            self.problems.push(Told::whole(name, "file", "not UTF-8"));
            return;
        };
        if files.contains_key("mapping.ttl") {
            let message = format!("{name} stands for this file: one of them goes");
            self.problems.push(Told::whole("mapping.ttl", "file", message));
            return;
        }
        match Turtle::read(name, text) {
            Ok(turtle) => {
                files.insert("mapping.ttl".to_owned(), turtle.text.clone().into_bytes());
                self.mapping = Some(turtle);
            }
            Err(problems) => self.problems.extend(problems),
        }
    }

    /// An example without expected quads is an example that expects none, until they are written.
    fn add_missing(&mut self, files: &mut BTreeMap<String, Vec<u8>>) {
        let names: Vec<String> = files
            .keys()
            .filter_map(|path| path.strip_prefix("examples/")?.rsplit_once('.'))
            .filter(|(_, extension)| *extension != "nq")
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            let path = format!("examples/{name}.nq");
            if let std::collections::btree_map::Entry::Vacant(entry) = files.entry(path) {
                entry.insert(Vec::new());
                self.unexpected.push(name);
            }
        }
    }

    /// Everything that is wrong.
    pub(crate) fn problems(&self) -> Vec<Told> {
        let mut told = self.problems.clone();
        let Some(package) = &self.package else { return told };
        let has_expected = |document: &str| {
            !self.unexpected.iter().any(|name| document == format!("examples/{name}.nq"))
        };
        let found = check(package).err().unwrap_or_default();
        told.extend(
            found
                .iter()
                .filter(|problem| has_expected(&problem.document))
                .map(|problem| self.told(problem)),
        );
        for name in &self.unexpected {
            let document = format!("examples/{name}.nq");
            let message = "the quads that the example must give are not written yet";
            let hint =
                format!("`pervade mapping test {} --update` writes them", self.dir.display());
            told.push(Told::whole(&document, "no-expected", message).suggesting(hint));
        }
        told
    }

    /// A problem of a text that was compiled is told where it was authored.
    fn told(&self, problem: &pervade_package::Problem) -> Told {
        let told = Told::from(problem);
        if let Some(turtle) = self.mapping.as_ref().filter(|_| told.document == "mapping.ttl") {
            return turtle.placed(told);
        }
        let Some((name, compiled)) = &self.authored else { return told };
        let pointer = match told.document.as_str() {
            "schema.json" => {
                let after = told.message.strip_prefix("at ").and_then(|rest| rest.split_once(": "));
                after.map_or(String::new(), |(pointer, _)| pointer.to_owned())
            }
            "package.json" => "/x-device".to_owned(),
            "mapping.ttl" => String::new(),
            _ => return told,
        };
        let (line, column) = compiled.position(&pointer);
        Told { document: name.clone(), line, column, ..told }
    }

    /// The package, without a problem.
    pub(crate) fn checked(&self, output: crate::output::Output) -> Result<&DevicePackage, Failure> {
        let problems = self.problems();
        for problem in &problems {
            output.note(problem);
        }
        match &self.package {
            Some(package) if problems.is_empty() => Ok(package),
            _ => Err(broken(&self.dir, problems.len())),
        }
    }
}

/// Longest file that is read by its name, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A file that the caller names.
pub(crate) fn read_file(path: &Path, code: &'static str) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;

    let unreadable = || format!("cannot read {}", path.display());
    let file = fs::File::open(path).or_fail_with(code, unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).or_fail_with(code, unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        let text = format!("{} is longer than {FILE_BYTES_MAX} bytes", path.display());
        return Err(Failure::new(code, text));
    }
    Ok(bytes)
}

/// A device type with problems.
pub(crate) fn broken(dir: &Path, problems: usize) -> Failure {
    let problems = super::problems::count(problems, "problem");
    Failure::new("BAD_PACKAGE", format!("{} has {problems}", dir.display()))
}

/// The folder's files by their paths inside it; hidden ones are left out.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    collect(dir, "", &mut found)?;
    Ok(found)
}

fn collect(dir: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let unreadable = |path: &Path| format!("cannot read {}", path.display());
    for entry in fs::read_dir(dir).or_fail_with("NO_PACKAGE", || unreadable(dir))? {
        let path = entry.or_fail_with("NO_PACKAGE", || unreadable(dir))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{prefix}{name}");
        // A link may lead anywhere, and a pipe never ends.
        let metadata =
            fs::symlink_metadata(&path).or_fail_with("NO_PACKAGE", || unreadable(&path))?;
        if metadata.is_dir() && prefix.is_empty() {
            collect(&path, &format!("{inside}/"), found)?;
            continue;
        }
        if !metadata.is_file() {
            let text = format!("{} is no file of the package's own", path.display());
            return Err(Failure::new("NO_PACKAGE", text));
        }
        let bytes = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if found.len() >= FILES_MAX || bytes > PACKAGE_BYTES_MAX {
            let text = format!("{} has too many or too large files", dir.display());
            return Err(Failure::new("NO_PACKAGE", text));
        }
        let bytes = fs::read(&path).or_fail_with("NO_PACKAGE", || unreadable(&path))?;
        found.insert(inside, bytes);
    }
    Ok(())
}
