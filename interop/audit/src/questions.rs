//! The questions auditors ask most, as SPARQL, in the vocabularies of `ontology/`.

/// A question with a name.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question {
    /// How the command line calls it.
    pub name: &'static str,
    /// What it asks, in words.
    pub title: &'static str,
    /// The query.
    pub sparql: &'static str,
}

/// All questions, in the order the demo asks them.
pub const QUESTIONS: &[Question] = &[
    Question {
        name: "warm",
        title: "Every temperature above 20 °C in the last 100 blocks, with device, vendor, organisation and transaction",
        sparql: include_str!("questions/warm.rq"),
    },
    Question {
        name: "vendors",
        title: "How many observations each vendor's devices have made",
        sparql: include_str!("questions/vendors.rq"),
    },
    Question {
        name: "power",
        title: "Active power in watts, phase by phase",
        sparql: include_str!("questions/power.rq"),
    },
    Question {
        name: "custody",
        title: "Logistics events: what was seen where, in which business step",
        sparql: include_str!("questions/custody.rq"),
    },
    Question {
        name: "endorsers",
        title: "Which organisations endorsed each recording, and who submitted it",
        sparql: include_str!("questions/endorsers.rq"),
    },
];

/// The question of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Question> {
    QUESTIONS.iter().find(|question| question.name == name)
}
