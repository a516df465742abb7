//! What does the work of a task.

use std::collections::BTreeMap;

use pervade_ports::BoxFuture;
use pervade_tasks::record::Task;
use serde::Serialize;
use thiserror::Error;

/// Does the tasks of one type: reads a sensor, moves an actuator.
///
/// The same order may be given again: when the device stopped before it had written down what came
/// of it. A handler that acts on the world keeps, under the order's task, that it has acted, and
/// when it is given the order again tells what came of it without acting twice.
pub trait Handler: Send + Sync {
    /// Carries out an order.
    fn handle<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>>;
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Order {
    /// What the creator asks for, in words that handlers of the type know.
    pub parameters: String,
    /// The task: the same order has the same, another order another.
    pub task: String,
    /// The type.
    #[serde(rename = "type")]
    pub type_name: String,
}

impl Order {
    /// An order for a task of a type.
    #[must_use]
    pub fn new(task: String, type_name: String, parameters: String) -> Self {
        Self { parameters, task, type_name }
    }

    /// What a task asks for.
    #[must_use]
    pub fn of(task: &Task) -> Self {
        Self::new(task.id.clone(), task.type_name.clone(), task.parameters.clone())
    }
}

/// What came of an order.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by every handler")]
pub struct Product {
    /// The file for the creator, which is sealed before it is stored anywhere.
    pub file: Vec<u8>,
    /// What was measured, by metric, in the type's units. This is public.
    pub readings: BTreeMap<String, i64>,
}

/// What is in the file is the creator's business.
impl std::fmt::Debug for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Product")
            .field("bytes", &self.file.len())
            .field("readings", &self.readings)
            .finish()
    }
}

/// Why an order was not carried out, or nobody knows what came of it. It is given again later.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// There is no program to run.
    #[error("the handler cannot be started")]
    NotStarted(#[source] std::io::Error),
    /// The program could not be talked to.
    #[error("the handler cannot be talked to")]
    Pipe(#[source] std::io::Error),
    /// The program ended in failure.
    #[error("the handler failed with {status}: {told}")]
    Failed {
        /// How it ended.
        status: String,
        /// What it said last.
        told: String,
    },
    /// The program took too long.
    #[error("the handler was still at work after {seconds} s")]
    TimedOut {
        /// How long it may take.
        seconds: u64,
    },
    /// The program tells too much.
    #[error("the handler tells more than {limit} bytes")]
    TooMuch {
        /// How much it may tell.
        limit: u64,
    },
    /// What the program tells is no product.
    #[error("what the handler tells is no product: {0}")]
    NotAProduct(#[source] serde_json::Error),
    /// The file is not what it is said to be.
    #[error("the file is not in base64")]
    NotBase64(#[source] base64::DecodeError),
    /// There is no file, or one as text and another one.
    #[error("a product has either a file or a text")]
    NoFile,
}
