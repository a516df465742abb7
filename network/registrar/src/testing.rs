//! A clock that is set by hand, and a registrar on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fabric_protos::id::MspId;
use pervade_identity::Role;
use pervade_ports::system::SystemRng;
use pervade_ports::{BoxFuture, Clock, Timestamp};

use crate::enrollment::{Enrollment, EnrollmentKind};
use crate::registrar::{OrganizationProfile, Registrar, RegistrarPorts};

/// 2026-08-01T12:00:30Z.
pub(crate) const NOON: i64 = 1_785_585_630;
pub(crate) const DAY: i64 = 24 * 60 * 60;

#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.load(Ordering::Relaxed), 0)
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn ports() -> (RegistrarPorts, Arc<HandClock>) {
    let clock = Arc::new(HandClock::default());
    clock.set(NOON);
    (RegistrarPorts { clock: Arc::<HandClock>::clone(&clock), rng: Arc::new(SystemRng) }, clock)
}

pub(crate) fn profile() -> OrganizationProfile {
    OrganizationProfile {
        msp_id: MspId::new("Org1MSP").unwrap(),
        domain: "org1.example.com".to_owned(),
        name: "First Organisation".to_owned(),
    }
}

pub(crate) fn registrar() -> (Registrar, Arc<HandClock>) {
    let (ports, clock) = ports();
    (Registrar::create(profile(), ports).unwrap(), clock)
}

pub(crate) fn enrollment(common_name: &str, role: Role) -> Enrollment {
    Enrollment {
        common_name: common_name.to_owned(),
        role,
        attributes: [("level".to_owned(), "3".to_owned())].into(),
        hosts: vec![],
        kind: EnrollmentKind::Identity,
    }
}

/// The message of an error and of those beneath it.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
