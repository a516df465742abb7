//! The organisations of a network: their registrars, and the files of their members.

mod layout;
mod member;
mod profile;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::id::MspId;
use fabric_protos::msp::MspConfig;
use pervade_identity::EcdsaSigner;
use pervade_ports::Vfs;
use pervade_registrar::{
    CreateError, LoadError, OrganizationProfile, Registrar, RegistrarPorts, SaveError,
};
use thiserror::Error;

use crate::description::UserDescription;
use crate::folder::{FolderError, read, write};
use crate::topology::{OrdererOrganization, Organization};
use layout::{Kind, Layout};

pub use member::MemberError;

pub(crate) use layout::ORGANIZATIONS;
pub(crate) use member::{ADMIN, Member, TlsCredentials};
pub(crate) use profile::connection_profile;

/// One organisation with its registrar and its members' files.
pub(crate) struct Household {
    registrar: Registrar,
    layout: Layout,
    nodes: Vec<Member>,
    /// Names without the domain, `Admin` first.
    users: Vec<String>,
    /// The network's folder.
    root: PathBuf,
    vfs: Arc<dyn Vfs>,
}

/// Why an organisation's files could not be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OrganizationError {
    /// The registrar could not be made.
    #[error("the registrar could not be made")]
    Create(#[from] CreateError),
    /// The registrar could not be read.
    #[error("the registrar in {} could not be read", folder.display())]
    Load {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        source: LoadError,
    },
    /// The registrar could not be written.
    #[error("the registrar could not be written")]
    Save(#[from] SaveError),
    /// A member's credentials.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A file.
    #[error(transparent)]
    File(#[from] FolderError),
    /// The organisation has no such node.
    #[error("the organisation has no such node")]
    NoNode,
}

/// What an organisation consists of.
pub(crate) struct Plan {
    profile: OrganizationProfile,
    layout: Layout,
    nodes: Vec<Member>,
    users: Vec<String>,
}

impl Plan {
    pub(crate) fn of_peers(organization: &Organization) -> Self {
        let layout = Layout::new(Kind::Peers, &organization.domain);
        let hosts = organization.peers.iter().map(|peer| organization.host(peer));
        let nodes = hosts.map(|host| Member::node(&layout, &host)).collect();
        let users = [ADMIN.to_owned()].into_iter().chain(organization.users.clone()).collect();
        let profile = OrganizationProfile {
            msp_id: organization.msp_id.clone(),
            domain: organization.domain.clone(),
            name: organization.name.clone(),
        };
        Self { profile, layout, nodes, users }
    }

    pub(crate) fn of_orderer(organization: &OrdererOrganization) -> Self {
        let layout = Layout::new(Kind::Orderers, &organization.domain);
        let nodes = vec![Member::node(&layout, &organization.host())];
        let profile = OrganizationProfile {
            msp_id: organization.msp_id.clone(),
            domain: organization.domain.clone(),
            name: organization.name.clone(),
        };
        Self { profile, layout, nodes, users: vec![ADMIN.to_owned()] }
    }

    fn registrar_folder(&self, root: &Path) -> PathBuf {
        root.join(REGISTRARS).join(&self.profile.domain)
    }
}

/// The folder under which every registrar has its own.
const REGISTRARS: &str = "registrars";

impl Household {
    /// Makes the roots, and every member's keys and certificates, under `root`.
    pub(crate) fn found(
        plan: Plan,
        root: &Path,
        vfs: Arc<dyn Vfs>,
        ports: RegistrarPorts,
    ) -> Result<Self, OrganizationError> {
        let folder = plan.registrar_folder(root);
        let registrar = Registrar::create(plan.profile.clone(), ports)?;
        let household = Self::assemble(plan, registrar, root, vfs);
        household.write_definitions()?;
        for member in household.members() {
            member.enroll(&household.registrar, household.vfs.as_ref(), root)?;
        }
        household.registrar.save(&folder)?;
        Ok(household)
    }

    /// Reads what [`Household::found`] made. Every key and certificate is checked; definitions,
    /// which follow from the roots, are written again if they are not as they should be.
    pub(crate) fn open(
        plan: Plan,
        root: &Path,
        vfs: Arc<dyn Vfs>,
        ports: RegistrarPorts,
    ) -> Result<Self, OrganizationError> {
        let household = Self::load(plan, root, vfs, ports)?;
        match household.faults().into_iter().next() {
            None => Ok(household),
            Some(fault) => Err(fault),
        }
    }

    /// Reads the registrar alone.
    pub(crate) fn load(
        plan: Plan,
        root: &Path,
        vfs: Arc<dyn Vfs>,
        ports: RegistrarPorts,
    ) -> Result<Self, OrganizationError> {
        let folder = plan.registrar_folder(root);
        let registrar = Registrar::load(&folder, plan.profile.clone(), ports)
            .map_err(|source| OrganizationError::Load { folder, source })?;
        Ok(Self::assemble(plan, registrar, root, vfs))
    }

    /// What is wrong with the members' files; writes definitions as [`Household::open`] does.
    pub(crate) fn faults(&self) -> Vec<OrganizationError> {
        let vfs = self.vfs.as_ref();
        let mut faults = Vec::new();
        faults.extend(self.write_definitions().err().map(OrganizationError::File));
        for member in self.members() {
            let signer = member.signer(&self.registrar, vfs, &self.root).err();
            let tls = member.tls(&self.registrar, vfs, &self.root).err();
            faults.extend(signer.into_iter().chain(tls).map(OrganizationError::Member));
        }
        faults
    }

    fn assemble(plan: Plan, registrar: Registrar, root: &Path, vfs: Arc<dyn Vfs>) -> Self {
        let Plan { layout, nodes, users, .. } = plan;
        Self { registrar, layout, nodes, users, root: root.to_owned(), vfs }
    }

    pub(crate) fn msp_id(&self) -> &MspId {
        self.registrar.msp_id()
    }

    pub(crate) fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    pub(crate) fn msp_config(&self) -> MspConfig {
        self.registrar.msp_config()
    }

    /// Keeps what the registrar has issued or revoked since.
    pub(crate) fn save_registrar(&self) -> Result<(), OrganizationError> {
        let folder = self.root.join(REGISTRARS).join(&self.registrar.profile().domain);
        Ok(self.registrar.save(&folder)?)
    }

    pub(crate) fn nodes(&self) -> &[Member] {
        &self.nodes
    }

    /// The node with this host name.
    pub(crate) fn node(&self, host: &str) -> Option<&Member> {
        self.nodes.iter().find(|node| node.name == host)
    }

    /// Identity and TLS credentials of a node.
    pub(crate) fn node_credentials(
        &self,
        node: &Member,
    ) -> Result<(EcdsaSigner, TlsCredentials), OrganizationError> {
        let vfs = self.vfs.as_ref();
        let signer = node.signer(&self.registrar, vfs, &self.root)?;
        Ok((signer, node.tls(&self.registrar, vfs, &self.root)?))
    }

    /// The identity of a user.
    pub(crate) fn user(&self, name: &str) -> Result<EcdsaSigner, OrganizationError> {
        let member = Member::user(&self.layout, name);
        Ok(member.signer(&self.registrar, self.vfs.as_ref(), &self.root)?)
    }

    /// The users as a description lists them.
    pub(crate) fn describe_users(&self) -> Vec<UserDescription> {
        let describe = |name: &String| {
            let member = Member::user(&self.layout, name);
            UserDescription {
                name: name.clone(),
                certificate: layout::certificate(&member.folder, &member.name),
                key: layout::key(&member.folder),
            }
        };
        self.users.iter().map(describe).collect()
    }

    /// The TLS root that a node is trusted by, relative to the network's folder.
    pub(crate) fn tls_root_of(node: &Member) -> PathBuf {
        layout::tls_root(&node.folder)
    }

    /// The organisation's folder, relative to the network's.
    pub(crate) fn folder(&self) -> &Path {
        self.layout.root()
    }

    fn members(&self) -> Vec<Member> {
        let users = self.users.iter().map(|name| Member::user(&self.layout, name));
        self.nodes.iter().cloned().chain(users).collect()
    }

    /// The organisation's definition, and its copy beside each member's key.
    fn write_definitions(&self) -> Result<(), FolderError> {
        let identity_root = self.registrar.identity_root().pem().into_bytes();
        let tls_root = self.registrar.tls_root().pem().into_bytes();
        let members = self.members();
        let folders = members.iter().map(|member| member.folder.join("msp"));
        for msp in folders.chain([self.layout.msp()]) {
            self.keep(&msp.join("config.yaml"), self.layout.node_units().as_bytes())?;
            self.keep(&msp.join(self.layout.identity_root()), &identity_root)?;
            self.keep(&msp.join(self.layout.tls_root()), &tls_root)?;
        }
        for member in &members {
            self.keep(&layout::tls_root(&member.folder), &tls_root)?;
        }
        let [ca, tlsca] = self.layout.authorities();
        self.keep(&ca, &identity_root)?;
        self.keep(&tlsca, &tls_root)
    }

    /// Sees to it that a file has this content.
    fn keep(&self, relative: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let (vfs, path) = (self.vfs.as_ref(), self.root.join(relative));
        if vfs.exists(&path) && read(vfs, &path)? == bytes {
            return Ok(());
        }
        write(vfs, &path, bytes)
    }
}
