//! The account a story gives of itself while it happens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

/// Hears a story as it is told.
pub trait Listener: Send {
    /// A step begins.
    fn begins(&mut self, number: u32, title: &str);
    /// Something a person may want to read.
    fn says(&mut self, text: &str);
    /// A step has ended, with everything it said and found.
    fn ends(&mut self, step: &StepAccount);
}

/// One step of a story, as scripts read it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepAccount {
    /// Its place in the story, from 1.
    pub step: u32,
    /// What it shows.
    pub title: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What it said, line by line.
    pub said: Vec<String>,
    /// What it found, by name.
    pub figures: BTreeMap<String, Value>,
}

/// Everything a story found, by step and name.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// `done` once the story has been told to its end.
    pub outcome: &'static str,
    /// Figures by `<step>.<name>`.
    pub figures: BTreeMap<String, Value>,
}

/// Tells a listener, and remembers.
pub(crate) struct Teller<'a> {
    listener: &'a mut dyn Listener,
    step: Option<(StepAccount, Instant)>,
    /// How many steps have begun.
    begun: u32,
    figures: Figures,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(listener: &'a mut dyn Listener) -> Self {
        Self { listener, step: None, begun: 0, figures: Figures::default() }
    }

    /// Ends the step before, and begins the next.
    pub(crate) fn step(&mut self, title: &str) {
        self.end();
        self.begun += 1;
        self.listener.begins(self.begun, title);
        let account = StepAccount {
            step: self.begun,
            title: title.to_owned(),
            milliseconds: 0,
            said: Vec::new(),
            figures: BTreeMap::new(),
        };
        self.step = Some((account, now()));
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.listener.says(&text);
        if let Some((account, _)) = &mut self.step {
            account.said.push(text);
        }
    }

    pub(crate) fn figure(&mut self, name: &str, value: impl Into<Value>) {
        if let Some((account, _)) = &mut self.step {
            account.figures.insert(name.to_owned(), value.into());
        }
    }

    /// Ends the story.
    pub(crate) fn done(mut self) -> Figures {
        self.end();
        self.figures.outcome = "done";
        self.figures
    }

    fn end(&mut self) {
        let Some((mut account, began)) = self.step.take() else { return };
        account.milliseconds = milliseconds(began.elapsed());
        self.listener.ends(&account);
        let key = |name: &str| format!("{}.{name}", account.step);
        for (name, value) in &account.figures {
            self.figures.figures.insert(key(name), value.clone());
        }
        self.figures.figures.insert(key("milliseconds"), account.milliseconds.into());
    }
}

/// Whole milliseconds of a duration.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The story measures itself; nothing it does depends on what it measures.
pub(crate) fn now() -> Instant {
    Instant::now()
}
