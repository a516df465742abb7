use pervade_chaincode::{LedgerError, ReadTransaction, contract};

struct Session;

struct Assets;

#[contract(name = "assets", context = Session)]
impl Assets {
    #[before]
    fn guard(&self, _tx: &ReadTransaction) -> Result<String, LedgerError> {
        Ok(String::new())
    }

    #[evaluate]
    fn read(&self, _tx: &ReadTransaction, _session: &Session) {}
}

fn main() {}
