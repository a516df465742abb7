use std::sync::Arc;

use fabric_protos::id::MspId;
use pervade_channel_config::genesis::OrgProfile;
use pervade_identity::{EcdsaSigner, Msp, PrivateKey, Role, Signer};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_registrar::{
    Enrollment, EnrollmentKind, OrganizationProfile, Registrar, RegistrarPorts, certificate_request,
};

/// An organisation with an administrator and a user.
pub(crate) struct Organization {
    pub(crate) registrar: Registrar,
    pub(crate) admin: Member,
    pub(crate) user: Member,
}

/// Someone who can sign.
pub(crate) struct Member {
    /// The certificate's serial number.
    pub(crate) serial: String,
    pub(crate) signer: Arc<dyn Signer>,
}

impl Organization {
    pub(crate) fn new(msp_id: &str, number: u8) -> Self {
        let profile = OrganizationProfile {
            msp_id: MspId::new(msp_id).unwrap(),
            domain: format!("org{number}.example.com"),
            name: msp_id.to_owned(),
        };
        let ports = RegistrarPorts { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
        let registrar = Registrar::create(profile, ports).unwrap();
        let admin = enroll(&registrar, "admin", Role::Admin);
        let user = enroll(&registrar, "user", Role::Client);
        Self { registrar, admin, user }
    }

    pub(crate) fn msp_id(&self) -> &str {
        self.registrar.msp_id().as_str()
    }

    pub(crate) fn msp(&self) -> Msp {
        Msp::from_config(&self.registrar.msp_config()).unwrap()
    }

    pub(crate) fn enroll(&self, name: &str, role: Role) -> Member {
        enroll(&self.registrar, name, role)
    }

    pub(crate) fn profile(&self, endpoints: &[&str]) -> OrgProfile {
        OrgProfile {
            name: self.msp_id().to_owned(),
            msp_id: self.registrar.msp_id().clone(),
            msp: self.registrar.msp_config(),
            endpoints: endpoints.iter().map(ToString::to_string).collect(),
            anchor_peers: Vec::new(),
        }
    }
}

fn enroll(registrar: &Registrar, name: &str, role: Role) -> Member {
    let key = PrivateKey::generate().unwrap();
    let enrollment = Enrollment {
        common_name: name.to_owned(),
        role,
        attributes: [].into(),
        hosts: Vec::new(),
        kind: EnrollmentKind::Identity,
    };
    let request = certificate_request(name, &key).unwrap();
    let certificate = registrar.issue(&request, &enrollment).unwrap();
    let signer = EcdsaSigner::new(registrar.msp_id().clone(), &certificate, key).unwrap();
    Member { serial: signer.certificate().serial_hex(), signer: Arc::new(signer) }
}
