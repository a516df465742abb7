//! What the managers of a platform share.
//!
//! A platform is a set of five chaincodes on one channel: a [clock](pervade_clock) and four
//! managers, of users, devices, tasks and tokens. Each has a namespace and an endorsement policy of
//! its own. Nobody else's code runs in them, and several sets may stand side by side on a channel
//! and share nothing.
//!
//! **Binding.** Before all else each manager is told, once, the names of the set and its own terms:
//! [`bind`]. Nothing changes them afterwards. A manager calls the chaincodes that are bound, and no
//! other; a name never comes from an argument.
//!
//! **Callers.** Fabric hands a called chaincode the client's own proposal, and no word of who
//! calls. What can be known is which chaincode the client addressed: the *outermost* one, as the
//! endorser runs it and the validators check it. A function for managers asks for it:
//! [`Bound::require_manager`]. Because managers call nothing but managers, a client that addressed the bound
//! manager of tasks runs that manager's code and no other.
//!
//! **Who acts** is read from the certificate that signed the proposal, never from an argument.
//!
//! **No hot keys.** What many transactions add to is a [`Tally`]: additions are notes of their own, which
//! conflict with nothing.
//!
//! **Deadlines** are counted in the clock's epochs: [`Epochs`].

mod account;
mod amount;
mod binding;
mod epochs;
mod key;
mod outcome;
mod page;
mod tally;

pub use account::{AccountId, BadAccount, Signer, SignerError, signer};
pub use amount::{Amount, AmountError};
pub use binding::{BindError, BindEvent, Bound, BoundError, ContractSet, Manager, bind, bound};
pub use epochs::{EpochError, Epochs};
pub use key::{BadKey, KeyProof, PublicKey, verify};
pub use outcome::Outcome;
pub use page::{BadPageSize, PageSize};
pub use tally::{Tally, TallyError};

/// The certificate attribute, with the value `true`, of who may bind a set.
pub const MAY_BIND: &str = pervade_clock::MAY_BIND;
