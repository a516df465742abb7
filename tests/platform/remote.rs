//! A network behind sockets as a stage: ours, or real Fabric. Everything goes through the client.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fabric_protos::Message as _;
use fabric_protos::common::BlockchainInfo;
use fabric_protos::id::{ChaincodeName, ChannelId, MspId};
use pervade_identity::{EcdsaSigner, PrivateKey, Role};
use pervade_peer_client::{
    CallError, Gateway, Network, Outcome, Ports, ProposalBuilder, Submitted, Transaction,
    TypedCallError,
};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_ports::{BoxFuture, Clock, Timestamp};
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use crate::stage::{Actor, Call, Enrolment, Held, Stage, Told, code, read};

/// A network of other processes or threads.
pub(crate) struct Remote<N> {
    pub(crate) runtime: Runtime,
    pub(crate) network: N,
    channel: ChannelId,
    clock: Arc<Shifted>,
    gateways: BTreeMap<MspId, Channel>,
    /// How many blocks there are at least.
    blocks: u64,
}

/// What a stage needs of a network.
pub(crate) trait Served {
    /// Has an organisation's registrar certify a key.
    fn issue(&mut self, msp: &MspId, request: &[u8], enrollment: &Enrollment) -> Vec<u8>;
}

impl<N: Served> Remote<N> {
    /// A channel of a network, through one peer of each organisation.
    pub(crate) fn new(
        runtime: Runtime,
        network: N,
        channel: ChannelId,
        gateways: BTreeMap<MspId, Channel>,
    ) -> Self {
        let clock = Arc::new(Shifted(AtomicI64::new(-SHIFT_SECONDS)));
        Self { runtime, network, channel, clock, gateways, blocks: 0 }
    }

    /// The channel as somebody sees it.
    pub(crate) fn connect(&self, signer: Arc<EcdsaSigner>) -> Network {
        use pervade_identity::Signer as _;
        let gateway = self.gateways.get(signer.msp_id()).unwrap().clone();
        let clock: Arc<dyn Clock> = Arc::<Shifted>::clone(&self.clock);
        let ports = Ports { clock, rng: Arc::new(SystemRng) };
        let _entered = self.runtime.enter();
        Gateway::new(gateway, signer, ports).network(self.channel.clone())
    }
}

impl<N> Remote<N> {
    fn seen(&mut self, outcome: &Outcome) {
        if let Outcome::Committed { block, .. } | Outcome::Rejected { block, .. } = outcome {
            self.blocks = self.blocks.max(block + 1);
        }
    }
}

/// Waits until the peer that somebody goes through has so many blocks: another one told of the last.
async fn caught_up(network: &Network, blocks: u64) {
    let channel = network.channel().to_string();
    let system = network.contract(named("qscc"));
    for _ in 0..CATCH_UP_ROUNDS {
        let info = system.evaluate("GetChainInfo", &[channel.as_bytes()]).await.unwrap();
        if BlockchainInfo::decode(info.as_slice()).unwrap().height >= blocks {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a peer lags behind for long");
}

const CATCH_UP_ROUNDS: u32 = 500;

/// How far callers' time lies behind ours in the beginning. A story ticks faster than time passes; tickers
/// may be two minutes off either way.
const SHIFT_SECONDS: i64 = 110;

impl<N: Served> Stage for Remote<N> {
    fn channel(&self) -> String {
        self.channel.to_string()
    }

    fn enrol(&mut self, name: &str, who: Enrolment<'_>) -> Actor {
        let key = PrivateKey::generate().unwrap();
        let request = certificate_request(name, &key).unwrap();
        let attributes = who.attributes.iter().copied();
        let enrollment = Enrollment {
            attributes: attributes.map(|(name, value)| (name.into(), value.into())).collect(),
            common_name: name.to_owned(),
            hosts: Vec::new(),
            kind: EnrollmentKind::Identity,
            role: if who.is_admin { Role::Admin } else { Role::Client },
        };
        let msp = MspId::new(who.msp).unwrap();
        let certificate = self.network.issue(&msp, &request, &enrollment);
        let signer = Arc::new(EcdsaSigner::new(msp, &certificate, key).unwrap());
        let network = self.connect(Arc::clone(&signer));
        let certificate = signer.certificate().clone();
        Actor::new(name, &certificate, Rc::new(Shared(signer)), Rc::new(network))
    }

    fn submit(&mut self, call: &Call<'_>) -> Told {
        let network = network(call);
        self.runtime.block_on(caught_up(network, self.blocks));
        let contract = network.contract(named(&call.chaincode));
        let submitted = contract.submit_proposal(proposal(call));
        let outcome = self.runtime.block_on(submitted).map_err(refused)?;
        self.seen(&outcome);
        committed(outcome)
    }

    fn evaluate(&mut self, call: &Call<'_>) -> Told {
        self.runtime.block_on(caught_up(network(call), self.blocks));
        let evaluated = async {
            let proposal = proposal(call).build()?.sign()?;
            Ok::<_, CallError>(proposal.evaluate().await?)
        };
        let answer = self.runtime.block_on(evaluated).map_err(refused)?;
        Ok(read(&answer))
    }

    fn hold(&mut self, call: &Call<'_>) -> Result<Held, String> {
        self.runtime.block_on(caught_up(network(call), self.blocks));
        let endorsed = async {
            let proposal = proposal(call).build()?.sign()?;
            Ok::<_, CallError>(proposal.endorse().await?)
        };
        let transaction: Transaction = self.runtime.block_on(endorsed).map_err(refused)?;
        Ok(Box::new(transaction))
    }

    fn let_go(&mut self, held: Held) -> Told {
        let transaction = *held.downcast::<Transaction>().unwrap();
        let outcome = async {
            let commit = match transaction.sign()?.submit().await? {
                Submitted::Ordered(commit) | Submitted::Unknown(commit, _) => commit,
            };
            Ok::<_, CallError>(commit.outcome().await?)
        };
        let outcome = self.runtime.block_on(outcome).map_err(refused)?;
        self.seen(&outcome);
        committed(outcome)
    }

    fn pass(&mut self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
        // Near the end of what tickers may be ahead, time has to pass for all.
        while self.clock.0.load(Ordering::SeqCst) > SHIFT_SECONDS {
            std::thread::sleep(Duration::from_secs(1));
            self.clock.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn network<'a>(call: &'a Call<'_>) -> &'a Network {
    call.who.member.downcast_ref::<Network>().unwrap()
}

fn proposal(call: &Call<'_>) -> ProposalBuilder {
    let mut builder = network(call).contract(named(&call.chaincode)).proposal(call.function);
    for argument in &call.arguments {
        builder = builder.arg(argument.as_bytes());
    }
    if let Some((name, value)) = &call.transient {
        builder = builder.transient(name, value.as_bytes());
    }
    if call.is_init { builder.initialising() } else { builder }
}

fn named(name: &str) -> ChaincodeName {
    ChaincodeName::new(name).unwrap()
}

fn committed(outcome: Outcome) -> Told {
    match outcome {
        Outcome::Committed { result, .. } => Ok(read(&result)),
        Outcome::Rejected { code, .. } => Err(code.as_str_name().to_owned()),
        Outcome::Unknown { refusal, .. } => Err(format!("no verdict: {refusal}")),
    }
}

/// The code in a contract's refusal; the whole of any other.
fn refused(error: CallError) -> String {
    let error = TypedCallError::from(error);
    match error.refused() {
        Some(refusal) => refusal.code.unwrap_or_else(|| code(&refusal.message)),
        None => error.to_string(),
    }
}

/// This machine's time, and so many seconds more.
struct Shifted(AtomicI64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        Timestamp::new(now.seconds() + self.0.load(Ordering::SeqCst), now.nanos())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// A signer that is shared with a connection.
struct Shared(Arc<EcdsaSigner>);

impl pervade_identity::Signer for Shared {
    fn identity(&self) -> &[u8] {
        self.0.identity()
    }

    fn msp_id(&self) -> &MspId {
        self.0.msp_id()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, pervade_identity::SignError> {
        self.0.sign(message)
    }
}
