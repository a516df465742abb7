//! A chaincode in the peer's own process.

use std::sync::Arc;

use fabric_protos::protos::ChaincodeMessage;
use futures::StreamExt as _;
use pervade_chaincode::Chaincode;
use pervade_ports::Spawn;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::drive::open;
use crate::{Session, StreamOptions};

/// The peer's ends of a stream. Dropping either ends it.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "two ends, to be taken apart")]
pub struct Link {
    /// What the peer sends.
    pub to_chaincode: mpsc::Sender<ChaincodeMessage>,
    /// What the chaincode sends, `REGISTER` first.
    pub from_chaincode: mpsc::Receiver<ChaincodeMessage>,
}

/// Starts a session in tasks of its own. Several links may share a chaincode.
#[must_use]
pub fn in_process(chaincode: Arc<Chaincode>, options: &StreamOptions, spawn: &dyn Spawn) -> Link {
    let (to_chaincode, incoming) = mpsc::channel(LINK_MESSAGES_MAX);
    let (outgoing, from_chaincode) = mpsc::channel(LINK_MESSAGES_MAX);
    let session = Session::with_limits(chaincode, &options.package_id, options.limits.clone());
    let (driver, mut leaving) = open(session, options);
    let carry = async move {
        while let Some(Ok(message)) = leaving.next().await {
            if outgoing.send(message).await.is_err() {
                break;
            }
        }
    };
    let incoming = Box::pin(ReceiverStream::new(incoming));
    let run = async move {
        driver.run(incoming, std::future::pending()).await;
    };
    spawn.spawn("chaincode", Box::pin(run));
    spawn.spawn("chaincode link", Box::pin(carry));
    Link { to_chaincode, from_chaincode }
}

/// Messages that wait in a link, each way.
const LINK_MESSAGES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fabric_protos::protos::ChaincodeMessage;
    use fabric_protos::protos::chaincode_message::Type;
    use pervade_chaincode::Chaincode;
    use pervade_ports::system::TokioSpawn;

    use super::{LINK_MESSAGES_MAX, in_process};
    use crate::StreamOptions;

    #[tokio::test]
    async fn a_link_opens_with_register_and_ends_with_its_peer() {
        let chaincode = Arc::new(Chaincode::new("empty".parse().unwrap()));
        let mut link = in_process(chaincode, &StreamOptions::new("empty:1"), &here());
        let register = link.from_chaincode.recv().await.unwrap();
        assert_eq!(register.r#type, i32::from(Type::Register));
        drop(link.to_chaincode);
        assert_eq!(link.from_chaincode.recv().await, None);
    }

    #[tokio::test]
    async fn a_peer_that_breaks_the_protocol_is_left() {
        let chaincode = Arc::new(Chaincode::new("empty".parse().unwrap()));
        let mut link = in_process(chaincode, &StreamOptions::new("empty:1"), &here());
        link.from_chaincode.recv().await.unwrap();
        link.to_chaincode.send(message(Type::Transaction)).await.unwrap();
        assert_eq!(link.from_chaincode.recv().await, None);
    }

    #[tokio::test]
    async fn a_peer_may_write_more_than_the_link_holds_before_it_reads() {
        let chaincode = Arc::new(Chaincode::new("empty".parse().unwrap()));
        let mut link = in_process(chaincode, &StreamOptions::new("empty:1"), &here());
        let many = 3 * LINK_MESSAGES_MAX;
        for _ in 0..many {
            link.to_chaincode.send(message(Type::Keepalive)).await.unwrap();
        }
        for _ in 0..=many {
            link.from_chaincode.recv().await.unwrap();
        }
    }

    fn here() -> TokioSpawn {
        TokioSpawn::new(tokio::runtime::Handle::current())
    }

    fn message(kind: Type) -> ChaincodeMessage {
        ChaincodeMessage { r#type: kind.into(), ..Default::default() }
    }
}
