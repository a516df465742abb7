//! Contracts called through their typed clients.

use pervade_chaincode::{
    ClientError, Fault, LedgerError, ReadTransaction, Secret, State, StateError, Transaction,
    contract,
};
use pervade_ledger::block;
use pervade_ledger::transaction::{Unpacked, unpack};
use pervade_peer_client::{ContractRefusal, Definition, TypedCallError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::world::{BOTH, ORG1, World, chaincode, committed, refused};

/// The name of the code and of the chaincode.
pub const BIDS: &str = "bids";

/// Bids, of which the ledger knows a digest alone.
#[derive(Debug)]
pub struct Bids;

/// A bid for a lot.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "bid", key(lot))]
pub struct Bid {
    lot: String,
    bidder: String,
    sha256: String,
}

/// Why a bid is not taken.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum BidError {
    /// It is none.
    #[error("nobody sells for nothing")]
    #[fault(status = UNPROCESSABLE)]
    NothingBid,
    /// The ledger says no.
    #[error(transparent)]
    State(#[from] StateError),
}

#[contract(name = "bids", default)]
impl Bids {
    /// Bids for a lot.
    #[submit]
    async fn bid(
        &self,
        tx: &mut Transaction,
        lot: String,
        #[transient] amount: Secret<u64>,
    ) -> Result<Bid, BidError> {
        if *amount.expose() == 0 {
            return Err(BidError::NothingBid);
        }
        let sha256 = hex::encode(Sha256::digest(amount.expose().to_be_bytes()));
        let bid = Bid { lot, bidder: tx.creator().msp_id().to_string(), sha256 };
        tx.create(&bid).await?;
        Ok(bid)
    }

    /// The bid for a lot, if there is one.
    #[evaluate]
    async fn find(&self, tx: &ReadTransaction, lot: String) -> Result<Option<Bid>, StateError> {
        tx.find(&lot).await
    }
}

/// T-13 through a typed client: arguments, transient values, answers and errors have the types
/// that the contract gave them, and a receipt leads to the block.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_called_with_its_own_types() {
    let world = World::with(&[BIDS]).await;
    let mut user = world.user(ORG1).await;
    let mut bids = BidsClient::new(&mut user, chaincode(BIDS));
    assert_eq!(bids.find("car".to_owned()).await.unwrap(), None);

    let made = bids.bid("car".to_owned(), Secret::new(7_000)).await.unwrap();
    assert_eq!((made.value.bidder.as_str(), made.value.lot.as_str()), (ORG1, "car"));
    let found = bids.find("car".to_owned()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&made.value));
    let block = world.block(made.block).await;
    let found = block::envelopes(&block).iter().any(|envelope| {
        matches!(unpack(envelope), Ok(Unpacked::Endorser(found)) if found.tx_id == made.tx_id)
    });
    assert!(found, "the receipt names the block that holds the transaction");

    let error = bids.bid("car".to_owned(), Secret::new(8_000)).await.unwrap_err();
    assert_eq!(told(error), (409, "BID_EXISTS".to_owned()));
    let error = bids.bid("cart".to_owned(), Secret::new(0)).await.unwrap_err();
    assert_eq!(told(error), (422, "NOTHING_BID".to_owned()));
}

/// The name of the code and of the chaincode.
pub const AUCTION: &str = "auction";

/// A contract that has to be opened.
#[derive(Debug)]
pub struct Auction;

#[contract(name = "auction", default)]
impl Auction {
    /// Says who holds it.
    #[init]
    async fn open(&self, tx: &mut Transaction, holder: String) -> Result<(), LedgerError> {
        tx.put("holder", holder.into_bytes()).await
    }

    /// Who holds it.
    #[evaluate]
    async fn holder(&self, tx: &ReadTransaction) -> Result<Option<Vec<u8>>, LedgerError> {
        tx.get("holder").await
    }
}

/// A definition may require an initialisation: before it nothing is answered, and it is made once,
/// by the function that is marked for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_chaincode_is_initialised_once_before_all_else() {
    let world = World::start().await;
    let package = world.install(AUCTION);
    let required =
        Definition { init_required: true, ..Definition::first(chaincode(AUCTION), "1.0") };
    for org in BOTH {
        let lifecycle = world.admin(org).await.lifecycle();
        committed(lifecycle.approve(&required, Some(&package)).await.unwrap());
    }
    committed(world.admin(ORG1).await.lifecycle().commit(&required).await.unwrap());

    let mut user = world.user(ORG1).await;
    let mut auction = AuctionClient::new(&mut user, chaincode(AUCTION));
    let error = auction.holder().await.unwrap_err().to_string();
    assert!(error.contains("has not been initialized for this version"), "{error}");
    auction.open("ann".to_owned()).await.unwrap();
    assert_eq!(auction.holder().await.unwrap(), Some(b"ann".to_vec()));
    let error = auction.open("bob".to_owned()).await.unwrap_err().to_string();
    assert!(error.contains("is already initialized but called as init"), "{error}");

    let contract = world.contract(AUCTION).await;
    let error = refused(contract.submit("open", &[b"eve"]).await);
    assert!(error.contains("ONLY_INITIALISATION"), "{error}");
}

fn told(error: ClientError<TypedCallError>) -> (u16, String) {
    let ClientError::Call(error) = error else { panic!("{error}") };
    let ContractRefusal { status, code, .. } = error.refused().expect("the contract refused");
    (status, code.expect("our contracts give codes"))
}
