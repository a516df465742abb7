//! From `network.json` to a channel, as somebody.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use fabric_protos::id::{ChannelId, MspId};
use pervade_embedded::{
    ChannelDescription, NetworkDescription, NodeDescription, OrganizationDescription,
    UserDescription,
};
use pervade_identity::EcdsaSigner;
use pervade_peer_client::{Gateway, Network, Ports};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_rpc::tls;
use tonic::transport::Endpoint;

use crate::failure::{Failure, OrFail as _};

/// Where a network is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Where {
    /// The network's folder
    #[arg(long, value_name = "DIR", default_value = "pervade-data")]
    pub(crate) data: PathBuf,
    /// The network's description, instead of its folder
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) network: Option<PathBuf>,
}

impl Where {
    /// The network's folder.
    pub(crate) fn folder(&self) -> &Path {
        match self.network.as_deref().map(|file| file.parent()) {
            None | Some(None) => &self.data,
            Some(Some(parent)) if parent.as_os_str().is_empty() => Path::new("."),
            Some(Some(parent)) => parent,
        }
    }

    fn description_file(&self) -> PathBuf {
        let in_folder = || self.data.join(NetworkDescription::FILE_NAME);
        self.network.clone().unwrap_or_else(in_folder)
    }
}

/// Who calls, on which channel.
#[derive(Args, Clone, Debug)]
pub(crate) struct Caller {
    /// Whom to call as, for example User1@org1.example.com [default: the first organisation's
    /// first user]
    #[arg(long = "as", value_name = "USER@DOMAIN")]
    pub(crate) name: Option<String>,
    /// The channel [default: the network's first]
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<ChannelId>,
}

/// A network that is described in a file.
#[derive(Debug)]
pub(crate) struct Known {
    folder: PathBuf,
    description: NetworkDescription,
}

/// Somebody of an organisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) organization: &'a OrganizationDescription,
    pub(crate) user: &'a UserDescription,
}

impl Known {
    /// Reads the description; whether the network runs is another question.
    pub(crate) fn read(place: &Where) -> Result<Self, Failure> {
        let file = place.description_file();
        let text = fs::read(&file).or_fail_with("NO_NETWORK", || {
            format!(
                "no network is described in {}: `pervade network up` starts one",
                file.display()
            )
        })?;
        let damaged = || format!("{} is damaged", file.display());
        let mut description: NetworkDescription =
            serde_json::from_slice(&text).or_fail_with("NO_NETWORK", damaged)?;
        if description.format != NetworkDescription::FORMAT {
            let format = description.format;
            let text = format!("{} has format {format}, which is unknown here", file.display());
            return Err(Failure::new("NO_NETWORK", text));
        }
        let folder = place.folder().to_owned();
        for organization in &mut description.organizations {
            organization.users.extend(identities(&folder, &organization.domain));
        }
        Ok(Self { folder, description })
    }

    /// The organisation of a domain.
    pub(crate) fn organization(&self, domain: &str) -> Result<&OrganizationDescription, Failure> {
        let found = self.organizations().iter().find(|organization| organization.domain == domain);
        found.ok_or_else(|| {
            let known: Vec<&str> = self
                .organizations()
                .iter()
                .map(|organization| organization.domain.as_str())
                .collect();
            let text = format!("there is no organisation {domain}; there are {}", known.join(", "));
            Failure::new("NO_ORGANIZATION", text)
        })
    }

    pub(crate) fn organizations(&self) -> &[OrganizationDescription] {
        &self.description.organizations
    }

    /// Where a path of the description is.
    pub(crate) fn locate(&self, relative: &Path) -> PathBuf {
        NetworkDescription::locate(&self.folder, relative)
    }

    /// The channel of this name, or the first.
    pub(crate) fn channel(&self, name: Option<&ChannelId>) -> Result<&ChannelDescription, Failure> {
        let mut channels = self.description.channels.iter();
        let found = match name {
            Some(name) => channels.find(|channel| channel.name == *name),
            None => channels.next(),
        };
        found.ok_or_else(|| {
            let name = name.map_or(String::new(), |name| format!(" {name}"));
            Failure::new("NO_CHANNEL", format!("the network has no channel{name}"))
        })
    }

    /// Somebody by `name@domain`; without a name the first organisation's first ordinary user.
    pub(crate) fn member(&self, name: Option<&str>) -> Result<Member<'_>, Failure> {
        match name {
            Some(name) => self.named(name),
            None => self.ordinary(),
        }
    }

    fn named(&self, name: &str) -> Result<Member<'_>, Failure> {
        let unknown = || {
            let known = self.members().map(|member| member.name()).collect::<Vec<_>>().join(", ");
            Failure::new("NO_IDENTITY", format!("nobody is called {name}; there are {known}"))
        };
        self.members().find(|member| member.name() == name).ok_or_else(unknown)
    }

    fn ordinary(&self) -> Result<Member<'_>, Failure> {
        let ordinary = self.members().find(|member| member.user.name != ADMIN);
        let anybody = || self.members().next();
        let nobody = || Failure::new("NO_IDENTITY", "the network has no users");
        ordinary.or_else(anybody).ok_or_else(nobody)
    }

    /// The administrator of an organisation.
    pub(crate) fn admin<'a>(
        &self,
        organization: &'a OrganizationDescription,
    ) -> Result<Member<'a>, Failure> {
        let user = organization.users.iter().find(|user| user.name == ADMIN).ok_or_else(|| {
            let text = format!("{} has no administrator here", organization.msp_id);
            Failure::new("NO_IDENTITY", text)
        })?;
        Ok(Member { organization, user })
    }

    /// Every node with its organisation.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&MspId, &NodeDescription)> {
        let organizations = self.description.organizations.iter();
        let peers = organizations.flat_map(|org| org.peers.iter().map(|peer| (&org.msp_id, peer)));
        peers.chain([(&self.description.orderer_msp_id, &self.description.orderer)])
    }

    /// Everybody of the organisations with peers.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.description.organizations.iter().flat_map(|organization| {
            organization.users.iter().map(move |user| Member { organization, user })
        })
    }

    /// A channel as the caller sees it, through a peer of the caller's organisation.
    pub(crate) async fn open(&self, caller: &Caller) -> Result<Network, Failure> {
        let member = self.member(caller.name.as_deref())?;
        let channel = self.channel(caller.channel.as_ref())?;
        Ok(self.gateway(member).await?.network(channel.name.clone()))
    }

    /// A gateway of the member's own organisation: the first of its peers that answers.
    pub(crate) async fn gateway(&self, member: Member<'_>) -> Result<Gateway, Failure> {
        let signer = self.signer(member)?;
        let mut last = Failure::new(
            "NO_PEER",
            format!("{} has no peer to go through", member.organization.msp_id),
        );
        for peer in &member.organization.peers {
            match self.dial(peer).await {
                Ok(channel) => {
                    let ports = Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
                    return Ok(Gateway::new(channel, Arc::new(signer), ports));
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    /// Gateways of an organisation for somebody who stays: one for each peer, with the name of its
    /// host, whether it answers now or later.
    pub(crate) fn gateways(
        &self,
        organization: &OrganizationDescription,
        signer: &Arc<EcdsaSigner>,
    ) -> Result<Vec<(String, Gateway)>, Failure> {
        let peers = organization.peers.iter();
        let gateways = peers.map(|peer| {
            let channel = self.endpoint(peer)?.connect_lazy();
            let ports = Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
            let gateway = Gateway::new(channel, Arc::clone(signer) as _, ports);
            Ok((peer.host.clone(), gateway))
        });
        gateways.collect()
    }

    pub(crate) fn signer(&self, member: Member<'_>) -> Result<EcdsaSigner, Failure> {
        let read = |relative: &Path| {
            let path = self.locate(relative);
            fs::read(&path)
                .or_fail_with("NO_IDENTITY", || format!("cannot read {}", path.display()))
        };
        let certificate = read(&member.user.certificate)?;
        let key = read(&member.user.key)?;
        EcdsaSigner::from_pem(member.organization.msp_id.clone(), &certificate, &key)
            .or_fail_with("NO_IDENTITY", || format!("{} cannot sign", member.name()))
    }

    async fn dial(&self, peer: &NodeDescription) -> Result<tonic::transport::Channel, Failure> {
        let endpoint = self.endpoint(peer)?;
        endpoint.connect().await.or_fail_with("NO_PEER", || unreachable(peer))
    }

    fn endpoint(&self, peer: &NodeDescription) -> Result<Endpoint, Failure> {
        let path = self.locate(&peer.tls_root);
        let roots = fs::read(&path)
            .or_fail_with("NO_PEER", || format!("cannot read {}", path.display()))?;
        tls::endpoint(&peer.address, &roots, Some(&peer.host))
            .or_fail_with("NO_PEER", || unreachable(peer))
    }
}

fn unreachable(peer: &NodeDescription) -> String {
    format!("cannot reach {} at {}", peer.host, peer.address)
}

const ADMIN: &str = "Admin";

/// The identities that were made for an organisation since the network was founded, in the order of
/// their names.
fn identities(folder: &Path, domain: &str) -> Vec<UserDescription> {
    let Ok(entries) = fs::read_dir(folder.join(IDENTITIES).join(domain)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.take(IDENTITIES_MAX).collect();
    names.sort();
    names.into_iter().map(|name| identity_files(Path::new(""), domain, &name)).collect()
}

/// Where an identity's certificate and key are.
pub(crate) fn identity_files(folder: &Path, domain: &str, name: &str) -> UserDescription {
    let home = folder.join(IDENTITIES).join(domain).join(name);
    UserDescription {
        name: name.to_owned(),
        certificate: home.join("certificate.pem"),
        key: home.join("key.pem"),
    }
}

/// The folder of identities, in the network's.
const IDENTITIES: &str = "identities";

/// Most identities of an organisation that are known by name.
const IDENTITIES_MAX: usize = 100_000;

impl Member<'_> {
    /// `name@domain`.
    pub(crate) fn name(self) -> String {
        format!("{}@{}", self.user.name, self.organization.domain)
    }
}
