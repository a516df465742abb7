//! Handlers that are programs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pervade_ports::BoxFuture;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use crate::handler::{Handler, HandlerError, Order, Product};

/// Runs a program for each order.
///
/// The program reads the order from its standard input, one object of JSON:
/// `{"parameters":"…","task":"…","type":"…"}`. It writes what came of it to its standard output, one
/// object with `readings`, whole numbers by metric, and either a `file` in base64 or a `text`:
/// `{"readings":{"celsius":21},"text":"measured at 21 °C"}`. What it says on standard error is told
/// if it ends with another status than 0.
///
/// It is given the same order again when the device stopped too early: see [`Handler`].
#[derive(Clone, Debug)]
pub struct Program {
    program: PathBuf,
    arguments: Vec<OsString>,
    limits: Limits,
}

/// How much a program may take.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Limits {
    /// Most bytes that it tells.
    pub output_bytes: u64,
    /// How long it may be at work. Then it is killed.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { output_bytes: 64 * 1024 * 1024, time: Duration::from_secs(60) }
    }
}

impl Program {
    /// A program, by its path or its name.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), limits: Limits::default() }
    }

    /// The same program with another argument after those before.
    #[must_use]
    pub fn with_argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The same program within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    async fn run(&self, order: &Order) -> Result<Product, HandlerError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(HandlerError::NotStarted)?;
        let told = self.talk(&mut child, order).await?;
        let status = child.wait().await.map_err(HandlerError::Pipe)?;
        if !status.success() {
            let said = String::from_utf8_lossy(&told.error);
            let told = said.trim().lines().next_back().unwrap_or_default().to_owned();
            return Err(HandlerError::Failed { status: status.to_string(), told });
        }
        read(&told.output)
    }

    /// Writes the order and reads all that the program says. It may say much before it reads.
    async fn talk(&self, child: &mut Child, order: &Order) -> Result<Told, HandlerError> {
        let limit = self.limits.output_bytes;
        let (output, error, ()) = tokio::try_join!(
            gather(child.stdout.take(), limit),
            gather(child.stderr.take(), ERROR_BYTES_MAX),
            hand_over(child.stdin.take(), order),
        )
        .map_err(HandlerError::Pipe)?;
        if u64::try_from(output.len()).unwrap_or(u64::MAX) > limit {
            return Err(HandlerError::TooMuch { limit });
        }
        Ok(Told { output, error })
    }
}

impl Handler for Program {
    fn handle<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>> {
        let time = self.limits.time;
        let late = HandlerError::TimedOut { seconds: time.as_secs() };
        Box::pin(
            async move { tokio::time::timeout(time, self.run(order)).await.unwrap_or(Err(late)) },
        )
    }
}

struct Told {
    output: Vec<u8>,
    error: Vec<u8>,
}

/// Most bytes of complaints that are read.
const ERROR_BYTES_MAX: u64 = 64 * 1024;

/// Reads one byte more than the limit, to tell what is longer, and lets the pipe break then.
async fn gather(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit.saturating_add(1)).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// A program that does not read its order may still have known what to do.
async fn hand_over(pipe: Option<ChildStdin>, order: &Order) -> std::io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let order = serde_json::to_vec(order)?;
    match pipe.write_all(&order).await {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn read(output: &[u8]) -> Result<Product, HandlerError> {
    let written: Written = serde_json::from_slice(output).map_err(HandlerError::NotAProduct)?;
    let file = match (written.file, written.text) {
        (Some(file), None) => STANDARD.decode(file).map_err(HandlerError::NotBase64)?,
        (None, Some(text)) => text.into_bytes(),
        _ => return Err(HandlerError::NoFile),
    };
    Ok(Product { file, readings: written.readings })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with readings and a file or a text")]
struct Written {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    readings: BTreeMap<String, i64>,
    #[serde(default)]
    text: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use expect_test::{Expect, expect};

    use super::{Limits, Program};
    use crate::handler::{Handler as _, Order};

    fn shell(script: &str) -> Program {
        Program::new("/bin/sh").with_argument("-c").with_argument(script)
    }

    async fn told(program: Program) -> String {
        let order = Order {
            parameters: "{\"to\":21}".to_owned(),
            task: "7".to_owned(),
            type_name: "warm".to_owned(),
        };
        match program.handle(&order).await {
            Ok(product) => {
                format!("{:?} {}", product.readings, String::from_utf8_lossy(&product.file))
            }
            Err(error) => error.to_string(),
        }
    }

    async fn check(script: &str, expected: Expect) {
        expected.assert_eq(&told(shell(script)).await);
    }

    /// W-04: a program is given the task's parameters and tells what it measured.
    #[tokio::test]
    async fn a_program_does_the_work() {
        check(
            r#"printf '{"readings":{"celsius":21},"text":"%s"}' "$(tr -d '"\\')""#,
            expect![[r#"{"celsius": 21} {parameters:{to:21},task:7,type:warm}"#]],
        )
        .await;
        check(r#"printf '{"file":"aGVsbG8="}'"#, expect!["{} hello"]).await;
    }

    /// A program's failure is told, and whatever it says has an end.
    #[tokio::test]
    async fn a_program_that_fails_gives_no_product() {
        check(
            "echo first >&2; echo no sensor >&2; exit 3",
            expect!["the handler failed with exit status: 3: no sensor"],
        )
        .await;
        check("echo 21", expect![[
            "what the handler tells is no product: invalid type: integer `21`, expected an object with readings and a file or a text at line 1 column 2"
        ]])
        .await;
        check(r#"echo '{"readings":{"celsius":21.5},"text":""}'"#, expect![[
            "what the handler tells is no product: invalid type: floating point `21.5`, expected i64 at line 1 column 27"
        ]])
        .await;
        check(r#"echo '{"readings":{}}'"#, expect!["a product has either a file or a text"]).await;
        check(r#"echo '{"file":"?"}'"#, expect!["the file is not in base64"]).await;
        let nowhere = Program::new("/nowhere/at/all");
        assert_eq!(told(nowhere).await, "the handler cannot be started");
    }

    #[tokio::test]
    async fn a_program_has_limits() {
        let began = Instant::now();
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        let slow = shell("exec sleep 60").with_limits(limits);
        assert_eq!(told(slow).await, "the handler was still at work after 0 s");
        assert!(began.elapsed() < Duration::from_secs(30), "it was not waited for");
        let limits = Limits { output_bytes: 8, ..Limits::default() };
        let long = shell("echo 123456789").with_limits(limits);
        assert_eq!(told(long).await, "the handler tells more than 8 bytes");
    }
}
