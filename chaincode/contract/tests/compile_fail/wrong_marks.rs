use pervade_chaincode::{
    Context, Function, ReadTransaction, Secret, Transaction, contract,
};

struct Assets;

#[contract(name = "assets", context = Session)]
impl Assets {
    #[evaluate]
    fn evaluate_takes_a_transaction(&self, _tx: &mut Transaction) {}

    #[submit]
    fn submit_takes_a_read_transaction(&self, _tx: &ReadTransaction) {}

    #[submit]
    fn shared_transaction(&self, _tx: &Transaction) {}

    #[submit]
    fn no_receiver(_tx: &mut Transaction) {}

    #[submit]
    fn exclusive_receiver(&mut self, _tx: &mut Transaction) {}

    #[submit]
    fn no_transaction(&self, id: String) {}

    #[evaluate]
    fn nothing_at_all(&self) {}

    #[submit]
    fn borrowed(&self, _tx: &mut Transaction, id: &str) {}

    #[submit]
    fn generic<T>(&self, _tx: &mut Transaction, id: T) {}

    #[submit]
    fn pattern(&self, _tx: &mut Transaction, (a, b): (u8, u8)) {}

    #[submit]
    #[evaluate]
    fn both(&self, _tx: &mut Transaction) {}

    #[submit]
    #[submit]
    fn twice(&self, _tx: &mut Transaction) {}

    #[before]
    #[after]
    fn before_and_after(&self, _tx: &ReadTransaction) {}

    #[external]
    fn unmarked(&self) {}

    #[submit(name = "a:b")]
    fn colon(&self, _tx: &mut Transaction) {}

    #[submit(title = "a")]
    fn other_option(&self, _tx: &mut Transaction) {}

    #[before(name = "a")]
    fn named_hook(&self, _tx: &ReadTransaction) {}

    #[external]
    #[init]
    fn external_init(&self, _tx: &mut Transaction) {}

    #[init]
    fn init_cannot_write(&self, _tx: &ReadTransaction) {}

    #[before]
    fn hook_with_argument(&self, _tx: &ReadTransaction, id: String) {}

    #[before]
    fn hook_before_an_answer(&self, _tx: &ReadTransaction, answer: &[u8]) {}

    #[after]
    fn hook_without_transaction(&self, function: &Function) {}

    #[unknown]
    fn unknown_with_argument(&self, _tx: &ReadTransaction, id: String) {}

    #[submit]
    fn secret_for_all(&self, _tx: &mut Transaction, price: Secret<u64>) {}

    #[submit]
    fn no_such_context(&self, _tx: &mut Transaction, context: &mut Other) {}
}

struct Twice;

#[contract(name = "twice")]
impl Twice {
    #[submit]
    fn f(&self, _tx: &mut Transaction) {}

    #[submit(name = "f")]
    fn g(&self, _tx: &mut Transaction) {}

    #[init]
    fn first(&self, _tx: &mut Transaction) {}

    #[init]
    fn second(&self, _tx: &mut Transaction) {}

    #[before]
    fn first_before(&self, _tx: &ReadTransaction) {}

    #[before]
    fn second_before(&self, _tx: &mut Transaction) {}

    #[after]
    fn first_after(&self, _tx: &ReadTransaction) {}

    #[after]
    fn second_after(&self, _tx: &ReadTransaction) {}

    #[unknown]
    fn first_unknown(&self, _tx: &ReadTransaction) {}

    #[unknown]
    fn second_unknown(&self, _tx: &ReadTransaction) {}
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

struct Colon;

#[contract(name = "a:b")]
impl Colon {}

struct Option;

#[contract(name = "option", nam = "option")]
impl Option {}

struct Repeated;

#[contract(name = "a", default, name = "b")]
impl Repeated {}

struct Generic<T>(T);

#[contract(name = "generic")]
impl<T> Generic<T> {}

#[contract(name = "trait")]
impl Context for Empty {}

fn main() {}
