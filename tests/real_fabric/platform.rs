//! The stories of a platform on real peers of three organisations: identities are issued by our
//! registrar from the network's own authorities.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use fabric_protos::id::{ChannelId, MspId};
use libtest_mimic::{Failed, Trial};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_registrar::{Enrollment, OrganizationProfile, Registrar, RegistrarPorts};
use pervade_rpc::tls::endpoint;
use pervade_tests::outside;
use tokio::runtime::Runtime;

use crate::chaincode::fabric_net::{FabricNet, Organization, built};
use crate::chaincode::{TOOLS, Tools};
use crate::remote::{Remote, Served};
use crate::together::{ACCOUNT, play};

pub(crate) fn trial() -> Trial {
    outside::trial("a_platform_does_on_real_peers_what_it_does_elsewhere", &TOOLS, |tools| {
        let told = play(real(&tools)?, "");
        if told == ACCOUNT {
            return Ok(());
        }
        let lines = told.lines().zip(ACCOUNT.lines()).filter(|(found, expected)| found != expected);
        let differences: Vec<String> =
            lines.map(|(found, expected)| format!("{found}\n  elsewhere {expected}")).collect();
        Err(differences.join("\n").into())
    })
}

/// A network of real peers, and the registrars of its organisations.
struct Real {
    registrars: BTreeMap<MspId, Registrar>,
    _network: FabricNet,
}

impl Served for Real {
    fn issue(&mut self, msp: &MspId, request: &[u8], enrollment: &Enrollment) -> Vec<u8> {
        let registrar = self.registrars.get(msp).expect("an organisation's registrar");
        registrar.issue(request, enrollment).expect("a certificate")
    }
}

fn real(tools: &Tools) -> Result<Remote<Real>, Failed> {
    let mut network = FabricNet::up(tools, 3)?;
    for name in ["clock", "users", "tokens", "devices", "tasks"] {
        let program = built(&format!("pervade-{name}"))?;
        network.serve(name, &program, (&[], &["--init-required"]))?;
    }
    let profile = network.profile()?;
    let runtime = Runtime::new()?;
    let (mut gateways, mut registrars) = (BTreeMap::new(), BTreeMap::new());
    for organization in &profile.orgs {
        let msp = MspId::new(&*organization.mspid)?;
        let root = fs::read(&organization.peer.tls_root)?;
        let peer = endpoint(&organization.peer.endpoint, &root, Some(&organization.peer.host))?;
        gateways.insert(msp.clone(), runtime.block_on(peer.connect())?);
        registrars.insert(msp, registrar(&network, organization)?);
    }
    let channel = ChannelId::new(profile.channel)?;
    Ok(Remote::new(runtime, Real { registrars, _network: network }, channel, gateways))
}

fn registrar(network: &FabricNet, organization: &Organization) -> Result<Registrar, Failed> {
    let domain = format!("{}.test", organization.name);
    let folder = network.authorities(&domain);
    let msp_id = MspId::new(&*organization.mspid)?;
    let profile = OrganizationProfile { msp_id, domain, name: organization.name.clone() };
    let ports = RegistrarPorts { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
    Ok(Registrar::load(&folder, profile, ports)?)
}
