use pervade_chaincode::{ReadTransaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[evaluate]
    fn read(&self, _tx: &ReadTransaction) -> Result<String, std::fmt::Error> {
        Err(std::fmt::Error)
    }
}

fn main() {}
