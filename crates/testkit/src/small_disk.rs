//! A small file system in memory that a test fills up and empties.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A mounted tmpfs; unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    mount_point: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one of this size, such as `8m`; `None` where this user may not mount.
    ///
    /// # Panics
    /// If there is no temporary directory.
    pub fn mount(size: &str) -> Option<Self> {
        let mount_point = tempfile::tempdir().expect("there is a temporary directory");
        let options = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(mount_point.path()).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self { mount_point })
    }

    /// The directory at which it is mounted.
    pub fn path(&self) -> &Path {
        self.mount_point.path()
    }

    /// Writes a file until no byte is free.
    ///
    /// # Panics
    /// If the file can't be created.
    pub fn fill(&self) {
        let mut file = File::create(self.ballast()).expect("a file can be created");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Removes that file, if it is there.
    pub fn free(&self) {
        let _ = fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
