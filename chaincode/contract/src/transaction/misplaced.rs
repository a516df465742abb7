//! What the compiler says of a write in an evaluate function, and of a page in a submit function.
//!
//! Neither compiles without this module: the methods are not there. Here are methods of the same
//! names that ask for what no type can do, so that the author is told the reason and the remedy.

use std::future::Ready;

use crate::{
    CallError, EntryPage, LedgerError, PrivateQueries, ReadTransaction, StateError, StatePage,
    Transaction,
};

/// Something that is written. There is nothing of the kind in an evaluate function.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an evaluate function cannot write",
    label = "this would change the ledger",
    note = "a function that writes is marked `#[submit]` and takes `tx: &mut Transaction`"
)]
pub trait WrittenInEvaluate {
    /// Anything, because it is never called.
    fn never<T>(self) -> T;
}

/// Something that is asked for. There is nothing of the kind in a submit function.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a submit function reads no pages and does not search private data",
    label = "only in evaluate functions",
    note = "peers refuse to endorse a transaction that writes and does this: mark the function `#[evaluate]` and take `tx: &mut ReadTransaction`, or read a whole `range` or `list`"
)]
pub trait AskedInSubmit {
    /// Anything, because it is never called.
    fn never<T>(self) -> T;
}

/// What would be waited for.
type Never<T, E = LedgerError> = Ready<Result<T, E>>;

macro_rules! misplaced {
    ($transaction:ty, $reason:ident: $(
        $name:ident $(<$generic:ident>)? ($first:ident $(, $other:ident: $of:ty)*) -> $answer:ty;
    )*) => {
        #[doc(hidden)]
        impl $transaction {$(
            pub fn $name<$($generic)?>(
                &self,
                $first: impl $reason,
                $($other: $of),*
            ) -> $answer {
                $first.never()
            }
        )*}
    };
}

misplaced! { ReadTransaction, WrittenInEvaluate:
    put(key, _value: Vec<u8>) -> Never<()>;
    put_json(key, _value: impl Sized) -> Never<()>;
    delete(key) -> Never<()>;
    set_event(name, _payload: Vec<u8>) -> Result<(), LedgerError>;
    emit(event) -> Result<(), LedgerError>;
    save(value) -> Never<(), StateError>;
    create(value) -> Never<(), StateError>;
    remove<T>(key) -> Never<(), StateError>;
    call(chaincode, _function: &str, _arguments: impl Sized) -> Never<Vec<u8>, CallError>;
    set_key_policy(key, _policy: impl Sized) -> Never<()>;
    set_policy_of<T>(key, _policy: impl Sized) -> Never<(), StateError>;
}

misplaced! { Transaction, AskedInSubmit:
    range_page(start, _end: &str, _size: u32, _bookmark: &str) -> Never<EntryPage>;
    composite_page(prefix, _size: u32, _bookmark: &str) -> Never<EntryPage>;
    all_composite_page(size, _bookmark: &str) -> Never<EntryPage>;
    query_page(query, _size: u32, _bookmark: &str) -> Never<EntryPage>;
    list_page<T>(prefix, _size: u32, _bookmark: &str) -> Never<StatePage<T>, StateError>;
    private_queries(collection) -> PrivateQueries<'static>;
}
