use pervade_chaincode::{Transaction, contract};

struct Sales;

#[contract(name = "sales")]
impl Sales {
    #[submit]
    fn offer(&self, _tx: &mut Transaction, #[transient] price: u64) {
        drop(price);
    }
}

fn main() {}
