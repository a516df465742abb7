use pervade_chaincode::{ReadTransaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[evaluate]
    fn double(&self, _tx: &ReadTransaction, price: f64) -> u64 {
        drop(price);
        0
    }
}

fn main() {}
