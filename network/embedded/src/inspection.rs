//! What is wrong in a network's folder beside its blocks, without changing or taking it.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pervade_ports::{File, OpenMode, Vfs};
use pervade_registrar::LoadError;

use crate::description::NetworkDescription;
use crate::folder::{Folder, FolderError, read};
use crate::founding::{FOUNDING, Founding, stored_genesis};
use crate::network::PACKAGES;
use crate::organizations::{Household, MemberError, OrganizationError, Plan};
use crate::packages::Package;
use crate::world::World;

/// A file that is not as it was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The file, or the folder if no one file is to blame.
    pub path: PathBuf,
    /// What is wrong with it; none if it follows from others and will be written again.
    pub error: Option<Box<dyn Error + Send + Sync>>,
}

/// Looks at every file of a network's folder but its blocks and checkpoints: what it was founded
/// with, what is installed, first blocks, registrars, definitions, certificates and keys. A
/// network may run there meanwhile.
#[must_use]
pub fn inspect(data: &Path, world: &World) -> Vec<Finding> {
    let looking = Arc::new(Looking { vfs: Arc::clone(&world.vfs), stale: Mutex::default() });
    let folder = Folder::seen_through(data, Arc::clone(&looking) as Arc<dyn Vfs>);
    let mut findings = Vec::new();
    let mut add = |path: PathBuf, error: Box<dyn Error + Send + Sync>| {
        findings.push(Finding { path, error: Some(error) });
    };
    if let Err(error) = folder.load::<Vec<Package>>(PACKAGES) {
        add(data.join(PACKAGES), error.into());
    }
    if let Err(error) = description(&folder) {
        add(data.join(NetworkDescription::FILE_NAME), error);
    }
    match Founding::load(&folder) {
        Ok(None) => add(data.join(FOUNDING), io::Error::from(io::ErrorKind::NotFound).into()),
        Err(error) => add(data.join(FOUNDING), error.into()),
        Ok(Some(founding)) => organizations(&founding, &folder, world, &mut add),
    }
    let stale = std::mem::take(&mut *looking.stale());
    findings.extend(stale.into_iter().map(|path| Finding { path, error: None }));
    findings
}

fn organizations(
    founding: &Founding,
    folder: &Folder,
    world: &World,
    add: &mut dyn FnMut(PathBuf, Box<dyn Error + Send + Sync>),
) {
    let topology = &founding.topology;
    for channel in &topology.channels {
        if let Err(error) = stored_genesis(folder, &channel.name) {
            add(folder.path().join(crate::founding::genesis_path(&channel.name)), error.into());
        }
    }
    let peers = topology.organizations.iter().map(Plan::of_peers);
    for plan in peers.chain([Plan::of_orderer(&topology.orderer)]) {
        let ports = world.registrar_ports();
        let household = Household::load(plan, folder.path(), Arc::clone(folder.vfs()), ports);
        let faults = match household {
            Ok(household) => household.faults(),
            Err(error) => vec![error],
        };
        for fault in faults {
            add(place(&fault).unwrap_or(folder.path()).to_owned(), fault.into());
        }
    }
}

fn description(folder: &Folder) -> Result<(), Box<dyn Error + Send + Sync>> {
    let path = folder.path().join(NetworkDescription::FILE_NAME);
    if folder.vfs().exists(&path) {
        let text = read(folder.vfs().as_ref(), &path)?;
        serde_json::from_slice::<NetworkDescription>(&text)?;
    }
    Ok(())
}

/// The file to blame, as far as the error tells.
fn place(error: &OrganizationError) -> Option<&Path> {
    Some(match error {
        OrganizationError::Load {
            source: LoadError::Read { path, .. } | LoadError::Book { path, .. },
            ..
        } => path,
        OrganizationError::Load { folder, .. } => folder,
        OrganizationError::File(error) | OrganizationError::Member(MemberError::File(error)) => {
            file(error)
        }
        OrganizationError::Member(
            MemberError::Certificate { path, .. }
            | MemberError::Foreign { path, .. }
            | MemberError::Signer { path, .. },
        ) => path,
        OrganizationError::Member(
            MemberError::Key { .. } | MemberError::Request { .. } | MemberError::Issue { .. },
        )
        | OrganizationError::Create(_)
        | OrganizationError::Save(_)
        | OrganizationError::NoNode => return None,
    })
}

fn file(error: &FolderError) -> &Path {
    match error {
        FolderError::Held { path, .. }
        | FolderError::Damaged { path }
        | FolderError::Io { path, .. } => path,
    }
}

/// Shows the files as they are, and remembers which would be written again.
struct Looking {
    vfs: Arc<dyn Vfs>,
    stale: Mutex<BTreeSet<PathBuf>>,
}

impl Looking {
    fn stale(&self) -> std::sync::MutexGuard<'_, BTreeSet<PathBuf>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vfs for Looking {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        match mode {
            OpenMode::ReadOnly | OpenMode::Existing => self.vfs.open(path, OpenMode::ReadOnly),
            OpenMode::CreateIfMissing | OpenMode::CreateNew => Ok(Box::new(Nowhere)),
        }
    }

    fn create_dir_all(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.vfs.list(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.vfs.exists(path)
    }

    /// The last step of writing a file again.
    fn rename(&self, _from: &Path, to: &Path) -> io::Result<()> {
        self.stale().insert(to.to_owned());
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.stale().insert(path.to_owned());
        Ok(())
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// A file that takes everything and keeps nothing.
struct Nowhere;

impl File for Nowhere {
    fn read_at(&self, _offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use super::inspect;
    use crate::{EmbeddedNetwork, Options, Topology, World};

    #[tokio::test]
    async fn a_damaged_file_is_named_and_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let topology = Topology::test_network().with_free_ports();
        let options = Options::new(place.path());
        EmbeddedNetwork::start(topology, options).await.unwrap().shutdown().await;
        let peer = "organizations/peerOrganizations/org1.example.com/peers/peer0.org1.example.com";
        assert_eq!(found(place.path()), "", "nothing is wrong with a new network");
        for (file, verdict) in [
            ("topology.json", "damaged"),
            ("channels/mychannel/genesis.block", "written again"),
            (&format!("{peer}/msp/signcerts/peer0.org1.example.com-cert.pem"), "damaged"),
            (&format!("{peer}/msp/keystore/priv_sk"), "damaged"),
            (&format!("{peer}/tls/server.key"), "damaged"),
            (&format!("{peer}/msp/config.yaml"), "written again"),
        ] {
            let path = place.path().join(file);
            let good = fs::read(&path).unwrap();
            let mut bytes = good.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x40;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(found(place.path()), format!("{file} {verdict}"));
            assert_eq!(fs::read(&path).unwrap(), bytes, "{file} is not touched");
            fs::write(&path, good).unwrap();
        }
    }

    fn found(folder: &Path) -> String {
        let world = World { vfs: Arc::new(pervade_ports::system::SystemFiles), ..World::system() };
        let findings = inspect(folder, &world);
        let told = findings.iter().map(|finding| {
            let path = finding.path.strip_prefix(folder).unwrap().display();
            let verdict = if finding.error.is_some() { "damaged" } else { "written again" };
            format!("{path} {verdict}")
        });
        told.collect::<Vec<_>>().join(", ")
    }
}
