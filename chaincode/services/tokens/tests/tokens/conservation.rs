//! A long random walk in which nothing comes from nothing.

use pervade_simulator::Member;
use pervade_tokens::MAY_ISSUE;
use serde_json::{Value, json};

use crate::stand_in::{bound, deposit, escrow, moving, purse, terms, user};
use crate::world::{World, account};

/// W-53: after every step, accounts, deposits, escrows and stock are the cap, and accounts and
/// reserve are the money that was issued and not retired.
#[test]
fn tokens_and_money_are_conserved() {
    for seed in 1..=2 {
        let mut walk = Walk::new(seed);
        for step in 0..150 {
            let told = walk.step();
            walk.check(&format!("seed {seed}, step {step}: {told}"));
        }
        assert!(walk.done > 75, "seed {seed}: {} steps did something", walk.done);
    }
}

struct Walk {
    world: World,
    people: Vec<Member>,
    issuer: Member,
    issued: u64,
    done: u32,
    random: u64,
}

/// What everybody begins with.
const MONEY: u64 = 500;

const TASKS: [&str; 3] = ["t0", "t1", "t2"];

impl Walk {
    fn new(seed: u64) -> Self {
        let mut world = bound(&terms());
        let people = ["ann", "ben", "eve"].map(|name| user(&mut world, name, MONEY)).to_vec();
        let issuer = world.client("Org3MSP", "issuer", &[MAY_ISSUE]);
        world.submit(&issuer, "users:register", json!([]));
        Self { world, people, issuer, issued: 3 * MONEY, done: 0, random: seed }
    }

    /// A number below `end`, by a linear congruence.
    fn below(&mut self, end: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % end
    }

    fn somebody(&mut self) -> Member {
        let at = self.below(3);
        self.people[usize::try_from(at).unwrap()].clone()
    }

    fn step(&mut self) -> String {
        let (who, other) = (self.somebody(), self.somebody());
        let amount = self.below(30) * 2;
        let task = TASKS[usize::try_from(self.below(3)).unwrap()];
        let (ours, theirs) = (purse(&who), purse(&other));
        let told = match self.below(10) {
            0 => self.issue(&who, amount),
            1 => self.retire(&who, amount),
            2 | 3 => self.submit(&who, "tokens:purchase", json!([amount, amount / 2 * 5])),
            4 => self.submit(&who, "tokens:redeem", json!([amount])),
            5 => self.submit(&who, "tokens:pay", json!([account(&other), amount, null])),
            6 => {
                let fee = moving(1, &ours, &json!("fee"));
                self.submit(
                    &who,
                    "tasks:apply",
                    json!([[fee, moving(amount, &ours, &escrow(task))]]),
                )
            }
            7 => {
                let back = moving(amount / 2, &escrow(task), &ours);
                let on = moving(amount / 2, &escrow(task), &theirs);
                self.submit(&who, "tasks:apply", json!([[back, on]]))
            }
            8 => {
                self.submit(&who, "devices:apply", json!([[moving(amount, &ours, &deposit("d"))]]))
            }
            _ => self.submit(
                &who,
                "tasks:apply",
                json!([[moving(2, &deposit("d"), &json!("stock"))]]),
            ),
        };
        if !told.contains(": ") {
            self.done += 1;
        }
        told
    }

    fn submit(&mut self, who: &Member, function: &str, arguments: Value) -> String {
        self.world.submit(who, function, arguments)
    }

    fn issue(&mut self, to: &Member, amount: u64) -> String {
        let issuer = self.issuer.clone();
        let told = self.submit(&issuer, "tokens:issue", json!([account(to), amount * 5]));
        if told.contains("issued") {
            self.issued += amount * 5;
        }
        told
    }

    fn retire(&mut self, from: &Member, amount: u64) -> String {
        let issuer = self.issuer.clone();
        self.submit(from, "tokens:pay_money", json!([account(&issuer), amount, null]));
        let told = self.submit(&issuer, "tokens:retire", json!([amount]));
        if told.contains("retired") {
            self.issued -= amount;
        }
        told
    }

    fn check(&mut self, after: &str) {
        let supply = self.ask("supply", json!([]));
        let (mut tokens, mut money) = (units(&supply["stock"]), units(&supply["reserve"]));
        for who in self.people.clone().into_iter().chain([self.issuer.clone()]) {
            let balance = self.ask("balance", json!([account(&who)]));
            tokens += units(&balance["tokens"]);
            money += units(&balance["money"]);
        }
        for task in TASKS {
            tokens += units(&self.ask("escrow", json!([task])));
        }
        tokens += units(&self.ask("deposit", json!(["d"])));
        assert_eq!(tokens, units(&supply["cap"]), "{after}");
        assert_eq!(money, self.issued, "{after}");
    }

    fn ask(&mut self, function: &str, arguments: Value) -> Value {
        let issuer = self.issuer.clone();
        let answer = self.world.evaluate(&issuer, &format!("tokens:{function}"), arguments);
        serde_json::from_str(&answer).unwrap()
    }
}

fn units(amount: &Value) -> u64 {
    amount.as_u64().unwrap()
}
