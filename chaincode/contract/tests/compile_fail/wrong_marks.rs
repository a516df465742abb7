use pervade_chaincode::{ReadTransaction, Transaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[evaluate]
    fn evaluate_takes_a_transaction(&self, _tx: &mut Transaction) {}

    #[submit]
    fn submit_takes_a_read_transaction(&self, _tx: &ReadTransaction) {}

    #[submit]
    fn no_receiver(_tx: &mut Transaction) {}

    #[submit]
    fn borrowed(&self, _tx: &mut Transaction, id: &str) {}

    #[submit]
    fn generic<T>(&self, _tx: &mut Transaction, id: T) {}

    #[submit]
    #[evaluate]
    fn both(&self, _tx: &mut Transaction) {}

    #[external]
    fn unmarked(&self) {}

    #[submit(name = "a:b")]
    fn colon(&self, _tx: &mut Transaction) {}
}

struct Empty;

#[contract(name = "empty")]
impl Empty {}

struct Nameless;

#[contract(default)]
impl Nameless {
    #[submit]
    fn f(&self, _tx: &mut Transaction) {}
}

fn main() {}
