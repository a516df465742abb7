//! The same payloads from a file to a file: by this engine and by Morph-KGC.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pervade_mapping::Plan;

/// What a run from file to file took.
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) quads: usize,
    pub(crate) peak_mb: u64,
}

/// Payloads that are read before they are mapped, for each thread.
const AT_ONCE: usize = 2_000;

/// Reads a payload a line, and writes the quads of each in the order of the lines.
pub(crate) fn ours(
    folder: &Path,
    size: usize,
    mapped: impl Fn(usize, &[u8]) -> String + Sync,
) -> io::Result<Run> {
    let begun = Instant::now();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut lines = BufReader::new(File::open(folder.join(LINES))?).split(b'\n').enumerate();
    let mut output = BufWriter::new(File::create(folder.join("ours.nq"))?);
    loop {
        let read: Vec<(usize, Vec<u8>)> = lines
            .by_ref()
            .take(AT_ONCE * threads)
            .map(|(number, line)| line.map(|line| (number, line)))
            .collect::<io::Result<_>>()?;
        if read.is_empty() {
            break;
        }
        let texts: Vec<String> = thread::scope(|scope| {
            let parts: Vec<_> = read
                .chunks(AT_ONCE)
                .map(|part| {
                    let mapped = &mapped;
                    scope.spawn(move || {
                        part.iter().map(|(number, line)| mapped(*number, line)).collect::<String>()
                    })
                })
                .collect();
            parts.into_iter().map(|part| part.join().expect("no panic")).collect()
        });
        for text in texts {
            output.write_all(text.as_bytes())?;
        }
    }
    output.flush()?;
    let seconds = begun.elapsed().as_secs_f64();
    let quads = count_lines(&folder.join("ours.nq"))?;
    if quads != size * crate::QUADS {
        return Err(io::Error::other(format!("{quads} quads of {size} payloads")));
    }
    Ok(Run { seconds, quads, peak_mb: crate::peak_mb("self") })
}

const LINES: &str = "payloads.jsonl";

const ARRAY: &str = "payloads.json";

/// Writes the payloads for both: a line each, and as one array, the form that Morph-KGC reads.
pub(crate) fn write(folder: &Path, size: usize) -> io::Result<()> {
    let mut lines = BufWriter::new(File::create(folder.join(LINES))?);
    let mut array = BufWriter::new(File::create(folder.join(ARRAY))?);
    for number in 0..size {
        let payload = crate::payload(number);
        writeln!(lines, "{payload}")?;
        writeln!(array, "{}{payload}", if number == 0 { '[' } else { ',' })?;
    }
    writeln!(array, "]")?;
    lines.flush()?;
    array.flush()
}

/// Runs `python -m morph_kgc` on the array. It leaves out what several payloads say alike.
pub(crate) fn morph_kgc(python: &Path, folder: &Path, mapping: &str) -> io::Result<Run> {
    // Its references are names joined by dots, and its templates absolute.
    let mapping = mapping
        .replace("pv:Payload", &format!("\"{ARRAY}\""))
        .replace("iterator \"$\"", "iterator \"$[*]\"")
        .replace("$.", "")
        .replace("\"o/{", "\"http://example.org/o/{");
    fs::write(folder.join("mapping.ttl"), format!("@base <http://example.org/m/> .\n{mapping}"))?;
    let settings = "[CONFIGURATION]\noutput_file=morph.nq\noutput_format=N-QUADS\n\
        logging_level=ERROR\n[DataSource1]\nmappings=mapping.ttl\n";
    fs::write(folder.join("config.ini"), settings)?;
    let begun = Instant::now();
    let mut child = Command::new(python)
        .args(["-m", "morph_kgc", "config.ini"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_mb = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_mb = peak_mb.max(crate::peak_mb(&child.id().to_string()));
        thread::sleep(Duration::from_millis(20));
    };
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(io::Error::other(format!("morph_kgc ended with {status}")));
    }
    Ok(Run { seconds, quads: count_lines(&folder.join("morph.nq"))?, peak_mb })
}

fn count_lines(file: &Path) -> io::Result<usize> {
    Ok(BufReader::new(File::open(file)?).split(b'\n').count())
}

/// A plan maps one payload, known by its number.
pub(crate) fn with(plan: &Plan) -> impl Fn(usize, &[u8]) -> String + Sync {
    |number, payload| crate::mapped(plan, number, payload)
}
