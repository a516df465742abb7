//! The page.

use std::fmt::Write as _;

use crate::meter::{Cost, Costs};

/// What infrastructure costs, as stated on the page: thousandths of a US cent.
const CPU_HOUR_MILLICENTS: u64 = 4_000;
const GIGABYTE_MONTH_MILLICENTS: u64 = 10_000;
const ORGANIZATIONS: u64 = 3;
const YEARS: u64 = 10;

/// The page, as Markdown.
pub(crate) fn written(costs: &Costs) -> String {
    let mut page = HEAD.to_owned();
    for (operation, cost) in costs.iter() {
        let work = cost.work();
        let run = match work.run.as_micros() {
            0 => "–".to_owned(),
            micros => micros.to_string(),
        };
        writeln!(
            page,
            "| {operation} | {} | {} | {} | {} | {run} | {}.{} | {} |",
            work.reads,
            work.writes,
            work.written,
            cost.stored(),
            cost.latency().as_millis(),
            cost.latency().as_micros() / 100 % 10,
            dollars(cost),
        )
        .unwrap();
    }
    page.push_str(&measurement(costs));
    page
}

/// What a whole measurement by a device costs, beside what the task queue's inventors paid.
fn measurement(costs: &Costs) -> String {
    let part = |name: &str| {
        let found = costs.iter().find(|(operation, _)| *operation == name);
        found.map_or(0, |(_, cost)| nanodollars(cost))
    };
    let instant = part("create a task for a device at once") + part("complete a task");
    let full = part("create a task") + part("accept a task") + part("complete a task");
    format!(
        "\nA measurement that is ordered, accepted and delivered costs {} US dollars, one that is given to a\n\
         device at its price {}. Where the task queue was first built, on a public chain, its inventors\n\
         paid 2.651 dollars for the task's contract alone, 1.308 for a user's and 2.134 for a device's.\n",
        text(full),
        text(instant)
    )
}

fn dollars(cost: &Cost) -> String {
    text(nanodollars(cost))
}

/// CPU at every organisation, and ten years of storage at every organisation, in thousand-millionths of a dollar.
fn nanodollars(cost: &Cost) -> u64 {
    // A thousandth of a cent is 10 000 nanodollars.
    let micros = u64::try_from(cost.work().run.as_micros()).unwrap_or_default();
    let cpu = micros * CPU_HOUR_MILLICENTS * 10_000 / 3_600_000_000;
    let stored = u64::try_from(cost.stored() + cost.work().written).unwrap_or_default();
    let storage = stored * GIGABYTE_MONTH_MILLICENTS * 10_000 * 12 * YEARS / 1_000_000_000;
    ORGANIZATIONS * (cpu + storage)
}

fn text(nanodollars: u64) -> String {
    format!("{}.{:07}", nanodollars / 1_000_000_000, nanodollars % 1_000_000_000 / 100)
}

const HEAD: &str = "\
# What the operations of a platform cost

Written by a command, and not by hand:

```console
$ cargo run --release -p pervade-tests --example costs > docs/costs.md
```

Three organisations with a peer each. Reads and writes are keys of the contracts' state, as the endorsed
read-write set has them; a range counts as one. *Written* are the bytes of keys and values that the
transaction puts into the state, *stored* those of the transaction in its block, three endorsements
included. *Run* is one run at one endorser, in microseconds: the contract and all that it calls, in the simulator,
on one thread. *Latency* is from the proposal to the verdict, on an embedded network whose client, three
peers and orderer share two processors, with nothing else under way, in milliseconds; up to 20 of them are the
orderer waiting for more. The dollars are those of an assumed price, at three organisations: 0.04 for an
hour of a processor, 0.10 for a gigabyte a month, and ten years of storage, of the transaction and of what
it writes, at each. Each figure is the median of fifteen (of one, for bindings).

| operation | reads | writes | written, bytes | stored, bytes | run, µs | latency, ms | US dollars |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";
