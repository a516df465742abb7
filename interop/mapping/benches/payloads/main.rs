//! How many payloads a second become quads, beside a bare parse and print of the same payloads.
//!
//! ```sh
//! cargo bench -p pervade-mapping --bench payloads [-- PAYLOADS…]
//! PERVADE_BENCH_MORPH=venv/bin/python cargo bench -p pervade-mapping --bench payloads
//! ```
//!
//! Each payload is one JSON document of a device and gives 18 quads over three triples maps, as
//! sorted canonical N-Quads. Payloads are made, mapped and written one by one, on as many threads
//! as there are processors; nothing is kept. The last rows of a size read the payloads from a file
//! and write the quads to one; with a Python that has Morph-KGC (`pip install morph-kgc`) it does
//! the same after us.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "it measures and prints"
)]

mod files;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use pervade_mapping::{Context, Document, Plan, lower};

const MAPPING: &str = r#"
@prefix rml: <http://w3id.org/rml/> .
@prefix pv: <urn:pervade:vocab#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix e: <http://example.org/> .

<#Observation> rml:logicalSource <#payload> ;
  rml:subjectMap [ rml:template "o/{$.id}" ; rml:class sosa:Observation ] ;
  rml:predicateObjectMap [ rml:predicate sosa:madeBySensor ; rml:objectMap [ rml:template "urn:device:{$.device.serial}" ] ] ,
    [ rml:predicate sosa:resultTime ; rml:objectMap [ rml:reference "$.time" ; rml:datatype xsd:dateTimeStamp ] ] ,
    [ rml:predicate sosa:hasSimpleResult ; rml:objectMap [ rml:reference "$.reading.temperature" ] ] ,
    [ rml:predicate e:humidity ; rml:objectMap [ rml:reference "$.reading.humidity" ] ] ,
    [ rml:predicate e:pressure ; rml:objectMap [ rml:reference "$.reading.pressure" ] ] ,
    [ rml:predicate e:battery ; rml:objectMap [ rml:reference "$.reading.battery" ; rml:datatype xsd:decimal ] ] .
<#Device> rml:logicalSource <#payload> ;
  rml:subjectMap [ rml:template "urn:device:{$.device.serial}" ; rml:class sosa:Sensor ] ;
  rml:predicateObjectMap [ rml:predicate e:vendor ; rml:objectMap [ rml:reference "$.device.vendor" ] ] ,
    [ rml:predicate e:model ; rml:objectMap [ rml:reference "$.device.model" ] ] ,
    [ rml:predicate e:firmware ; rml:objectMap [ rml:reference "$.device.firmware" ] ] ,
    [ rml:predicate e:serial ; rml:objectMap [ rml:reference "$.device.serial" ] ] ,
    [ rml:predicate e:at ; rml:objectMap [ rml:template "o/{$.id}/place" ] ] .
<#Place> rml:logicalSource <#payload> ;
  rml:subjectMap [ rml:template "o/{$.id}/place" ; rml:class e:Place ] ;
  rml:predicateObjectMap [ rml:predicate e:latitude ; rml:objectMap [ rml:reference "$.place.lat" ] ] ,
    [ rml:predicate e:longitude ; rml:objectMap [ rml:reference "$.place.lon" ] ] ,
    [ rml:predicate e:name ; rml:objectMap [ rml:reference "$.place.name" ; rml:language "en" ] ] ,
    [ rml:predicate e:indoors ; rml:objectMap [ rml:reference "$.place.indoors" ] ] .
<#payload> rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; rml:iterator "$" .
"#;

const QUADS: usize = 18;

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![1_000, 100_000, 1_000_000] } else { asked };
    let plan = lower(MAPPING).plan.expect("a mapping without problems");
    let quads = mapped(&plan, 7, payload(7).as_bytes());
    assert_eq!(quads.lines().count(), QUADS, "{quads}");
    println!("| payloads | what | payloads/s | quads/s | MB in/s | CPU µs each | RSS MB |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    for size in sizes {
        let bytes: usize =
            (0..size.min(1_000)).map(|n| payload(n).len()).sum::<usize>() / size.min(1_000);
        let bare = measured(size, |n| {
            let value: serde_json::Value = serde_json::from_str(&payload(n)).expect("JSON");
            value.to_string().len()
        });
        report(size, "made alone", measured(size, |n| payload(n).len()), bytes);
        report(size, "parsed and printed (serde_json)", bare, bytes);
        let ours = measured(size, |n| {
            let document = Document::parse(payload(n).as_bytes()).expect("JSON");
            document.value().to_string().len()
        });
        report(size, "parsed and printed (our reader)", ours, bytes);
        let whole = measured(size, |n| mapped(&plan, n, payload(n).as_bytes()).len());
        report(size, "mapped and written", whole, bytes);
        through_files(&plan, size).expect("files");
    }
}

fn through_files(plan: &Plan, size: usize) -> std::io::Result<()> {
    let folder = std::env::temp_dir().join(format!("pervade-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    files::write(&folder, size)?;
    let tell = |what: &str, run: &files::Run| {
        let (payloads, quads) = (size as f64 / run.seconds, run.quads as f64 / run.seconds);
        println!("| {size} | {what} | {payloads:.0} | {quads:.0} | | | {} |", run.peak_mb);
    };
    tell("file to file", &files::ours(&folder, size, files::with(plan))?);
    if let Some(python) = std::env::var_os("PERVADE_BENCH_MORPH").map(PathBuf::from) {
        tell("file to file, Morph-KGC", &files::morph_kgc(&python, &folder, MAPPING)?);
    }
    fs::remove_dir_all(folder)
}

fn mapped(plan: &Plan, number: usize, payload: &[u8]) -> String {
    let document = Document::parse(payload).expect("JSON");
    let record = format!("urn:pervade:tx:ch:{number:016x}");
    let context = Context {
        base: format!("{record}#"),
        graph: format!("{record}#graph"),
        device: "urn:pervade:device:d".to_owned(),
        record,
    };
    plan.run_to_nquads(&document, &context).expect("a payload that can be mapped")
}

fn payload(n: usize) -> String {
    format!(
        r#"{{"id":"{n:012}","time":"2026-11-{:02}T{:02}:{:02}:{:02}Z","device":{{"serial":"SN{:08}","vendor":"Acme Sensors","model":"TH-{}","firmware":"{}.4.{}"}},"reading":{{"temperature":{}.{},"humidity":{}.5,"pressure":{}.25,"battery":3.{:02}}},"place":{{"lat":{}.170{:03},"lon":24.9{:04},"name":"Hall {}","indoors":{}}}}}"#,
        n % 28 + 1,
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        n % 5_000,
        n % 9,
        n % 7,
        n % 11,
        n % 40,
        n % 10,
        n % 100,
        900 + n % 200,
        n % 100,
        n % 90,
        n % 1000,
        n % 10_000,
        n % 50,
        n.is_multiple_of(2),
    )
}

/// Seconds by the clock and of processors that `size` payloads take on all processors.
fn measured(size: usize, work: impl Fn(usize) -> usize + Sync) -> (f64, f64) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (start, used) = (Instant::now(), cpu());
    let written: usize = thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                let work = &work;
                scope.spawn(move || (part..size).step_by(threads).map(work).sum::<usize>())
            })
            .collect();
        parts.into_iter().map(|part| part.join().expect("no panic")).sum()
    });
    assert!(written > size, "something was written");
    (start.elapsed().as_secs_f64(), cpu() - used)
}

/// Seconds of processors that this process has used; a hundredth is the least that is told.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn report(size: usize, what: &str, (seconds, used): (f64, f64), bytes: usize) {
    let per_second = size as f64 / seconds;
    let quads = if what.starts_with("mapped") {
        format!("{:.0}", per_second * QUADS as f64)
    } else {
        String::new()
    };
    let megabytes = per_second * bytes as f64 / 1e6;
    let each = used / size as f64 * 1e6;
    println!(
        "| {size} | {what} | {per_second:.0} | {quads} | {megabytes:.0} | {each:.1} | {} |",
        peak_mb("self")
    );
}

/// Most memory that a process has held so far, in MB; 0 if it is gone.
fn peak_mb(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: Option<u64> = line.trim().trim_end_matches(" kB").parse().ok();
    kilobytes.unwrap_or_default() / 1024
}
