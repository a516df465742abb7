use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

/// Longest file read, in bytes.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The folder that a run reads from and writes to.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Without links.
    root: PathBuf,
}

impl Folder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let root = path.canonicalize().map_err(|source| FolderError::io(path, source))?;
        if root.is_dir() {
            Ok(Self { root })
        } else {
            Err(FolderError::NotADirectory { path: root })
        }
    }

    /// The bytes of a file inside.
    ///
    /// # Errors
    /// It is not there, not inside, no file, or longer than [`FILE_BYTES_MAX`].
    pub fn read(&self, path: &str) -> Result<Vec<u8>, FolderError> {
        let asked = self.root.join(path);
        let whole = asked.canonicalize().map_err(|source| FolderError::io(path, source))?;
        self.check_inside(&whole, path)?;
        let file = File::open(&whole).map_err(|source| FolderError::io(path, source))?;
        let metadata = file.metadata().map_err(|source| FolderError::io(path, source))?;
        if !metadata.is_file() {
            return Err(FolderError::NotAFile { path: path.into() });
        }
        let mut bytes = Vec::new();
        let mut bounded = file.take(FILE_BYTES_MAX + 1);
        bounded.read_to_end(&mut bytes).map_err(|source| FolderError::io(path, source))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            return Err(FolderError::TooLong { path: path.into(), limit: FILE_BYTES_MAX });
        }
        Ok(bytes)
    }

    /// Where a file inside is, or will be, written.
    ///
    /// # Errors
    /// It would not be inside, or something that is no file is there.
    pub(crate) fn place(&self, path: &str) -> Result<PathBuf, FolderError> {
        let asked = self.root.join(path);
        let outside = || FolderError::Outside { path: path.into() };
        if asked.components().any(|part| part == Component::ParentDir) {
            return Err(outside());
        }
        let (Some(parent), Some(name)) = (asked.parent(), asked.file_name()) else {
            return Err(outside());
        };
        let parent = parent.canonicalize().map_err(|source| FolderError::io(path, source))?;
        self.check_inside(&parent, path)?;
        let whole = parent.join(name);
        match fs::symlink_metadata(&whole) {
            Ok(metadata) if metadata.is_file() => Ok(whole),
            Ok(_) => Err(FolderError::NotAFile { path: path.into() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(whole),
            Err(source) => Err(FolderError::io(path, source)),
        }
    }

    fn check_inside(&self, whole: &Path, path: &str) -> Result<(), FolderError> {
        if whole.starts_with(&self.root) {
            Ok(())
        } else {
            Err(FolderError::Outside { path: path.into() })
        }
    }
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It is not there, or not for us.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The path as it was given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It is not inside the folder.
    #[error("{} is not inside the folder of the run", path.display())]
    Outside {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Something else than a file.
    #[error("{} is no file", path.display())]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Something else than a folder.
    #[error("{} is no folder", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Too long.
    #[error("{} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The path as it was given.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

impl FolderError {
    pub(crate) fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io { path: path.as_ref().to_owned(), source }
    }

    /// What is wrong with the file, in words.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => source.to_string(),
            Self::Outside { .. }
            | Self::NotAFile { .. }
            | Self::NotADirectory { .. }
            | Self::TooLong { .. } => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(path: &str, expected: Expect) {
        let above = tempfile::tempdir().unwrap();
        let inside = above.path().join("inside");
        fs::create_dir_all(inside.join("sub")).unwrap();
        fs::write(above.path().join("secret"), "secret").unwrap();
        fs::write(inside.join("file"), "file").unwrap();
        std::os::unix::fs::symlink(above.path().join("secret"), inside.join("link")).unwrap();
        std::os::unix::fs::symlink(above.path(), inside.join("up")).unwrap();
        let folder = Folder::open(&inside).unwrap();
        let told = |error: &FolderError| format!("{error}: {}", error.reason());
        let read = folder.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let place = folder
            .place(path)
            .map(|place| place.strip_prefix(&folder.root).unwrap().to_string_lossy().into_owned());
        expected.assert_eq(&format!(
            "read: {}\nplace: {}\n",
            read.unwrap_or_else(|error| told(&error)),
            place.unwrap_or_else(|error| told(&error))
        ));
    }

    #[test]
    fn files_inside() {
        check(
            "./file",
            expect![[r#"
            read: file
            place: file
        "#]],
        );
        check(
            "sub/new",
            expect![[r#"
            read: sub/new cannot be used: No such file or directory (os error 2)
            place: sub/new
        "#]],
        );
    }

    #[test]
    fn nothing_outside() {
        check(
            "../secret",
            expect![[r#"
            read: ../secret is not inside the folder of the run: ../secret is not inside the folder of the run
            place: ../secret is not inside the folder of the run: ../secret is not inside the folder of the run
        "#]],
        );
        check(
            "link",
            expect![[r#"
            read: link is not inside the folder of the run: link is not inside the folder of the run
            place: link is no file: link is no file
        "#]],
        );
        check(
            "up/secret",
            expect![[r#"
            read: up/secret is not inside the folder of the run: up/secret is not inside the folder of the run
            place: up/secret is not inside the folder of the run: up/secret is not inside the folder of the run
        "#]],
        );
        check(
            "/etc/passwd",
            expect![[r#"
            read: /etc/passwd is not inside the folder of the run: /etc/passwd is not inside the folder of the run
            place: /etc/passwd is not inside the folder of the run: /etc/passwd is not inside the folder of the run
        "#]],
        );
        check(
            "sub",
            expect![[r#"
            read: sub is no file: sub is no file
            place: sub is no file: sub is no file
        "#]],
        );
        check(
            "",
            expect![[r#"
            read:  is no file:  is no file
            place:  is not inside the folder of the run:  is not inside the folder of the run
        "#]],
        );
    }
}
