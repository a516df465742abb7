//! What a mapping or a package asks for beyond its folder is not had, and not tried: no connection,
//! no file. The program is watched as it asks its system.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use pervade_tests::outside::{self, Absent, Need, STRACE};

use crate::rml::program;

/// N-02: a mapping has its folder and nothing else.
pub(crate) fn trial() -> Trial {
    outside::trial("nothing_outside_the_folder_is_asked_for", &WATCHED, |(strace, pervade)| {
        let place = tempfile::tempdir()?;
        let folder = lay_out(place.path())?;
        for (name, source) in SOURCES {
            let mapping = folder.join("mapping.ttl");
            fs::write(&mapping, MAPPING.replace("SOURCE", source))?;
            let args: [&OsStr; 3] = ["mapping".as_ref(), "run".as_ref(), mapping.as_os_str()];
            let args = args.into_iter().chain(["--dir".as_ref(), folder.as_os_str()]);
            let mut watched = Command::new(&strace);
            watched.args(WATCH).arg(&pervade).args(args);
            refused(watched).map_err(|what| format!("{name}: {what}"))?;
        }
        let check = |name: &str| {
            let mut watched = Command::new(&strace);
            watched.args(WATCH).arg(&pervade).args(["mapping", "check"]).arg(&folder);
            refused(watched).map_err(|what| format!("{name}: {what}"))
        };
        check("a package with links")?;
        fs::remove_file(folder.join("link.json"))?;
        fs::remove_file(folder.join("out"))?;
        for (name, reference) in REFERENCES {
            fs::write(folder.join("schema.json"), SCHEMA.replace("REFERENCE", reference))?;
            check(name)?;
        }
        Ok(())
    })
}

static WATCHED: Need<(PathBuf, PathBuf)> = Need { name: "strace", find: watched };

fn watched() -> Result<(PathBuf, PathBuf), Absent> {
    Ok(((STRACE.find)()?, program()?))
}

const WATCH: &[&str] =
    &["-f", "-qq", "-s", "4096", "-e", "trace=%network,open,openat,openat2,readlink,execve"];

/// A folder to run in, and beside it what is not to be read.
fn lay_out(place: &Path) -> Result<PathBuf, Failed> {
    let folder = place.join("folder");
    fs::create_dir(&folder)?;
    fs::write(place.join(SECRET), "{\"a\":\"secret\"}")?;
    symlink(place.join(SECRET), folder.join("link.json"))?;
    symlink(place, folder.join("out"))?;
    fs::write(folder.join("package.json"), PACKAGE)?;
    Ok(folder)
}

const SECRET: &str = "secret.json";

const SOURCES: &[(&str, &str)] = &[
    ("the folder above", "[ a rml:RelativePathSource ; rml:path \"../secret.json\" ]"),
    ("a link to a file", "[ a rml:RelativePathSource ; rml:path \"link.json\" ]"),
    ("a link to a folder", "[ a rml:RelativePathSource ; rml:path \"out/secret.json\" ]"),
    ("a path from the root", "[ a rml:RelativePathSource ; rml:path \"/etc/passwd\" ]"),
    ("another root", "[ a rml:RelativePathSource ; rml:root \"/etc\" ; rml:path \"passwd\" ]"),
    ("a file by its IRI", "<file:///etc/passwd>"),
    ("a web page", "<http://127.0.0.1:9/data.json>"),
    (
        "a catalogue's download",
        "[ a <http://www.w3.org/ns/dcat#Distribution> ; \
           <http://www.w3.org/ns/dcat#downloadURL> <http://127.0.0.1:9/data.json> ]",
    ),
    (
        "a SPARQL service",
        "[ a <http://www.w3.org/ns/sparql-service-description#Service> ; \
           <http://www.w3.org/ns/sparql-service-description#endpoint> <http://127.0.0.1:9/sparql> ]",
    ),
    (
        "a database",
        "[ a <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#Database> ; \
           <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#jdbcDSN> \"jdbc:postgresql://127.0.0.1:9/x\" ]",
    ),
];

const MAPPING: &str = "@prefix rml: <http://w3id.org/rml/> .\n\
    @base <http://example.org/> .\n\
    <#m> a rml:TriplesMap ; rml:logicalSource [ rml:source SOURCE ; \
    rml:referenceFormulation rml:JSONPath ; rml:iterator \"$\" ] ; \
    rml:subjectMap [ rml:template \"http://example.org/{$.a}\" ; rml:class <http://e/C> ] .";

const REFERENCES: &[(&str, &str)] = &[
    ("a schema on the web", "http://127.0.0.1:9/schema.json"),
    ("a schema in a file", "file:///etc/passwd"),
    ("a schema in the folder above", "../secret.json"),
];

const SCHEMA: &str = "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\
    \"$ref\":\"REFERENCE\"}";

const PACKAGE: &str = "{\"vendor\":\"v\",\"model\":\"m\",\"version\":\"1.0.0\",\
    \"title\":\"t\",\"payload\":\"json\"}";

/// The program says what is wrong, and has asked for nothing that it may not have.
fn refused(mut watched: Command) -> Result<(), String> {
    let output = watched.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(1) {
        return Err(format!("ended with {:?}: {said}", output.status.code()));
    }
    let asked = said.lines().find(|line| {
        let opened = line.contains("open") && !line.contains("ENOENT");
        let is_secret = line.contains(SECRET) || line.contains("/etc/passwd");
        line.contains("connect(") || line.contains("AF_INET") || (opened && is_secret)
    });
    match asked {
        Some(line) => Err(format!("asked for {line}")),
        None => Ok(()),
    }
}
