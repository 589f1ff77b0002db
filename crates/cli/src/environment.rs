//! Environment variables, as a value: tests bring their own.

use std::{ffi::OsString, fmt, path::PathBuf};

type Read<'a> = Box<dyn Fn(&str) -> Option<OsString> + 'a>;

/// Where variables come from.
pub(crate) struct Environment<'a> {
    read: Read<'a>,
}

impl Environment<'_> {
    /// The variables of this process.
    pub(crate) fn of_process() -> Self {
        Self { read: Box::new(|name| std::env::var_os(name)) }
    }

    /// A variable that holds a text; an empty one counts as not set.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        (self.read)(name).and_then(|value| value.into_string().ok()).filter(|value| !value.trim().is_empty())
    }

    /// A variable that holds a path; an empty one counts as not set.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        (self.read)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One of them may be a token.
        f.write_str("Environment")
    }
}

#[cfg(test)]
impl<'a> Environment<'a> {
    /// These variables and no others.
    pub(crate) fn of(variables: &'a [(&'a str, &'a str)]) -> Self {
        let read =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(*value));
        Self { read: Box::new(read) }
    }
}
