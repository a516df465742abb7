//! `pervade prove`: one quad, back to the signatures under it.
//!
//! Which quad a row stands for: with `?observation`, `?value` and `?graph` it is the observation's
//! simple result ([`Answer::quad`]). Any other row must name its payload's graph (`?graph`, or
//! `?transaction` and `#payload`) and hold a term as the payload does (`?value`, or another column
//! by `--column`): the quad is the one of that graph whose object is that term. If more than one
//! fits, the quad itself must be given.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use fabric_protos::Message as _;
use fabric_protos::common::Block;
use pervade_audit::{Answer, Term};
use pervade_channel_config::ChannelConfig;
use pervade_interop_ledger::{Proof, Proven};
use pervade_ledger::block::last_config_index;
use pervade_rdf::{Dataset, nquads_line, parse_nquads};
use serde::Serialize;

use crate::auditor::{Auditor, Origin, Source};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::query::{Patience, sparql};

/// A proof to make or to check.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Prove {
    /// A saved question's name, SPARQL, or `@FILE` with SPARQL in it
    #[arg(value_name = "NAME|SPARQL|@FILE")]
    question: Option<String>,
    /// The answer's row, from 1
    #[arg(long, value_name = "N", requires = "question", value_parser = clap::value_parser!(u64).range(1..))]
    row: Option<u64>,
    /// The row's column that holds the measured term
    #[arg(long, value_name = "NAME", default_value = VALUE, requires = "row")]
    column: String,
    /// The quad itself, instead of a row: one line of N-Quads
    #[arg(long, value_name = "N-QUADS", conflicts_with_all = ["question", "row"])]
    quad: Option<String>,
    /// Write the proof to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Check the proof in this file; nothing else is read but the genesis block
    #[arg(long, value_name = "FILE", conflicts_with_all = ["question", "row", "quad", "out"], requires = "genesis")]
    check: Option<PathBuf>,
    /// The channel's first block, as you trust it [default: the network's own]
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    source: Source,
}

/// The column that holds what was measured, unless told otherwise.
const VALUE: &str = "value";

const EXAMPLES: &str = "\
Examples:
  pervade prove warm --row 1
  pervade prove warm --row 1 --out proof.json
  pervade prove --check proof.json --genesis mychannel.block
  pervade prove custody --row 2 --column step
  pervade prove --quad '<urn:…#soil> <http://qudt.org/schema/qudt/numericValue> \"21.5\"^^<…> <urn:…#payload> .'

A row must bind ?transaction (or ?graph) and the column of the measured term. What a proof shows:
quad, digest of the normalised graph, write set, transaction, endorsements, block, orderer's
signature, configuration.";

impl Prove {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        if let Some(file) = &self.check {
            let proof = read_proof(file)?;
            let proven = verify(&proof, &self.trusted_file()?)?;
            return output.report(&Shown { proven, proof: None, file: None });
        }
        self.is_enough()?;
        let origin = Origin::find(&self.source, output).await?;
        let patience = self.patience.duration();
        let mut auditor = Auditor::start(&self.source, &origin, patience).await?;
        let quad = self.quad(&mut auditor).await?;
        let proof = prove(&quad, &mut auditor, &origin).await?;
        let trusted = match self.genesis {
            Some(_) => self.trusted_file()?,
            None => origin.block(0).await?,
        };
        let proven = verify(&proof, &trusted)?;
        if let Some(file) = &self.out {
            write_proof(&proof, file)?;
        }
        let proof = self.out.is_none().then_some(proof);
        output.report(&Shown { proven, proof, file: self.out })
    }

    /// Something to prove is named.
    fn is_enough(&self) -> Result<(), Failure> {
        if self.quad.is_some() || self.question.is_some() && self.row.is_some() {
            return Ok(());
        }
        Err(Failure::usage("prove what? Name a question and --row N, or --quad, or --check FILE"))
    }

    async fn quad(&self, auditor: &mut Auditor) -> Result<String, Failure> {
        if let Some(quad) = &self.quad {
            return Ok(quad.clone());
        }
        let question = self.question.as_deref().unwrap_or_default();
        let row = self.row.unwrap_or(1);
        let answer = auditor.query(&sparql(question)?).await?;
        let index = usize::try_from(row - 1).unwrap_or(usize::MAX);
        if let Some(quad) = answer.quad(index).filter(|_| self.column == VALUE) {
            return Ok(quad);
        }
        let wanted = Wanted::from_row(&answer, index, &self.column)?;
        let payload = auditor.payload(&wanted.graph).await?;
        let quads = parse_nquads(&payload.graph);
        wanted.choose(&quads.or_fail("NO_QUAD", "the payload's quads cannot be read")?)
    }

    fn trusted_file(&self) -> Result<Block, Failure> {
        let path = self.genesis.as_deref().unwrap_or(Path::new(""));
        let bytes =
            fs::read(path).or_fail_with("NO_FILE", || format!("cannot read {}", path.display()))?;
        let no_block = || format!("{} is no block", path.display());
        Block::decode(bytes.as_slice()).or_fail_with("NO_FILE", no_block)
    }
}

async fn prove(quad: &str, auditor: &mut Auditor, origin: &Origin) -> Result<Proof, Failure> {
    let located = auditor.locate(quad).await?;
    let block = origin.block(located.block).await?;
    let unnamed = || format!("block {} names no configuration", located.block);
    let named = last_config_index(&block).or_fail_with("NO_PROOF", unnamed)?;
    let number = named.ok_or_else(|| Failure::new("NO_PROOF", unnamed()))?;
    let configuration = origin.block(number).await?;
    let proof = Proof::new(quad, &located.graph, located.transaction, &block, &configuration)
        .or_fail("NO_PROOF", "the quad cannot be proven")?;
    Ok(match located.salted {
        Some(salted) => proof.of_private(salted),
        None => proof,
    })
}

fn verify(proof: &Proof, trusted: &Block) -> Result<Proven, Failure> {
    let trusted = ChannelConfig::from_block(trusted)
        .or_fail("NO_GENESIS", "the trusted block holds no configuration")?;
    proof.verify(&trusted).or_fail("PROOF_BROKEN", "the proof does not hold")
}

fn read_proof(path: &Path) -> Result<Proof, Failure> {
    let unreadable = || format!("cannot read {}", path.display());
    let bytes = fs::read(path).or_fail_with("NO_FILE", unreadable)?;
    serde_json::from_slice(&bytes)
        .or_fail_with("NO_PROOF", || format!("{} holds no proof", path.display()))
}

fn write_proof(proof: &Proof, path: &Path) -> Result<(), Failure> {
    let text = serde_json::to_vec(proof).or_fail("OUTPUT", "the proof is no JSON")?;
    fs::write(path, text).or_fail_with("OUTPUT", || format!("cannot write {}", path.display()))
}

/// The quad a row stands for, as far as the row tells.
#[derive(Debug)]
struct Wanted {
    graph: String,
    object: Term,
}

impl Wanted {
    fn from_row(answer: &Answer, index: usize, column: &str) -> Result<Self, Failure> {
        let row = index.saturating_add(1);
        let cells = answer.rows.get(index).ok_or_else(|| {
            let rows = answer.rows.len();
            Failure::new("NO_ROW", format!("there is no row {row}: the answer has {rows}"))
        })?;
        let iri = |name: &str| match cells.get(name) {
            Some(Term::Uri { value }) => Some(value.clone()),
            _ => None,
        };
        let payload = |transaction: String| format!("{transaction}#payload");
        let graph = iri("graph").or_else(|| iri("transaction").map(payload));
        let graph = graph.ok_or_else(|| {
            let text = format!("row {row} binds neither ?transaction nor ?graph");
            Failure::new("NO_ROW", text)
        })?;
        let object = cells.get(column).cloned().ok_or_else(|| {
            let text = format!("row {row} has no ?{column}: name the measured term by --column");
            Failure::new("NO_ROW", text)
        })?;
        Ok(Self { graph, object })
    }

    /// The one quad of the payload that fits.
    fn choose(&self, payload: &Dataset) -> Result<String, Failure> {
        let fitting = payload.iter().filter(|quad| self.is_object(&quad.object));
        let lines: Vec<String> = fitting.map(nquads_line).collect();
        match lines.as_slice() {
            [line] => Ok(line.clone()),
            [] => {
                let text = format!(
                    "{} is not in the payload {}: it was computed by the question; give --quad",
                    self.object.text(),
                    self.graph
                );
                Err(Failure::new("NO_QUAD", text))
            }
            several => {
                let several = several.join("\n");
                let text = format!("several quads fit; give one by --quad:\n{several}");
                Err(Failure::new("AMBIGUOUS", text))
            }
        }
    }

    /// Whether a payload's term is the row's. Datatypes are not compared: the graph's store widens
    /// some, such as `xsd:dateTimeStamp`.
    fn is_object(&self, term: &pervade_rdf::Term) -> bool {
        match (&self.object, term) {
            (Term::Uri { value }, pervade_rdf::Term::NamedNode(node)) => node.as_str() == value,
            (Term::Literal { value, language, .. }, pervade_rdf::Term::Literal(literal)) => {
                literal.value() == value && literal.language() == language.as_deref()
            }
            _ => false,
        }
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    proven: Proven,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.proven.quad.trim_end())?;
        for step in &self.proven.steps {
            writeln!(f, "  {}: {}", step.link, step.found)?;
        }
        write!(f, "proven: transaction {} in block {}", self.proven.tx_id, self.proven.block)?;
        if let Some(file) = &self.file {
            write!(f, "\nproof written to {}", file.display())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pervade_audit::Term;
    use pervade_rdf::parse_nquads;

    use super::Wanted;

    const PAYLOAD: &str = "\
<urn:t#soil> <urn:p:time> \"2026-03-14T07:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTimeStamp> <urn:t#payload> .
<urn:t#soil> <urn:p:value> \"21.5\"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:t#payload> .
<urn:t#wood> <urn:p:unit> <urn:c> <urn:t#payload> .
<urn:t#soil> <urn:p:unit> <urn:c> <urn:t#payload> .
";

    #[test]
    fn the_one_quad_with_the_rows_term_is_chosen() {
        check(&literal("21.5", "decimal"), "<urn:t#soil> <urn:p:value> \"21.5\"");
        check(&literal("2026-03-14T07:00:00Z", "dateTime"), "<urn:t#soil> <urn:p:time>");
    }

    #[test]
    fn a_row_that_fits_none_or_several_is_not_guessed() {
        check(&literal("70.7", "decimal"), "70.7 is not in the payload urn:t#payload");
        check(&Term::Uri { value: "urn:c".to_owned() }, "several quads fit");
    }

    fn literal(value: &str, datatype: &str) -> Term {
        let datatype = Some(format!("http://www.w3.org/2001/XMLSchema#{datatype}"));
        Term::Literal { value: value.to_owned(), datatype, language: None }
    }

    #[track_caller]
    fn check(object: &Term, outcome: &str) {
        let wanted = Wanted { graph: "urn:t#payload".to_owned(), object: object.clone() };
        let chosen = wanted.choose(&parse_nquads(PAYLOAD).unwrap());
        let said = chosen.unwrap_or_else(|failure| failure.message());
        assert!(said.starts_with(outcome), "{said}");
    }
}
