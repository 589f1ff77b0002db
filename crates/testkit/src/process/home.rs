//! A home folder of its own.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A home folder that holds everything a program keeps, its temporary files too.
#[derive(Debug)]
pub struct Home(TempDir);

impl Home {
    /// An empty home.
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        std::fs::create_dir(home.path().join("tmp")).expect("the temporary folder can be written");
        home
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        crate::config_file::write(self.path(), name, text)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
