//! The story: calls of every contract, some of them refused.

use std::fmt;

use libtest_mimic::Failed;
use pervade_package::shipped;

/// One of a network's users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum User {
    Admin1,
    User1,
    User2,
}

/// All of them.
pub(crate) const USERS: [User; 3] = [User::Admin1, User::User1, User::User2];

impl User {
    pub(crate) fn msp_id(self) -> &'static str {
        match self {
            Self::Admin1 | Self::User1 => "Org1MSP",
            Self::User2 => "Org2MSP",
        }
    }

    pub(crate) fn is_admin(self) -> bool {
        self == Self::Admin1
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A call that a user makes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) user: User,
    pub(crate) chaincode: &'static str,
    pub(crate) function: &'static str,
    /// Each may name what the story has come by: see [`Tally::fill`](super::tally::Tally::fill).
    pub(crate) args: Vec<String>,
    pub(crate) transient: Option<(&'static str, String)>,
    /// Whose peers endorse; the client's choice if none is named.
    pub(crate) organizations: Vec<&'static str>,
    pub(crate) evaluate: bool,
    /// The name under which the answer is remembered.
    pub(crate) name: Option<&'static str>,
}

impl Call {
    fn submit(user: User, chaincode: &'static str, function: &'static str, args: &[&str]) -> Self {
        Self {
            user,
            chaincode,
            function,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            transient: None,
            organizations: vec!["Org1MSP", "Org2MSP"],
            evaluate: false,
            name: None,
        }
    }

    fn evaluate(
        user: User,
        chaincode: &'static str,
        function: &'static str,
        args: &[&str],
    ) -> Self {
        let organizations = Vec::new();
        Self { evaluate: true, organizations, ..Self::submit(user, chaincode, function, args) }
    }

    fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    fn by(self, organization: &'static str) -> Self {
        Self { organizations: vec![organization], ..self }
    }

    fn with(self, name: &'static str, value: String) -> Self {
        Self { transient: Some((name, value)), ..self }
    }
}

/// The calls, in order.
pub(crate) fn calls() -> Result<Vec<Call>, Failed> {
    Ok([assets(), sale(), tokens(), probe(), devices()?].concat())
}

/// A query in JSON, which not every peer's state database understands.
pub(crate) fn rich_query() -> Call {
    Call::evaluate(User::User1, "probe", "select", &[])
}

fn assets() -> Vec<Call> {
    const CC: &str = "asset-transfer";
    let [submit, evaluate] = [Call::submit, Call::evaluate];
    let asset = |id: &str, value: u32| {
        format!(r#"{{"appraisedValue":{value},"color":"blue","id":"{id}","owner":"Tom","size":5}}"#)
    };
    vec![
        submit(User::User1, CC, "create", &[&asset("a1", 300)]),
        submit(User::User2, CC, "create", &[&asset("a2", 400)]),
        submit(User::User1, CC, "create", &[&asset("a1", 300)]),
        submit(User::User2, CC, "update", &[&asset("a2", 450)]),
        submit(User::User1, CC, "transfer", &["a1", "Ann"]),
        evaluate(User::User2, CC, "read", &["a1"]),
        evaluate(User::User1, CC, "list", &[]),
        submit(User::User2, CC, "delete", &["a2"]),
        evaluate(User::User2, CC, "exists", &["a2"]),
        evaluate(User::User1, CC, "org.hyperledger.fabric:GetMetadata", &[]),
        submit(User::User1, CC, "nothing", &[]),
        submit(User::User1, CC, "create", &["{}"]),
    ]
}

fn sale() -> Vec<Call> {
    const CC: &str = "private-sale";
    let agree = |user: User, price: u32| {
        let agreement = format!(r#"{{"item":"i1","price":{price},"secret":"5f1c"}}"#);
        Call::submit(user, CC, "agree", &[]).with("agreement", agreement).by(user.msp_id())
    };
    vec![
        Call::submit(User::User1, CC, "offer", &["i1", "a boat"]).by("Org1MSP"),
        agree(User::User1, 900),
        agree(User::User2, 800),
        Call::submit(User::User1, CC, "sell", &["i1", "Org2MSP"]),
        agree(User::User2, 900),
        Call::submit(User::User2, CC, "sell", &["i1", "Org2MSP"]),
        Call::submit(User::User1, CC, "sell", &["i1", "Org2MSP"]),
        Call::evaluate(User::User2, CC, "item", &["i1"]),
        // It is the buyer's now: without the buyer's peer it cannot change hands.
        agree(User::User2, 70),
        agree(User::User1, 70),
        Call::submit(User::User2, CC, "sell", &["i1", "Org1MSP"]).by("Org1MSP"),
    ]
}

fn tokens() -> Vec<Call> {
    const CC: &str = "token-ledger";
    let [submit, evaluate] = [Call::submit, Call::evaluate];
    let payment = |amount: u32, coin: &str, to: &str| {
        format!(r#"{{"amount":{amount},"coins":["<{coin}:id>"],"to":"<{to}>"}}"#)
    };
    vec![
        evaluate(User::User1, CC, "account", &[]).named("account 1"),
        evaluate(User::User2, CC, "account", &[]).named("account 2"),
        submit(User::User1, CC, "mint", &["100"]).named("minted"),
        submit(User::User2, CC, "mint", &["100"]),
        submit(User::User1, CC, "transfer", &[&payment(30, "minted", "account 2")]).named("paid"),
        submit(User::User1, CC, "transfer", &[&payment(1, "minted", "account 2")]),
        submit(User::User2, CC, "approve", &["<account 1>", "20"]),
        submit(
            User::User1,
            CC,
            "transfer_from",
            &["<account 2>", &payment(15, "paid", "account 1")],
        ),
        evaluate(User::User1, CC, "balance", &["<account 1>"]),
        evaluate(User::User1, CC, "balance", &["<account 2>"]),
    ]
}

fn probe() -> Vec<Call> {
    const CC: &str = "probe";
    let [submit, evaluate] = [Call::submit, Call::evaluate];
    vec![
        submit(User::User1, CC, "fill", &["2500"]),
        submit(User::User1, CC, "sum", &["2200"]),
        submit(User::User2, CC, "count", &["k2"]),
        evaluate(User::User1, CC, "page", &["3", ""]),
        evaluate(User::User1, CC, "page", &["3", "k2201"]),
        submit(User::User1, CC, "fill", &["2"]),
        evaluate(User::User2, CC, "past", &["k0001"]),
    ]
}

fn devices() -> Result<Vec<Call>, Failed> {
    let packages = shipped();
    let package = packages.first().ok_or("no package is shipped")?;
    let example = package.examples.first().ok_or("no example")?;
    let manifest = &package.manifest;
    let (vendor, model, version) = (&*manifest.vendor, &*manifest.model, &*manifest.version);
    let canonical = package.canonical();
    let [submit, evaluate] = [Call::submit, Call::evaluate];
    Ok(vec![
        submit(User::Admin1, "registry", "publish", &[&canonical]).named("package"),
        submit(User::User2, "registry", "publish", &[&canonical]),
        evaluate(User::User2, "registry", "resolve", &[vendor, model, version]),
        evaluate(User::User2, "registry", "list", &[vendor]),
        submit(
            User::Admin1,
            "recording",
            "enroll_device",
            &["<address User1>", vendor, model, version],
        ),
        submit(User::User1, "recording", "record", &["<package>", &example.payload]),
        submit(User::User2, "recording", "record", &["<package>", &example.payload]),
        evaluate(User::User2, "recording", "device", &["<address User1>"]),
    ])
}
