//! A valve, as a handler of a device's process moves it: a program to start others from.
//!
//! It is given the folder in which it keeps the valve's position and, by task, that it has moved it:
//! the same order is carried out once, however often it is given.
//!
//! ```text
//! echo '{"parameters":"{\"percent\":40}","task":"7","type":"valve"}' | valve /var/lib/valve
//! {"readings":{"percent":40},"text":"the valve is open by 40 %"}
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("which folder?")?.into();
    let order: Order = serde_json::from_reader(io::stdin().lock())?;
    let is_name = order.task.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_name || order.task.is_empty() {
        return Err("a task is named by letters and digits".into());
    }
    let done = folder.join(format!("{}.done", order.task));
    let percent = if done.exists() {
        fs::read_to_string(&done)?.parse()?
    } else {
        let Parameters { percent } = serde_json::from_str(&order.parameters)?;
        // To move a valve to where it is already moves nothing.
        place(&folder.join("position"), percent)?;
        place(&done, percent)?;
        percent
    };
    let told = Told {
        readings: BTreeMap::from([("percent", percent)]),
        text: format!("the valve is open by {percent} %"),
    };
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(&told)?)?)
}

/// Writes a number to a file, which holds the one before or this one, whatever happens.
fn place(path: &Path, percent: i64) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(percent.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

#[derive(Deserialize)]
struct Order {
    parameters: String,
    task: String,
}

#[derive(Deserialize)]
struct Parameters {
    percent: i64,
}

#[derive(Serialize)]
struct Told {
    readings: BTreeMap<&'static str, i64>,
    text: String,
}
