//! A mapping as RML in Turtle, whatever it was written in.

use std::path::Path;

use pervade_authoring::{Yarrrml, yarrrml};

use super::problems::Told;

/// A mapping in Turtle; what is wrong with it is told where it was written.
#[derive(Debug)]
pub(crate) struct Turtle {
    document: String,
    pub(crate) text: String,
    yarrrml: Option<Yarrrml>,
}

impl Turtle {
    /// Reads a mapping: YARRRML if the file's name ends so, else Turtle as it is.
    pub(crate) fn read(document: &str, text: String) -> Result<Self, Vec<Told>> {
        let extension = Path::new(document).extension().and_then(|name| name.to_str());
        let document = document.to_owned();
        if !matches!(extension, Some("yml" | "yaml")) {
            return Ok(Self { document, text, yarrrml: None });
        }
        let read = yarrrml(&document, &text);
        match &read.mapping {
            Some(turtle) => Ok(Self { document, text: turtle.clone(), yarrrml: Some(read) }),
            None => Err(read.problems.iter().map(Told::from).collect()),
        }
    }

    /// A problem of the mapping.
    pub(crate) fn told(&self, problem: &pervade_mapping::Problem) -> Told {
        let code = problem.code.as_str();
        self.placed(Told {
            line: problem.line,
            column: problem.column,
            ..Told::whole(&self.document, code, problem.message.clone())
        })
    }

    /// The same, at the place it was written.
    pub(crate) fn placed(&self, told: Told) -> Told {
        let (line, column) = match &self.yarrrml {
            Some(yarrrml) => yarrrml.position(told.line),
            None => (told.line, told.column),
        };
        Told { document: self.document.clone(), line, column, ..told }
    }
}
